//! The byte strings of the protocol, each a type of its own.

use std::fmt;

use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::{Error, base64url};

/// Fixed byte strings that are wiped on drop, compared in constant time, and never printed.
macro_rules! byte_strings {
    ($($(#[$doc:meta])* $name:ident($len:literal);)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Zeroize, ZeroizeOnDrop)]
        pub struct $name([u8; $len]);

        impl $name {
            /// Length in bytes.
            pub const LEN: usize = $len;

            /// The value with these bytes.
            pub const fn from_bytes(bytes: [u8; $len]) -> Self {
                Self(bytes)
            }

            /// The bytes.
            pub const fn as_bytes(&self) -> &[u8; $len] {
                &self.0
            }

            /// SealingKeys random bytes of the operating system.
            pub fn generate() -> Result<Self, Error> {
                let mut bytes = [0; $len];
                getrandom::fill(&mut bytes).map_err(|_| Error::Random)?;
                Ok(Self(bytes))
            }

            /// Reads canonical `b64u` of exactly this length.
            pub fn decode(text: &str) -> Result<Self, Error> {
                base64url::decode_array(text).map(Self)
            }

            /// The `b64u` form.
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
    /// `K`: the half of the key that is only ever in the link.
    LinkKey(32);
    /// `S`: the half of the key that the server keeps, and gives out once a view.
    ServerShare(32);
    /// `R`: lets the sender see what became of the secret, and burn it.
    ReceiptToken(32);
    /// The name of a secret, made by the server. Not a key, but it does not belong in a log either.
    SecretId(12);
    /// Proves that the asker holds the link.
    AccessProof(32);
    /// Proves that the asker holds the link and knows the passphrase.
    RevealProof(32);
    /// Names one attempt to view, so that a retry is not a second view.
    Claim(16);
    /// Hides a share that is kept for whoever repeats a claim. Only the claim itself makes it.
    ClaimMask(32);
    /// The salt of the passphrase, derived from the link key.
    Salt(16);
    /// What Argon2id makes of a passphrase.
    PassphraseKey(32);
}

impl ServerShare {
    /// The share under a veil; and of that, the share. Each veil is for one claim, and so for one share.
    #[must_use]
    pub fn masked(&self, veil: &ClaimMask) -> Self {
        let mut bytes = self.0;
        bytes.iter_mut().zip(veil.0).for_each(|(byte, veil)| *byte ^= veil);
        Self(bytes)
    }
}
