//! Encrypts and decrypts payloads. No other module calls the cipher.

use std::fmt;

use aes_gcm::aead::{AeadInOut, KeyInit};
use aes_gcm::{Aes256Gcm, Key, Nonce, Tag};
use zeroize::Zeroizing;

use crate::envelope::{Envelope, Kdf};
use crate::hashes::{Digest, sha256};
use crate::keys::{LinkKey, PassphraseKey, ReceiptToken, Salt, SecretId, ServerShare};
use crate::{Error, Payload, RevealKeys, SecretLink};

/// Encrypts a payload. Takes `sealing_keys` by value, because each link key encrypts one payload only. A secret with a
/// passphrase needs its `passphrase_key`, derived with the salt of [`SealingKeys::derive_salt`].
///
/// # Errors
///
/// [`Error::TooLarge`] if the payload does not fit the format.
pub fn seal(
    payload: &Payload,
    sealing_keys: SealingKeys,
    passphrase_key: Option<&PassphraseKey>,
) -> Result<Sealed, Error> {
    let keys = sealing_keys.link_key.derive_keys(passphrase_key);
    let padded = payload.padded_len()?;
    // One allocation of the final size, encrypted in place, so that no second copy of the plaintext exists.
    let mut bytes = Vec::with_capacity(Envelope::OVERHEAD + padded);
    bytes.extend_from_slice(&keys.header);
    bytes.extend_from_slice(&sealing_keys.nonce);
    payload.write(&mut bytes)?;
    bytes.resize(Envelope::HEADER_LEN + Envelope::NONCE_LEN + padded, 0);

    let plain = &mut bytes[Envelope::HEADER_LEN + Envelope::NONCE_LEN..];
    let tag = cipher(&keys, &sealing_keys.share)
        .encrypt_inout_detached(&Nonce::from(sealing_keys.nonce), &keys.header, plain.into())
        .map_err(|_| Error::TooLarge)?;
    bytes.extend_from_slice(&tag);

    let kdf = if passphrase_key.is_some() { Kdf::Argon2id } else { Kdf::None };
    Ok(Sealed {
        envelope: Envelope::parse(bytes)?,
        kdf,
        keys,
        link_key: sealing_keys.link_key,
        share: sealing_keys.share,
        receipt: sealing_keys.receipt,
    })
}

/// Decrypts an envelope with the key share that the server released for a view. Returns no plaintext unless the tag, the
/// padding and the body are all valid.
///
/// # Errors
///
/// [`Error::HeaderMismatch`] if the envelope was made for another kind of key, [`Error::Decrypt`] if its tag is wrong,
/// and an error of the payload parser if the plaintext is malformed.
pub fn open(envelope: &Envelope, keys: &RevealKeys, share: &ServerShare) -> Result<Payload, Error> {
    let (header, rest) = envelope.as_bytes().split_at(Envelope::HEADER_LEN);
    let (nonce, rest) = rest.split_at(Envelope::NONCE_LEN);
    let (ciphertext, tag) = rest.split_at(rest.len() - Envelope::TAG_LEN);
    if header != keys.header {
        return Err(Error::HeaderMismatch);
    }
    let nonce = Nonce::try_from(nonce).map_err(|_| Error::EnvelopeLength)?;
    let tag = Tag::try_from(tag).map_err(|_| Error::EnvelopeLength)?;
    let mut plain = Zeroizing::new(ciphertext.to_vec());
    cipher(keys, share)
        .decrypt_inout_detached(&nonce, header, plain.as_mut_slice().into(), &tag)
        .map_err(|_| Error::Decrypt)?;
    Payload::read(plain)
}

fn cipher(keys: &RevealKeys, share: &ServerShare) -> Aes256Gcm {
    Aes256Gcm::new(&Key::<Aes256Gcm>::from(*keys.derive_content_key(share)))
}

/// Holds the random values for one encryption: link key, key share, receipt token and nonce.
pub struct SealingKeys {
    link_key: LinkKey,
    share: ServerShare,
    receipt: ReceiptToken,
    nonce: [u8; Envelope::NONCE_LEN],
}

impl SealingKeys {
    /// Generates the values with the operating system's random number generator.
    pub fn generate() -> Result<Self, Error> {
        let mut nonce = [0; Envelope::NONCE_LEN];
        getrandom::fill(&mut nonce).map_err(|_| Error::Random)?;
        Ok(Self {
            link_key: LinkKey::generate()?,
            share: ServerShare::generate()?,
            receipt: ReceiptToken::generate()?,
            nonce,
        })
    }

    /// Uses the values that a test chose. Encrypting twice with the same key and nonce would break AES-GCM.
    #[cfg(feature = "fixed-randomness")]
    pub const fn fixed(
        link_key: LinkKey,
        share: ServerShare,
        receipt: ReceiptToken,
        nonce: [u8; Envelope::NONCE_LEN],
    ) -> Self {
        Self { link_key, share, receipt, nonce }
    }

    /// Derives the Argon2id salt for a passphrase of this secret.
    pub fn derive_salt(&self) -> Salt {
        self.link_key.derive_salt()
    }
}

impl fmt::Debug for SealingKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealingKeys(<redacted>)")
    }
}

/// Holds an encrypted payload, and what its sender needs to store and share it.
#[derive(Debug)]
pub struct Sealed {
    envelope: Envelope,
    kdf: Kdf,
    keys: RevealKeys,
    link_key: LinkKey,
    share: ServerShare,
    receipt: ReceiptToken,
}

impl Sealed {
    /// Returns the bytes of the envelope, which the server stores; see [`Envelope::as_bytes`].
    pub fn envelope(&self) -> &[u8] {
        self.envelope.as_bytes()
    }

    /// Returns the server's key share.
    pub const fn share(&self) -> &ServerShare {
        &self.share
    }

    /// Returns the sender's receipt token.
    pub const fn receipt(&self) -> &ReceiptToken {
        &self.receipt
    }

    /// Returns the keys and proofs that the recipient will derive from the link.
    pub const fn keys(&self) -> &RevealKeys {
        &self.keys
    }

    /// Returns the SHA-256 hashes of `access`, `reveal` and the receipt token, with which the server checks proofs.
    pub fn hashes(&self) -> [Digest; 3] {
        [
            sha256(&[self.keys.access().as_bytes()]),
            sha256(&[self.keys.reveal().as_bytes()]),
            sha256(&[self.receipt.as_bytes()]),
        ]
    }

    /// Returns the share link for the id that the server assigned.
    pub fn link(&self, origin: &str, id: SecretId) -> SecretLink {
        SecretLink::new(origin, id, self.link_key.clone(), self.kdf)
    }

    /// Builds the request body of the API call `create`.
    #[cfg(feature = "messages")]
    pub fn to_request(&self, ttl_seconds: u32, max_views: u8) -> crate::messages::CreateRequest {
        let [access_hash, reveal_hash, receipt_hash] =
            self.hashes().map(|hash| crate::base64url::encode(&hash));
        crate::messages::CreateRequest {
            envelope: self.envelope.encode(),
            share: self.share.encode(),
            access_hash,
            reveal_hash,
            receipt_hash,
            ttl_seconds,
            max_views,
        }
    }
}
