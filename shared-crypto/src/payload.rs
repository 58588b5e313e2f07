//! Payloads of text or files: their framing and padding.

mod bundle;
mod name;

use std::fmt;

use zeroize::Zeroizing;

use crate::Error;
pub use bundle::{Bundle, File, MAX_FILES};

/// Shortest padded length, in bytes.
const PAD_FLOOR: usize = 1024;
/// Length of `kind(1) ‖ body_len(4)`.
const FRAME_LEN: usize = 5;

/// Returns the length that `n` bytes are padded to: at least 1,024, and above that the next Padmé length. Returns `None`
/// if it exceeds the address space.
///
/// Padmé keeps only the highest bits of a length, and adds at most 6.25 % above the minimum.
pub const fn padded_len(n: usize) -> Option<usize> {
    if n <= PAD_FLOOR {
        return Some(PAD_FLOOR);
    }
    let exponent = n.ilog2();
    let mask = (1 << (exponent - exponent.ilog2() - 1)) - 1;
    match n.checked_add(mask) {
        Some(sum) => Some(sum & !mask),
        None => None,
    }
}

/// The plaintext of a secret: a text, or files with a note. Wiped on drop.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Payload {
    /// A text, unchanged.
    Text(Zeroizing<String>),
    /// Files with a note.
    Files(Bundle),
}

impl Payload {
    /// Creates a payload of text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(Zeroizing::new(text.into()))
    }

    /// Returns the text, if the payload is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Files(_) => None,
        }
    }

    const fn kind(&self) -> u8 {
        match self {
            Self::Text(_) => 1,
            Self::Files(_) => 2,
        }
    }

    fn body_len(&self) -> Result<usize, Error> {
        match self {
            Self::Text(text) => Ok(text.len()),
            Self::Files(bundle) => bundle.encoded_len(),
        }
    }

    /// Returns the length of the padded plaintext.
    pub(crate) fn padded_len(&self) -> Result<usize, Error> {
        let framed = self.body_len()?.checked_add(FRAME_LEN).ok_or(Error::TooLarge)?;
        padded_len(framed).ok_or(Error::TooLarge)
    }

    /// Parses a padded plaintext that was never encrypted, for fuzzing.
    #[cfg(feature = "fixed-randomness")]
    pub fn from_plain(plain: &[u8]) -> Result<Self, Error> {
        Self::read(Zeroizing::new(plain.to_vec()))
    }

    /// Appends `kind ‖ body_len ‖ body`. The caller adds the padding.
    pub(crate) fn write(&self, out: &mut Vec<u8>) -> Result<(), Error> {
        let body_len = u32::try_from(self.body_len()?).map_err(|_| Error::TooLarge)?;
        out.push(self.kind());
        out.extend_from_slice(&body_len.to_be_bytes());
        match self {
            Self::Text(text) => out.extend_from_slice(text.as_bytes()),
            Self::Files(bundle) => bundle.write(out)?,
        }
        Ok(())
    }

    /// Parses a padded plaintext, and rejects every encoding but the canonical one. A text is moved within its buffer, and
    /// not copied.
    pub(crate) fn read(mut plain: Zeroizing<Vec<u8>>) -> Result<Self, Error> {
        let (&kind, rest) = plain.split_first().ok_or(Error::Padding)?;
        if !matches!(kind, 1 | 2) {
            return Err(Error::UnknownKind);
        }
        let (body_len, rest) = rest.split_first_chunk::<4>().ok_or(Error::Padding)?;
        let body_len = usize::try_from(u32::from_be_bytes(*body_len)).map_err(|_| Error::Padding)?;
        let (body, padding) = rest.split_at_checked(body_len).ok_or(Error::Padding)?;
        if padded_len(FRAME_LEN + body_len) != Some(plain.len()) {
            return Err(Error::Padding);
        }
        // Visits every byte, so that the time does not depend on the position of a non-zero one.
        if padding.iter().fold(0, |bits, byte| bits | byte) != 0 {
            return Err(Error::Padding);
        }
        if kind == 2 {
            return Bundle::read(body).map(Self::Files);
        }
        std::str::from_utf8(body).map_err(|_| Error::NotUtf8)?;
        plain.copy_within(FRAME_LEN..FRAME_LEN + body_len, 0);
        plain.truncate(body_len);
        String::from_utf8(std::mem::take(&mut *plain)).map(Self::text).map_err(|_| Error::NotUtf8)
    }
}

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Payload(<redacted>)")
    }
}
