//! The encrypted payload as the server stores it: `H ‖ nonce ‖ ciphertext ‖ tag`.

use std::fmt;

use crate::{Error, base64url, padded_len};

/// The key derivation function for the passphrase, stored in the third byte of the header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Kdf {
    /// No passphrase.
    None = 0,
    /// Argon2id with the parameters that the number 01 stands for.
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

/// An encrypted payload with a valid header and a valid length.
#[derive(Clone, PartialEq, Eq)]
pub struct Envelope {
    kdf: Kdf,
    bytes: Vec<u8>,
}

impl Envelope {
    pub(crate) const HEADER_LEN: usize = 4;
    pub(crate) const NONCE_LEN: usize = 12;
    pub(crate) const TAG_LEN: usize = 16;
    /// Bytes that encryption adds to the padded plaintext: header, nonce and tag.
    pub const OVERHEAD: usize = Self::HEADER_LEN + Self::NONCE_LEN + Self::TAG_LEN;

    pub(crate) const fn header(kdf: Kdf) -> [u8; Self::HEADER_LEN] {
        const VERSION: u8 = 1;
        const SUITE: u8 = 1;
        [VERSION, SUITE, kdf as u8, 0]
    }

    /// Checks the header and the length of an envelope: the length of its plaintext must be a fixed point of
    /// [`padded_len`]. Decrypts nothing.
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

    /// Decodes and checks the `b64u` form.
    pub fn decode(text: &str) -> Result<Self, Error> {
        Self::parse(base64url::decode(text)?)
    }

    /// Returns the `b64u` form.
    pub fn encode(&self) -> String {
        base64url::encode(&self.bytes)
    }

    /// Returns the key derivation function for the passphrase.
    pub const fn kdf(&self) -> Kdf {
        self.kdf
    }

    /// Returns the bytes, as they are stored and sent.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Converts the envelope into its bytes.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

impl fmt::Debug for Envelope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Envelope({} bytes, {:?})", self.bytes.len(), self.kdf)
    }
}
