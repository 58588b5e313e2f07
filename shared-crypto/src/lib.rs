#![doc = include_str!("../README.md")]
//!
//! ## Example
//!
//! ```
//! use shared_crypto::{Envelope, SealingKeys, Passphrase, Payload, SecretId, SecretLink, open, seal};
//!
//! // The sender encrypts a text, and keeps only the share link and the receipt link.
//! let passphrase = Passphrase::new("correct horse")?;
//! let sealing_keys = SealingKeys::generate()?;
//! let passphrase_key = passphrase.derive_key(&sealing_keys.derive_salt())?;
//! let sealed = seal(&Payload::text("hunter2"), sealing_keys, Some(&passphrase_key))?;
//! let id = SecretId::generate()?; // the server does this
//! let link = sealed.link("https://ikrypt.example", id).to_string();
//!
//! // The recipient parses the link, and checks the envelope before using a view.
//! let link = SecretLink::parse(&link)?;
//! let envelope = Envelope::parse(sealed.envelope().to_vec())?;
//! link.check_envelope(&envelope)?;
//! let keys = link.derive_keys(Some(&passphrase.derive_key(&link.derive_salt())?))?;
//! // The server releases its key share in exchange for `keys.reveal()`.
//! let payload = open(&envelope, &keys, sealed.share())?;
//! assert_eq!(payload.as_text(), Some("hunter2"));
//! # Ok::<(), shared_crypto::Error>(())
//! ```

mod argon2;
mod base64url;
mod encryption;
mod envelope;
mod error;
pub mod format;
mod generator;
mod hashes;
mod key_schedule;
mod keys;
mod link;
#[cfg(feature = "messages")]
pub mod messages;
mod payload;

pub use argon2::Passphrase;
pub use encryption::{Sealed, SealingKeys, open, seal};
pub use envelope::{Envelope, Kdf};
pub use error::Error;
pub use generator::Generator;
pub use hashes::{Digest, claim_hash, claim_mask, decode_digest, request_hash, sha256};
pub use key_schedule::RevealKeys;
pub use keys::{
    AccessProof, Claim, ClaimMask, LinkKey, PassphraseKey, ReceiptToken, RevealProof, Salt, SecretId,
    ServerShare,
};
pub use link::{LinkShape, ReceiptLink, SecretLink};
pub use payload::{Bundle, File, MAX_FILES, Payload, padded_len};
