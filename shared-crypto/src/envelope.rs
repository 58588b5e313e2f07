//! `H ‖ nonce ‖ ciphertext ‖ tag`: what the server stores.

use std::fmt;

use crate::{Error, base64url, padded_len};

/// How a passphrase becomes key material: the third byte of the header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Kdf {
    /// There is no passphrase.
    None = 0,
    /// Argon2id with the parameters of profile 01.
    Argon2id = 1,
}

impl Kdf {
    pub(crate) const fn from_byte(byte: u8) -> Result<Self, Error> {
        match byte {
            0 => Ok(Self::None),
            1 => Ok(Self::Argon2id),
            _ => Err(Error::Unsupported),
        }
    }
}

/// A sealed payload whose header is known and whose length a correct writer makes.
#[derive(Clone, PartialEq, Eq)]
pub struct Envelope {
    kdf: Kdf,
    bytes: Vec<u8>,
}

impl Envelope {
    pub(crate) const HEADER_LEN: usize = 4;
    pub(crate) const NONCE_LEN: usize = 12;
    pub(crate) const TAG_LEN: usize = 16;
    /// Bytes beside the padded plaintext: header, nonce and tag.
    pub const OVERHEAD: usize = Self::HEADER_LEN + Self::NONCE_LEN + Self::TAG_LEN;

    pub(crate) const fn header(kdf: Kdf) -> [u8; Self::HEADER_LEN] {
        const VERSION: u8 = 1;
        const SUITE: u8 = 1;
        [VERSION, SUITE, kdf as u8, 0]
    }

    /// Takes bytes as an envelope: the header must be known, the plain length a fixed point of
    /// [`padded_len`]. Nothing is decrypted, so this costs no view.
    pub fn parse(bytes: Vec<u8>) -> Result<Self, Error> {
        let header = bytes.first_chunk::<{ Self::HEADER_LEN }>().ok_or(Error::EnvelopeLength)?;
        let kdf = Kdf::from_byte(header[2])?;
        if *header != Self::header(kdf) {
            return Err(Error::Unsupported);
        }
        let plain_len = bytes.len().checked_sub(Self::OVERHEAD).ok_or(Error::EnvelopeLength)?;
        if padded_len(plain_len) != Some(plain_len) {
            return Err(Error::EnvelopeLength);
        }
        Ok(Self { kdf, bytes })
    }

    /// Reads the `b64u` form.
    pub fn decode(text: &str) -> Result<Self, Error> {
        Self::parse(base64url::decode(text)?)
    }

    /// The `b64u` form.
    pub fn encode(&self) -> String {
        base64url::encode(&self.bytes)
    }

    /// Whether a passphrase is needed.
    pub const fn kdf(&self) -> Kdf {
        self.kdf
    }

    /// The bytes, as stored and sent.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The bytes, as stored and sent.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

impl fmt::Debug for Envelope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Envelope({} bytes, {:?})", self.bytes.len(), self.kdf)
    }
}
