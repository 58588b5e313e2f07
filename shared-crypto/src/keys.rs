//! Keys, proofs, tokens and ids: one type for each byte string of the protocol.

use std::fmt;

use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::{Error, base64url};

/// Declares byte strings of fixed length that are wiped on drop, compared in constant time, and redacted in `Debug`.
macro_rules! byte_strings {
    ($($(#[$doc:meta])* $name:ident($len:literal);)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Zeroize, ZeroizeOnDrop)]
        pub struct $name([u8; $len]);

        impl $name {
            /// Length in bytes.
            pub const LEN: usize = $len;

            /// Wraps these bytes.
            pub const fn from_bytes(bytes: [u8; $len]) -> Self {
                Self(bytes)
            }

            /// Returns the bytes.
            pub const fn as_bytes(&self) -> &[u8; $len] {
                &self.0
            }

            /// Generates a value with the operating system's random number generator.
            pub fn generate() -> Result<Self, Error> {
                let mut bytes = [0; $len];
                getrandom::fill(&mut bytes).map_err(|_| Error::Random)?;
                Ok(Self(bytes))
            }

            /// Decodes canonical `b64u` of exactly this length.
            pub fn decode(text: &str) -> Result<Self, Error> {
                base64url::decode_array(text).map(Self)
            }

            /// Returns the `b64u` form.
            pub fn encode(&self) -> String {
                base64url::encode(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(<redacted>)"))
            }
        }

        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                self.0.ct_eq(&other.0).into()
            }
        }

        impl Eq for $name {}
    )*};
}

byte_strings! {
    /// `K`: the link key, which exists only in the link.
    LinkKey(32);
    /// `S`: the key share that the server stores, and releases once for each view.
    ServerShare(32);
    /// `R`: lets the sender read the receipt of the secret, and burn it.
    ReceiptToken(32);
    /// Identifies a secret; the server generates it. It is no key, but must not appear in logs.
    SecretId(12);
    /// Proves that a client holds the link.
    AccessProof(32);
    /// Proves that a client holds the link and knows the passphrase.
    RevealProof(32);
    /// Identifies one attempt to view, which makes `reveal` idempotent: a retry uses no second view.
    Claim(16);
    /// Encrypts the key share that a database keeps for repeated requests. Only the claim yields it.
    ClaimMask(32);
    /// Salts the passphrase for Argon2id; derived from the link key.
    Salt(16);
    /// Holds the key that Argon2id derives from a passphrase.
    PassphraseKey(32);
}

impl ServerShare {
    /// XORs the share with the claim mask. Applying it twice restores the share. Each mask belongs to one claim, and so
    /// masks one share only.
    #[must_use]
    pub fn masked(&self, mask: &ClaimMask) -> Self {
        let mut bytes = self.0;
        bytes.iter_mut().zip(mask.0).for_each(|(byte, mask)| *byte ^= mask);
        Self(bytes)
    }
}
