//! The hashes that the server keeps in place of proofs, claims and requests.

use sha2::{Digest as _, Sha256};

use crate::{AccessProof, Claim, ClaimMask, RevealProof, SecretId};

/// A SHA-256 value.
pub type Digest = [u8; 32];

/// SHA-256 of the parts, joined.
pub fn sha256(parts: &[&[u8]]) -> Digest {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().into()
}

/// `SHA-256(id ‖ access ‖ reveal ‖ claim)`: names one attempt to view, passphrase included, so that
/// several guesses are never merged into one try.
pub fn claim_hash(id: &SecretId, access: &AccessProof, reveal: &RevealProof, claim: &Claim) -> Digest {
    sha256(&[id.as_bytes(), access.as_bytes(), reveal.as_bytes(), claim.as_bytes()])
}

/// `SHA-256("ikrypt/v1 claim veil" ‖ id ‖ access ‖ reveal ‖ claim)`: what a share is hidden with that is kept for
/// whoever repeats a claim. It is in no database, and can be made only of the claim itself.
pub fn claim_mask(id: &SecretId, access: &AccessProof, reveal: &RevealProof, claim: &Claim) -> ClaimMask {
    const LABEL: &[u8] = b"ikrypt/v1 claim veil";
    ClaimMask::from_bytes(sha256(&[
        LABEL,
        id.as_bytes(),
        access.as_bytes(),
        reveal.as_bytes(),
        claim.as_bytes(),
    ]))
}

/// `SHA-256(envelope ‖ share ‖ access_hash ‖ reveal_hash ‖ receipt_hash ‖ ttl_seconds(4) ‖ max_views(1))`:
/// tells a repeated `create` from another one.
pub fn request_hash(
    envelope: &[u8],
    share: &[u8; 32],
    [access_hash, reveal_hash, receipt_hash]: &[Digest; 3],
    ttl_seconds: u32,
    max_views: u8,
) -> Digest {
    sha256(&[
        envelope,
        share,
        access_hash,
        reveal_hash,
        receipt_hash,
        &ttl_seconds.to_be_bytes(),
        &[max_views],
    ])
}

/// Reads the canonical `b64u` of a SHA-256 value.
pub fn decode_digest(text: &str) -> Result<Digest, crate::Error> {
    crate::base64url::decode_array(text)
}
