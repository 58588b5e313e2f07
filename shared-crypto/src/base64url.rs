//! Encodes and decodes `b64u`: base64url without padding, in its one canonical form.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::Error;

/// Encodes bytes.
pub(crate) fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Decodes bytes. Rejects padding, another alphabet, whitespace and non-zero trailing bits.
pub(crate) fn decode(text: &str) -> Result<Vec<u8>, Error> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| Error::Encoding)
}

/// Decodes exactly `N` bytes.
pub(crate) fn decode_array<const N: usize>(text: &str) -> Result<[u8; N], Error> {
    let mut bytes = [0; N];
    // Checks the length first, so that a long text is rejected without being decoded.
    if text.len() != (N * 8).div_ceil(6) {
        return Err(Error::Encoding);
    }
    let written = URL_SAFE_NO_PAD.decode_slice(text, &mut bytes).map_err(|_| Error::Encoding)?;
    if written == N { Ok(bytes) } else { Err(Error::Encoding) }
}
