//! Checks the test vectors through the public API. `web.rs` includes this file and runs it in a browser.
#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

#[path = "common/recipient.rs"]
pub(crate) mod recipient;
#[path = "common/test_vectors.rs"]
pub(crate) mod test_vectors;

use recipient::open_secret;
use shared_crypto::{
    Claim, Error, LinkKey, Passphrase, Payload, ReceiptLink, ReceiptToken, Sealed, SealingKeys, SecretId,
    SecretLink, ServerShare, claim_hash, request_hash, seal,
};
use test_vectors::{Vector, refused, vectors};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const ORIGIN: &str = "https://ikrypt.example";

#[test]
fn vector_files_are_complete() {
    let names: Vec<String> = vectors().into_iter().map(|v| v.name).collect();
    assert_eq!(
        names,
        [
            "text",
            "empty-text",
            "passphrase",
            "passphrase-nfc",
            "passphrase-spaces",
            "padded-above-floor",
            "bundle"
        ]
    );
    assert_eq!(refused().len(), 17);
}

#[test]
fn vector_opens_to_its_payload() {
    for v in vectors() {
        let share = ServerShare::from_bytes(v.share.array());
        let payload = open_secret(&v.link, &v.envelope, &share, v.passphrase.as_deref());
        assert_eq!(payload.as_ref().map(encode_payload), Ok(v.payload.as_slice().to_vec()), "{}", v.name);
    }
}

#[test]
fn sealing_a_vector_returns_its_bytes() {
    for v in vectors() {
        let name = &v.name;
        let sealed = sealed(&v);
        let id = SecretId::from_bytes(v.id.array());
        assert_eq!(sealed.to_request(86_400, 1).envelope, v.envelope, "{name}");
        assert_eq!(sealed.envelope()[..4], *v.header.as_slice(), "{name}");
        assert_eq!(sealed.share().as_bytes(), &v.share.array(), "{name}");
        assert_eq!(sealed.link(ORIGIN, id.clone()).to_string(), v.link, "{name}");
        assert_eq!(ReceiptLink::new(ORIGIN, sealed.receipt().clone()).to_string(), v.receipt_link, "{name}");

        let keys = sealed.keys();
        assert_eq!(keys.access().as_bytes(), &v.access.array(), "{name}");
        assert_eq!(keys.reveal().as_bytes(), &v.reveal.array(), "{name}");

        let hashes = [v.access_hash.array(), v.reveal_hash.array(), v.receipt_hash.array()];
        assert_eq!(sealed.hashes(), hashes, "{name}");
        let claim = Claim::from_bytes(v.claim.array());
        assert_eq!(claim_hash(&id, keys.access(), keys.reveal(), &claim), v.claim_hash.array(), "{name}");
        let request = request_hash(sealed.envelope(), sealed.share().as_bytes(), &hashes, 86_400, 1);
        assert_eq!(request, v.request_hash.array(), "{name}");
    }
}

#[test]
fn link_of_a_vector_is_parsed_to_its_parts() {
    for v in vectors() {
        let link = SecretLink::parse(&v.link).unwrap();
        assert_eq!(link.origin(), ORIGIN);
        assert_eq!(link.id().as_bytes(), &v.id.array());
        assert_eq!(link.derive_access().as_bytes(), &v.access.array(), "{}", v.name);
        assert_eq!(link.derive_salt().as_bytes(), &v.salt.array(), "{}", v.name);
        assert_eq!(link.kdf() as u8, v.header.as_slice()[2], "{}", v.name);
        let receipt = ReceiptLink::parse(&v.receipt_link).unwrap();
        assert_eq!(receipt.token().as_bytes(), &v.receipt_token.array(), "{}", v.name);
    }
}

#[test]
fn malformed_envelope_is_rejected_with_its_error() {
    for r in refused() {
        let expected = match r.name.as_str() {
            "unknown-kind" => Error::UnknownKind,
            "text-not-utf8" => Error::NotUtf8,
            "padding-not-zero" | "padded-too-far" | "body-longer-than-plain" => Error::Padding,
            "version-2" | "suite-2" | "reserved-byte" => Error::Unsupported,
            "kdf-1-under-a-link-without" => Error::HeaderMismatch,
            "tag-flipped" => Error::Decrypt,
            "truncated" => Error::EnvelopeLength,
            name if name.starts_with("bundle-") => Error::Bundle,
            name => panic!("no error is specified for {name}"),
        };
        let share = ServerShare::from_bytes(r.share.array());
        assert_eq!(open_secret(&r.link, &r.envelope, &share, None), Err(expected), "{}", r.name);
    }
}

/// Seals the payload of a vector with its keys, including Argon2id.
fn sealed(v: &Vector) -> Sealed {
    let sealing_keys = SealingKeys::fixed(
        LinkKey::from_bytes(v.link_key.array()),
        ServerShare::from_bytes(v.share.array()),
        ReceiptToken::from_bytes(v.receipt_token.array()),
        v.nonce.array(),
    );
    let passphrase_key = v.passphrase.as_ref().map(|text| {
        let passphrase_key = Passphrase::new(text).unwrap().derive_key(&sealing_keys.derive_salt()).unwrap();
        assert_eq!(passphrase_key.as_bytes(), &v.stretched.array(), "{}", v.name);
        passphrase_key
    });
    seal(&payload(v), sealing_keys, passphrase_key.as_ref()).unwrap()
}

/// Returns the payload of a vector.
fn payload(v: &Vector) -> Payload {
    let payload = match v.name.as_str() {
        "bundle" => staging_credentials(),
        _ => Payload::text(str::from_utf8(&v.payload.as_slice()[1..]).unwrap()),
    };
    assert_eq!(encode_payload(&payload), v.payload.as_slice(), "{}", v.name);
    payload
}

fn staging_credentials() -> Payload {
    use shared_crypto::{Bundle, File};

    let env = "DATABASE_URL=postgres://app:s3cr3t@db/app\nAPI_KEY=sk_live_123\n";
    let files = vec![
        File::new(".env", "text/plain", env.into()).unwrap(),
        File::new("ключ.bin", "application/octet-stream", (0..=255).collect()).unwrap(),
    ];
    Payload::Files(Bundle::new("staging credentials", files).unwrap())
}

/// Encodes `kind ‖ body` independently of the crate, from the public accessors of the payload.
pub(crate) fn encode_payload(payload: &Payload) -> Vec<u8> {
    let be32 = |len: usize| u32::try_from(len).unwrap().to_be_bytes();
    let bundle = match payload {
        Payload::Text(text) => return [&[1], text.as_bytes()].concat(),
        Payload::Files(bundle) => bundle,
        _ => panic!("version 1 has no such kind"),
    };
    let mut out = [&[2], be32(bundle.note().len()).as_slice(), bundle.note().as_bytes()].concat();
    out.push(u8::try_from(bundle.files().len()).unwrap());
    for file in bundle.files() {
        out.extend(u16::try_from(file.name().len()).unwrap().to_be_bytes());
        out.extend(file.name().as_bytes());
        out.push(u8::try_from(file.media_type().len()).unwrap());
        out.extend(file.media_type().as_bytes());
        out.extend(be32(file.bytes().len()));
        out.extend(file.bytes());
    }
    out
}
