//! A secret as the two ends of a link know it, and what they send.

use shared_crypto::{
    AccessProof, Claim, Digest, ReceiptToken, RevealProof, SecretId, ServerShare, request_hash, sha256,
};
use vault::{NewSecret, RevealAttempt, RevealOutcome};

/// A secret that a test makes: random where it is random in life.
#[derive(Clone)]
pub(crate) struct Sample {
    pub(crate) id: SecretId,
    pub(crate) access: AccessProof,
    pub(crate) reveal: RevealProof,
    pub(crate) receipt: ReceiptToken,
    pub(crate) share: ServerShare,
    pub(crate) envelope: Vec<u8>,
    pub(crate) ttl_seconds: u32,
    pub(crate) max_views: u8,
}

impl Sample {
    pub(crate) fn new(max_views: u8) -> Self {
        // 32 bytes of overhead and 1,024 of plaintext: the smallest envelope there is.
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

    /// What the sender's request becomes, under the id that the server makes for it.
    pub(crate) fn request(&self) -> NewSecret {
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

    /// The same request once more: the server makes another id for it.
    pub(crate) fn request_again(&self) -> NewSecret {
        NewSecret { id: SecretId::generate().unwrap(), ..self.request() }
    }

    pub(crate) fn access_hash(&self) -> Digest {
        sha256(&[self.access.as_bytes()])
    }

    pub(crate) fn receipt_hash(&self) -> Digest {
        sha256(&[self.receipt.as_bytes()])
    }

    /// A reader with the link and the passphrase, who asks for the first time.
    pub(crate) fn attempt(&self) -> RevealAttempt {
        self.guess(&self.reveal, &Claim::generate().unwrap())
    }

    /// A reader with the link and a wrong passphrase.
    pub(crate) fn wrong(&self) -> RevealAttempt {
        self.guess(&RevealProof::generate().unwrap(), &Claim::generate().unwrap())
    }

    /// Somebody who knows no more than the id.
    pub(crate) fn stranger(&self) -> RevealAttempt {
        Self { access: AccessProof::generate().unwrap(), ..self.clone() }.attempt()
    }

    pub(crate) fn guess(&self, reveal: &RevealProof, claim: &Claim) -> RevealAttempt {
        RevealAttempt::new(self.id.clone(), &self.access, reveal, claim)
    }

    /// What a reader is told who gets a view.
    pub(crate) fn granted(&self, views_left: u8) -> RevealOutcome {
        RevealOutcome::Granted { share: self.share.clone(), views_left }
    }
}
