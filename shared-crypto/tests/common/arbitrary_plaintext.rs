//! Encrypts arbitrary bytes in place of a payload, as a malicious sender can.
#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

use aes_gcm::aead::{AeadInOut, KeyInit};
use aes_gcm::{Aes256Gcm, Nonce};
use hkdf::Hkdf;
use sha2::Sha256;
use shared_crypto::{
    Envelope, Error, LinkKey, Payload, ReceiptToken, Sealed, SealingKeys, ServerShare, open, seal,
};

const KEY: [u8; 32] = [0xC3; 32];
const SHARE: [u8; 32] = [0xD1; 32];
const NONCE: [u8; 12] = [0xA9; 12];
const HEADER: [u8; 4] = [1, 1, 0, 0];

/// Encrypts a payload with [`seal`], under the keys of [`encrypt`].
pub(crate) fn seal_payload(payload: &Payload) -> Vec<u8> {
    sealed(payload).envelope().to_vec()
}

fn sealed(payload: &Payload) -> Sealed {
    let (key, share) = (LinkKey::from_bytes(KEY), ServerShare::from_bytes(SHARE));
    seal(payload, SealingKeys::fixed(key, share, ReceiptToken::from_bytes([0; 32]), NONCE), None).unwrap()
}

/// Returns `H ‖ nonce ‖ AES-256-GCM(plain)` for any `plain`.
pub(crate) fn encrypt(plain: &[u8]) -> Vec<u8> {
    let mut ciphertext = plain.to_vec();
    let tag = cipher()
        .encrypt_inout_detached(&Nonce::from(NONCE), &HEADER, ciphertext.as_mut_slice().into())
        .unwrap();
    [&HEADER[..], &NONCE, &ciphertext, &tag].concat()
}

/// Returns the padded plaintext that [`seal`] encrypts.
pub(crate) fn padded_plaintext(payload: &Payload) -> Vec<u8> {
    let envelope = seal_payload(payload);
    let (ciphertext, tag) = envelope[16..].split_last_chunk::<16>().unwrap();
    let mut plain = ciphertext.to_vec();
    let (nonce, tag) = (Nonce::from(NONCE), (*tag).into());
    cipher().decrypt_inout_detached(&nonce, &HEADER, plain.as_mut_slice().into(), &tag).unwrap();
    plain
}

/// Encrypts any `plain`, and opens the result.
pub(crate) fn open_plaintext(plain: &[u8]) -> Result<Payload, Error> {
    let sealed = sealed(&Payload::text(""));
    open(&Envelope::parse(encrypt(plain))?, sealed.keys(), sealed.share())
}

fn cipher() -> Aes256Gcm {
    let root = [KEY, [0; 32]].concat();
    let base = hkdf(b"ikrypt/v1 root", &root, b"ikrypt/v1 content");
    Aes256Gcm::new(&hkdf(&SHARE, &base, b"ikrypt/v1 aes-256-gcm").into())
}

fn hkdf(salt: &[u8], secret: &[u8], label: &[u8]) -> [u8; 32] {
    let mut okm = [0; 32];
    Hkdf::<Sha256>::new(Some(salt), secret).expand(&[label, &HEADER].concat(), &mut okm).unwrap();
    okm
}
