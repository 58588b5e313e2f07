//! The limits that the operator sets for a secret.

use shared_crypto::messages::ErrorBody;
use shared_crypto::{Envelope, padded_len};

use crate::ServiceError;

/// Shortest lifetime of a secret, in seconds.
pub const MIN_TTL: u32 = 60;
/// Bytes that a payload needs for the length of its note, and for the names and media types of sixteen files.
const BUNDLE_FRAMING: usize = 5 + 16 * (2 + 255 + 1 + 255 + 4);
/// Bytes that the body of `create` needs in addition to the envelope.
const REQUEST_FRAMING: usize = 1024;

/// The limits that the operator sets for a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SecretLimits {
    /// Most bytes of plaintext, or of all files together.
    pub max_secret_bytes: usize,
    /// Longest lifetime of a secret, in seconds.
    pub max_ttl: u32,
    /// Most views of a secret.
    pub max_views: u8,
}

impl Default for SecretLimits {
    fn default() -> Self {
        Self { max_secret_bytes: 1 << 20, max_ttl: 30 * 24 * 60 * 60, max_views: 100 }
    }
}

impl SecretLimits {
    /// Returns the length of the envelope of the largest secret.
    pub fn max_envelope_bytes(&self) -> usize {
        let plaintext = self.max_secret_bytes.saturating_add(5 + BUNDLE_FRAMING);
        padded_len(plaintext).unwrap_or(plaintext).saturating_add(Envelope::OVERHEAD)
    }

    /// Returns the length of the longest request body, in which the envelope is encoded as base64.
    pub fn max_body_bytes(&self) -> usize {
        self.max_envelope_bytes().div_ceil(3).saturating_mul(4).saturating_add(REQUEST_FRAMING)
    }

    pub(crate) fn check(&self, ttl_seconds: u32, max_views: u8) -> Result<(), ServiceError> {
        let ttl_fits = (MIN_TTL..=self.max_ttl).contains(&ttl_seconds);
        let views_fit = (1..=self.max_views).contains(&max_views);
        if ttl_fits && views_fit { Ok(()) } else { Err(ErrorBody::InvalidRequest.into()) }
    }
}
