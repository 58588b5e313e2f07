//! What the operator allows.

use shared_crypto::messages::ErrorBody;
use shared_crypto::{Envelope, padded_len};

use crate::ServiceError;

/// Shortest life of a secret, in seconds.
pub const MIN_TTL: u32 = 60;
/// Room for a note's length, sixteen file names and their media types, beside the files themselves.
const BUNDLE_FRAMING: usize = 5 + 16 * (2 + 255 + 1 + 255 + 4);
/// Room for everything in the body of `create` that is not the envelope.
const REQUEST_FRAMING: usize = 1024;

/// What the operator allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SecretLimits {
    /// Most bytes of plain text, or of files together.
    pub max_secret_bytes: usize,
    /// Longest life of a secret, in seconds.
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
    /// Longest envelope: that of the largest secret.
    pub fn max_envelope_bytes(&self) -> usize {
        let plain = self.max_secret_bytes.saturating_add(5 + BUNDLE_FRAMING);
        padded_len(plain).unwrap_or(plain).saturating_add(Envelope::OVERHEAD)
    }

    /// Longest body of a request.
    pub fn max_body_bytes(&self) -> usize {
        self.max_envelope_bytes().div_ceil(3).saturating_mul(4).saturating_add(REQUEST_FRAMING)
    }

    pub(crate) fn check(&self, ttl_seconds: u32, max_views: u8) -> Result<(), ServiceError> {
        let ttl_fits = (MIN_TTL..=self.max_ttl).contains(&ttl_seconds);
        let views_fit = (1..=self.max_views).contains(&max_views);
        if ttl_fits && views_fit { Ok(()) } else { Err(ErrorBody::InvalidRequest.into()) }
    }
}
