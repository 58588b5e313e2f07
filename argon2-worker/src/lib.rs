//! Argon2id for a web worker. It is a WebAssembly of its own, because most secrets have no passphrase.

use shared_crypto::{Passphrase, Salt};
use wasm_bindgen::JsError;
use wasm_bindgen::prelude::wasm_bindgen;

/// Derives a key of 32 bytes from a passphrase and a salt of 16 bytes. An error has the message of
/// [`shared_crypto::Error`].
#[wasm_bindgen(js_name = stretch)]
pub fn derive_key(passphrase: &str, salt: &[u8]) -> Result<Vec<u8>, JsError> {
    let salt = Salt::from_bytes(salt.try_into()?);
    Ok(Passphrase::new(passphrase)?.derive_key(&salt)?.as_bytes().to_vec())
}
