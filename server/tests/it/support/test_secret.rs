//! A secret with everything that its sender and its recipient know, and the requests that they send.

use shared_crypto::{
    AccessProof, Claim, Digest, ReceiptToken, RevealProof, SecretId, ServerShare, request_hash, sha256,
};
use vault::{NewSecret, RevealAttempt, RevealOutcome};

/// A secret with random keys, hashes and ciphertext.
#[derive(Clone)]
pub(crate) struct TestSecret {
    pub(crate) id: SecretId,
    pub(crate) access: AccessProof,
    pub(crate) reveal: RevealProof,
    pub(crate) receipt: ReceiptToken,
    pub(crate) share: ServerShare,
    pub(crate) envelope: Vec<u8>,
    pub(crate) ttl_seconds: u32,
    pub(crate) max_views: u8,
}

impl TestSecret {
    /// Creates a secret that is not stored yet, with the smallest envelope and a lifetime of an hour.
    pub(crate) fn new(max_views: u8) -> Self {
        // The smallest envelope: 32 bytes of overhead and 1,024 of plaintext.
        let envelope = (0..33).flat_map(|_| *ServerShare::generate().unwrap().as_bytes()).collect();
        Self {
            id: SecretId::generate().unwrap(),
            access: AccessProof::generate().unwrap(),
            reveal: RevealProof::generate().unwrap(),
            receipt: ReceiptToken::generate().unwrap(),
            share: ServerShare::generate().unwrap(),
            envelope,
            ttl_seconds: 3600,
            max_views,
        }
    }

    /// Returns the request of the sender, with the id that the server generated for it.
    pub(crate) fn create_request(&self) -> NewSecret {
        let hashes = [self.access_hash(), sha256(&[self.reveal.as_bytes()]), self.receipt_hash()];
        let [access_hash, reveal_hash, receipt_hash] = hashes;
        let (ttl_seconds, max_views) = (self.ttl_seconds, self.max_views);
        NewSecret {
            id: self.id.clone(),
            access_hash,
            reveal_hash,
            receipt_hash,
            request_hash: request_hash(
                &self.envelope,
                self.share.as_bytes(),
                &hashes,
                ttl_seconds,
                max_views,
            ),
            share: self.share.clone(),
            envelope: self.envelope.clone(),
            ttl_seconds,
            max_views,
            has_capacity: true,
        }
    }

    /// Returns the same request again, for which the server generates another id.
    pub(crate) fn repeated_create_request(&self) -> NewSecret {
        NewSecret { id: SecretId::generate().unwrap(), ..self.create_request() }
    }

    pub(crate) fn access_hash(&self) -> Digest {
        sha256(&[self.access.as_bytes()])
    }

    pub(crate) fn receipt_hash(&self) -> Digest {
        sha256(&[self.receipt.as_bytes()])
    }

    /// Returns a first attempt with the link and the correct passphrase.
    pub(crate) fn attempt(&self) -> RevealAttempt {
        self.attempt_with(&self.reveal, &Claim::generate().unwrap())
    }

    /// Returns an attempt with the link and a wrong passphrase.
    pub(crate) fn wrong_attempt(&self) -> RevealAttempt {
        self.attempt_with(&RevealProof::generate().unwrap(), &Claim::generate().unwrap())
    }

    /// Returns an attempt with the correct id and a wrong access proof.
    pub(crate) fn attempt_without_link(&self) -> RevealAttempt {
        Self { access: AccessProof::generate().unwrap(), ..self.clone() }.attempt()
    }

    /// Returns an attempt with this reveal proof and this claim.
    pub(crate) fn attempt_with(&self, reveal: &RevealProof, claim: &Claim) -> RevealAttempt {
        RevealAttempt::new(self.id.clone(), &self.access, reveal, claim)
    }

    /// Returns the outcome of an attempt that is granted a view.
    pub(crate) fn granted(&self, views_left: u8) -> RevealOutcome {
        RevealOutcome::Granted { share: self.share.clone(), views_left }
    }
}
