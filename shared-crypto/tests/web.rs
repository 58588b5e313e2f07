//! Checks the test vectors in a browser's WebAssembly, and against an independent implementation with `WebCrypto`.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

// The same tests run natively.
#[path = "vectors.rs"]
mod vectors;

use js_sys::{Array, Uint8Array};
use shared_crypto::{
    LinkKey, PassphraseKey, Payload, ReceiptToken, SealingKeys, SecretId, ServerShare, seal,
};
use vectors::recipient::open_secret;
use vectors::{encode_payload, test_vectors};
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
        passphrase_key: Option<Uint8Array>,
    ) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(catch, js_name = sealByWebCrypto)]
    async fn seal_by_web_crypto(
        payload: Uint8Array,
        link_key: Uint8Array,
        passphrase_key: Option<Uint8Array>,
    ) -> Result<JsValue, JsValue>;
}

/// Returns a text above the minimum of the padding, with characters of every length.
fn text() -> String {
    "naïve ✓ 🔑\n".repeat(123)
}

/// Returns link key, passphrase and passphrase key. `WebCrypto` has no Argon2id, so the key comes from the test vectors.
fn with_and_without_passphrase() -> [(LinkKey, Option<String>, Option<PassphraseKey>); 2] {
    let v = test_vectors::vectors().into_iter().find(|v| v.name == "passphrase").unwrap();
    let passphrase_key = PassphraseKey::from_bytes(v.stretched.array());
    [
        (LinkKey::generate().unwrap(), None, None),
        (LinkKey::from_bytes(v.link_key.array()), v.passphrase, Some(passphrase_key)),
    ]
}

fn to_js(passphrase_key: Option<&PassphraseKey>) -> Option<Uint8Array> {
    passphrase_key.map(|key| Uint8Array::from(key.as_bytes().as_slice()))
}

async fn opened_by_web_crypto(
    link: &str,
    envelope: &str,
    share: &str,
    passphrase_key: Option<Uint8Array>,
) -> Vec<u8> {
    let opened = open_by_web_crypto(link, envelope, share, passphrase_key).await.unwrap();
    Uint8Array::new(&opened).to_vec()
}

#[wasm_bindgen_test]
async fn web_crypto_opens_vectors() {
    for v in test_vectors::vectors() {
        let share = ServerShare::from_bytes(v.share.array()).encode();
        let passphrase_key = v.passphrase.as_ref().map(|_| Uint8Array::from(v.stretched.as_slice()));
        let opened = opened_by_web_crypto(&v.link, &v.envelope, &share, passphrase_key).await;
        assert_eq!(opened, v.payload.as_slice(), "{}", v.name);
    }
}

#[wasm_bindgen_test]
async fn web_crypto_opens_secrets_sealed_by_rust() {
    for (key, _, passphrase_key) in with_and_without_passphrase() {
        let (share, token) = (ServerShare::generate().unwrap(), ReceiptToken::generate().unwrap());
        let nonce = SecretId::generate().unwrap();
        let sealing_keys = SealingKeys::fixed(key, share, token, *nonce.as_bytes());
        let payload = Payload::text(text());
        let sealed = seal(&payload, sealing_keys, passphrase_key.as_ref()).unwrap();
        let link = sealed.link("https://ikrypt.example", SecretId::generate().unwrap()).to_string();
        let request = sealed.to_request(60, 1);
        let opened =
            opened_by_web_crypto(&link, &request.envelope, &request.share, to_js(passphrase_key.as_ref()))
                .await;
        assert_eq!(opened, encode_payload(&payload));
    }
}

#[wasm_bindgen_test]
async fn rust_opens_secrets_sealed_by_web_crypto() {
    for (key, passphrase, passphrase_key) in with_and_without_passphrase() {
        let payload = Payload::text(text());
        let encoded = Uint8Array::from(encode_payload(&payload).as_slice());
        let key = Uint8Array::from(key.as_bytes().as_slice());
        let sealed = seal_by_web_crypto(encoded, key, to_js(passphrase_key.as_ref())).await.unwrap();
        let [link, envelope, share] = [0, 1, 2].map(|at| Array::from(&sealed).get(at).as_string().unwrap());
        let share = ServerShare::decode(&share).unwrap();
        assert_eq!(open_secret(&link, &envelope, &share, passphrase.as_deref()), Ok(payload));
    }
}

#[wasm_bindgen_test]
async fn web_crypto_rejects_malformed_envelopes() {
    for (name, expected) in [
        ("version-2", "Error: header"),
        ("kdf-1-under-a-link-without", "Error: header"),
        ("tag-flipped", "OperationError"),
        ("padding-not-zero", "Error: padding"),
        ("padded-too-far", "Error: padding"),
    ] {
        let r = test_vectors::refused().into_iter().find(|r| r.name == name).unwrap();
        let share = ServerShare::from_bytes(r.share.array()).encode();
        let error = open_by_web_crypto(&r.link, &r.envelope, &share, None).await.unwrap_err();
        let error = String::from(error.unchecked_into::<js_sys::Error>().to_string());
        assert!(error.starts_with(expected), "{name}: {error}");
    }
}
