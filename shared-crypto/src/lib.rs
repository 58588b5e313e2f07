#![doc = include_str!("../README.md")]
//!
//! ## A story
//!
//! ```
//! use shared_crypto::{Envelope, Fresh, Passphrase, Payload, SecretId, SecretLink, open, seal};
//!
//! // The sender seals, and keeps nothing but two links.
//! let passphrase = Passphrase::new("correct horse")?;
//! let fresh = Fresh::generate()?;
//! let stretched = passphrase.stretch(&fresh.derive_salt())?;
//! let sealed = seal(&Payload::text("hunter2"), fresh, Some(&stretched))?;
//! let id = SecretId::generate()?; // the server's part
//! let link = sealed.link("https://ikrypt.example", id).to_string();
//!
//! // The reader parses the link, and checks the envelope before a view is spent.
//! let link = SecretLink::parse(&link)?;
//! let envelope = Envelope::parse(sealed.envelope().to_vec())?;
//! link.accepts(&envelope)?;
//! let keys = link.derive_keys(Some(&passphrase.stretch(&link.derive_salt())?))?;
//! // `keys.reveal()` goes to the server, which answers with the share.
//! let payload = open(&envelope, &keys, sealed.share())?;
//! assert_eq!(payload.as_text(), Some("hunter2"));
//! # Ok::<(), shared_crypto::Error>(())
//! ```

mod encoding;
mod envelope;
mod error;
mod generate;
mod hashes;
mod keys;
mod link;
mod passphrase;
mod payload;
mod schedule;
mod seal;
#[cfg(feature = "wire")]
pub mod wire;

pub use envelope::{Envelope, Kdf};
pub use error::Error;
pub use generate::Recipe;
pub use hashes::{Digest, claim_hash, claim_veil, decode_digest, request_hash, sha256};
pub use keys::{
    AccessProof, Claim, ClaimVeil, LinkKey, ReceiptToken, RevealProof, Salt, SecretId, ServerShare, Stretched,
};
pub use link::{LinkShape, ReceiptLink, SecretLink};
pub use passphrase::Passphrase;
pub use payload::{Bundle, File, MAX_FILES, Payload, padded_len};
pub use schedule::RevealKeys;
pub use seal::{Fresh, Sealed, open, seal};
