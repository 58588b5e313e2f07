//! Hashes that the server stores in place of proofs, claims and requests.

use sha2::{Digest as _, Sha256};

use crate::{AccessProof, Claim, ClaimMask, RevealProof, SecretId};

/// The output of SHA-256.
pub type Digest = [u8; 32];

/// Hashes the concatenated parts with SHA-256.
pub fn sha256(parts: &[&[u8]]) -> Digest {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().into()
}

/// Returns `SHA-256(id ‖ access ‖ reveal ‖ claim)`, which identifies one attempt to view. It covers the passphrase's
/// proof, so that two guesses with the same claim count as two attempts.
pub fn claim_hash(id: &SecretId, access: &AccessProof, reveal: &RevealProof, claim: &Claim) -> Digest {
    sha256(&[id.as_bytes(), access.as_bytes(), reveal.as_bytes(), claim.as_bytes()])
}

/// Returns `SHA-256("ikrypt/v1 claim veil" ‖ id ‖ access ‖ reveal ‖ claim)`, which masks a key share that is kept for
/// repeated requests. No database stores the mask; only a client that repeats its claim can restore the share.
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

/// Returns `SHA-256(envelope ‖ share ‖ access_hash ‖ reveal_hash ‖ receipt_hash ‖ ttl_seconds(4) ‖ max_views(1))`, by
/// which the server recognises a repeated `create`.
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

/// Decodes the canonical `b64u` form of a SHA-256 hash.
pub fn decode_digest(text: &str) -> Result<Digest, crate::Error> {
    crate::base64url::decode_array(text)
}
