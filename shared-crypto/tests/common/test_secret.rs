//! A secret of fixed bytes, for tests that damage it.
#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

use shared_crypto::{
    LinkKey, PassphraseKey, Payload, ReceiptToken, Sealed, SealingKeys, SecretId, ServerShare, seal,
};

pub(crate) const ORIGIN: &str = "https://ikrypt.example";

pub(crate) fn id() -> SecretId {
    SecretId::from_bytes(*b"secret id 12")
}

pub(crate) fn sealed(passphrase_key: Option<&PassphraseKey>) -> Sealed {
    let sealing_keys = SealingKeys::fixed(
        LinkKey::from_bytes([0xC3; 32]),
        ServerShare::from_bytes([0xD1; 32]),
        ReceiptToken::from_bytes([0xB5; 32]),
        [0xA9; 12],
    );
    seal(&Payload::text("hunter2"), sealing_keys, passphrase_key).unwrap()
}
