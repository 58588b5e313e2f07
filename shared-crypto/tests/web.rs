//! The frozen files in a browser's WebAssembly, and an independent reader and writer beside it.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used, reason = "in a test, what fails may panic")]

// The very file that is run natively.
#[path = "vectors.rs"]
mod vectors;

use js_sys::{Array, Uint8Array};
use shared_crypto::{
    LinkKey, PassphraseKey, Payload, ReceiptToken, SealingKeys, SecretId, ServerShare, seal,
};
use vectors::{frozen, reader::read, written_out};
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen(module = "/tests/web_crypto.js")]
extern "C" {
    #[wasm_bindgen(catch, js_name = openByWebCrypto)]
    async fn open_by_web_crypto(
        link: &str,
        envelope: &str,
        share: &str,
        stretched: Option<Uint8Array>,
    ) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(catch, js_name = sealByWebCrypto)]
    async fn seal_by_web_crypto(
        payload: Uint8Array,
        link_key: Uint8Array,
        stretched: Option<Uint8Array>,
    ) -> Result<JsValue, JsValue>;
}

/// A text above the floor of the padding, with letters of every length.
fn text() -> String {
    "naïve ✓ 🔑\n".repeat(123)
}

/// The link key, the passphrase and what Argon2id makes of it, which the browser itself cannot.
fn with_and_without_passphrase() -> [(LinkKey, Option<String>, Option<PassphraseKey>); 2] {
    let v = frozen::vectors().into_iter().find(|v| v.name == "passphrase").unwrap();
    let stretched = PassphraseKey::from_bytes(v.stretched.array());
    [
        (LinkKey::generate().unwrap(), None, None),
        (LinkKey::from_bytes(v.link_key.array()), v.passphrase, Some(stretched)),
    ]
}

fn js(stretched: Option<&PassphraseKey>) -> Option<Uint8Array> {
    stretched.map(|stretched| Uint8Array::from(stretched.as_bytes().as_slice()))
}

async fn opened_by_web_crypto(
    link: &str,
    envelope: &str,
    share: &str,
    stretched: Option<Uint8Array>,
) -> Vec<u8> {
    let opened = open_by_web_crypto(link, envelope, share, stretched).await.unwrap();
    Uint8Array::new(&opened).to_vec()
}

#[wasm_bindgen_test]
async fn web_crypto_opens_every_vector() {
    for v in frozen::vectors() {
        let share = ServerShare::from_bytes(v.share.array()).encode();
        let stretched = v.passphrase.as_ref().map(|_| Uint8Array::from(v.stretched.as_slice()));
        let opened = opened_by_web_crypto(&v.link, &v.envelope, &share, stretched).await;
        assert_eq!(opened, v.payload.as_slice(), "{}", v.name);
    }
}

#[wasm_bindgen_test]
async fn web_crypto_opens_what_rust_sealed() {
    for (key, _, stretched) in with_and_without_passphrase() {
        let (share, token) = (ServerShare::generate().unwrap(), ReceiptToken::generate().unwrap());
        let nonce = SecretId::generate().unwrap();
        let fresh = SealingKeys::fixed(key, share, token, *nonce.as_bytes());
        let payload = Payload::text(text());
        let sealed = seal(&payload, fresh, stretched.as_ref()).unwrap();
        let link = sealed.link("https://ikrypt.example", SecretId::generate().unwrap()).to_string();
        let request = sealed.to_request(60, 1);
        let opened =
            opened_by_web_crypto(&link, &request.envelope, &request.share, js(stretched.as_ref())).await;
        assert_eq!(opened, written_out(&payload));
    }
}

#[wasm_bindgen_test]
async fn rust_opens_what_web_crypto_sealed() {
    for (key, passphrase, stretched) in with_and_without_passphrase() {
        let payload = Payload::text(text());
        let written = Uint8Array::from(written_out(&payload).as_slice());
        let key = Uint8Array::from(key.as_bytes().as_slice());
        let sealed = seal_by_web_crypto(written, key, js(stretched.as_ref())).await.unwrap();
        let [link, envelope, share] = [0, 1, 2].map(|at| Array::from(&sealed).get(at).as_string().unwrap());
        let share = ServerShare::decode(&share).unwrap();
        assert_eq!(read(&link, &envelope, &share, passphrase.as_deref()), Ok(payload));
    }
}

#[wasm_bindgen_test]
async fn web_crypto_refuses_for_the_same_reasons() {
    for (name, expected) in [
        ("version-2", "Error: header"),
        ("kdf-1-under-a-link-without", "Error: header"),
        ("tag-flipped", "OperationError"),
        ("padding-not-zero", "Error: padding"),
        ("padded-too-far", "Error: padding"),
    ] {
        let r = frozen::refused().into_iter().find(|r| r.name == name).unwrap();
        let share = ServerShare::from_bytes(r.share.array()).encode();
        let error = open_by_web_crypto(&r.link, &r.envelope, &share, None).await.unwrap_err();
        let error = String::from(error.unchecked_into::<js_sys::Error>().to_string());
        assert!(error.starts_with(expected), "{name}: {error}");
    }
}
