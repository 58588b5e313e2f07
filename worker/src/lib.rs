//! Argon2id in a worker of the browser: a WebAssembly of its own, since most secrets have no passphrase.

use shared_crypto::{Passphrase, Salt};
use wasm_bindgen::JsError;
use wasm_bindgen::prelude::wasm_bindgen;

/// Stretches a passphrase over a salt of 16 bytes to 32 bytes. The error is that of the crypto crate, in words.
#[wasm_bindgen]
pub fn stretch(passphrase: &str, salt: &[u8]) -> Result<Vec<u8>, JsError> {
    let salt = Salt::from_bytes(salt.try_into()?);
    Ok(Passphrase::new(passphrase)?.derive_key(&salt)?.as_bytes().to_vec())
}
