//! `Debug` and error output contains nothing of a secret, so that logs and panic messages cannot reveal it.
#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

use std::fmt::Debug;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::DateTime;
use shared_crypto::messages::CreateResponse;
use shared_crypto::{
    AccessProof, Bundle, Claim, ClaimMask, Envelope, Error, File, Kdf, LinkKey, Passphrase, PassphraseKey,
    Payload, ReceiptLink, ReceiptToken, RevealProof, Salt, SealingKeys, SecretId, SecretLink, ServerShare,
    seal,
};

/// Returns the parts of `content` that the `Debug` output of `value` contains: two neighbouring bytes in hexadecimal or as
/// text, three in base64 of either alphabet, or one as a decimal number.
fn leaks(value: &impl Debug, content: &[u8]) -> Vec<String> {
    let printed = format!("{value:?}\n{value:#?}");
    let lower = printed.to_lowercase();
    let standard = printed.replace('-', "+").replace('_', "/");
    let numbers: Vec<&str> = printed.split(|c: char| !c.is_ascii_digit()).collect();

    let hex = content
        .windows(2)
        .map(|pair| format!("{:02x}{:02x}", pair[0], pair[1]))
        .filter(|hex| lower.contains(hex));
    let base64 =
        content.windows(3).map(|three| STANDARD.encode(three)).filter(|base64| standard.contains(base64));
    let decimal = content.iter().map(u8::to_string).filter(|decimal| numbers.contains(&decimal.as_str()));
    let letters: Vec<char> = str::from_utf8(content).unwrap_or_default().chars().collect();
    let text = letters.windows(2).map(String::from_iter).filter(|pair| printed.contains(pair));
    hex.chain(base64).chain(decimal).chain(text).collect()
}

/// Returns different bytes, whose decimal numbers differ from all lengths and versions.
fn content<const N: usize>(first: u8) -> [u8; N] {
    std::array::from_fn(|at| first + u8::try_from(at).unwrap())
}

#[track_caller]
fn assert_prints_nothing_of(content: &[u8], value: &impl Debug) {
    assert_eq!(leaks(value, content), Vec::<String>::new(), "{value:?}");
}

#[test]
fn leak_search_finds_every_form() {
    let bytes = content::<8>(0xF8);
    for printed in ["f8f9", "FBFC", "+Pn6", "-Pn6", "_f7_", "[0, 255]", "x: 248"] {
        assert!(!leaks(&printed, &bytes).is_empty(), "{printed}");
    }
    assert!(!leaks(&bytes, &bytes).is_empty());
    assert!(!leaks(&"in a word", b"sword").is_empty());
    assert_prints_nothing_of(&bytes, &"LinkKey(<redacted>)");
}

#[test]
fn byte_string_prints_only_its_name() {
    macro_rules! each {
        ($($name:ident)*) => {$(
            let bytes = content::<{ $name::LEN }>(0xC0);
            assert_prints_nothing_of(&bytes, &$name::from_bytes(bytes));
            assert_eq!(format!("{:?}", $name::from_bytes(bytes)), concat!(stringify!($name), "(<redacted>)"));
        )*};
    }
    each!(LinkKey ServerShare ReceiptToken SecretId AccessProof RevealProof Claim ClaimMask Salt PassphraseKey);
}

#[test]
fn passphrase_and_payload_are_redacted() {
    let text = "zqj xkv wyq 246";
    let file = File::new(text, text, text.into()).unwrap();
    let bundle = Bundle::new(text, vec![file.clone()]).unwrap();
    assert_prints_nothing_of(text.as_bytes(), &Passphrase::new(text).unwrap());
    assert_prints_nothing_of(text.as_bytes(), &Payload::text(text));
    assert_prints_nothing_of(text.as_bytes(), &file);
    assert_prints_nothing_of(text.as_bytes(), &bundle);
    assert_prints_nothing_of(text.as_bytes(), &Payload::Files(bundle));
}

#[test]
fn sealed_secret_and_links_are_redacted() {
    let (key, share, token, nonce) =
        (content::<32>(0xC0), content::<32>(0xD0), content::<32>(0xDF), content::<12>(0xB0));
    let id = content::<12>(0xA0);
    let sealing_keys = SealingKeys::fixed(
        LinkKey::from_bytes(key),
        ServerShare::from_bytes(share),
        ReceiptToken::from_bytes(token),
        nonce,
    );
    for content in [&key, &share, &token, &nonce[..]] {
        assert_prints_nothing_of(content, &sealing_keys);
    }
    let sealed = seal(&Payload::text("hunter2"), sealing_keys, None).unwrap();
    let keys = sealed.keys().clone();
    let envelope = Envelope::parse(sealed.envelope().to_vec()).unwrap();
    let link = sealed.link("https://ikrypt.example", SecretId::from_bytes(id));
    let receipt = ReceiptLink::new("https://ikrypt.example", ReceiptToken::from_bytes(token));
    let parsed = SecretLink::parse(&link.to_string()).unwrap();
    let proofs = [keys.access().as_bytes(), keys.reveal().as_bytes()];
    for content in [&key, &share, &token, proofs[0], proofs[1], &nonce[..], &id[..], &sealed.envelope()[16..]]
    {
        assert_prints_nothing_of(content, &(&sealed, &keys, &envelope));
        assert_prints_nothing_of(content, &(&link, &receipt, &parsed));
    }
}

#[test]
fn create_response_does_not_print_the_id() {
    let id = SecretId::from_bytes(content(0xC0));
    let response = CreateResponse {
        id: id.encode(),
        created_at: DateTime::UNIX_EPOCH,
        expires_at: DateTime::UNIX_EPOCH,
    };
    assert_prints_nothing_of(id.as_bytes(), &response);
}

#[test]
fn errors_do_not_contain_the_rejected_text() {
    assert_eq!(format!("{:?} {:?}", Kdf::None, Kdf::Argon2id), "None Argon2id");
    let text = "https://ikrypt.example/s/zqjxkvwyqzqjxkvw#k=zqjxkvwyq";
    assert_eq!(format!("{:?}", SecretLink::parse(text).unwrap_err()), "DamagedLink");
    assert_eq!(SecretLink::parse(text).unwrap_err().to_string(), "the link is damaged");
    assert_eq!(LinkKey::decode("zqjxkvwyq").unwrap_err().to_string(), Error::Encoding.to_string());
}
