//! What a log line, a panic message or an error report could print says nothing of what is inside.
#![allow(clippy::unwrap_used, reason = "in a test, what fails may panic")]

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

/// What `Debug` prints of `value` that stands in `content`: two neighbouring bytes as hex or as text, three as
/// base64 of either alphabet, one as a decimal number.
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

/// 64 different bytes whose decimals no length or version is equal to.
fn content<const N: usize>(first: u8) -> [u8; N] {
    std::array::from_fn(|at| first + u8::try_from(at).unwrap())
}

#[track_caller]
fn prints_nothing_of(content: &[u8], value: &impl Debug) {
    assert_eq!(leaks(value, content), Vec::<String>::new(), "{value:?}");
}

#[test]
fn the_search_finds_every_form_of_a_leak() {
    let bytes = content::<8>(0xF8);
    for printed in ["f8f9", "FBFC", "+Pn6", "-Pn6", "_f7_", "[0, 255]", "x: 248"] {
        assert!(!leaks(&printed, &bytes).is_empty(), "{printed}");
    }
    assert!(!leaks(&bytes, &bytes).is_empty());
    assert!(!leaks(&"in a word", b"sword").is_empty());
    prints_nothing_of(&bytes, &"LinkKey(<redacted>)");
}

#[test]
fn byte_strings_print_their_name_and_no_byte() {
    macro_rules! each {
        ($($name:ident)*) => {$(
            let bytes = content::<{ $name::LEN }>(0xC0);
            prints_nothing_of(&bytes, &$name::from_bytes(bytes));
            assert_eq!(format!("{:?}", $name::from_bytes(bytes)), concat!(stringify!($name), "(<redacted>)"));
        )*};
    }
    each!(LinkKey ServerShare ReceiptToken SecretId AccessProof RevealProof Claim ClaimMask Salt PassphraseKey);
}

#[test]
fn passphrases_and_payloads_print_no_letter() {
    let text = "zqj xkv wyq 246";
    let file = File::new(text, text, text.into()).unwrap();
    let bundle = Bundle::new(text, vec![file.clone()]).unwrap();
    prints_nothing_of(text.as_bytes(), &Passphrase::new(text).unwrap());
    prints_nothing_of(text.as_bytes(), &Payload::text(text));
    prints_nothing_of(text.as_bytes(), &file);
    prints_nothing_of(text.as_bytes(), &bundle);
    prints_nothing_of(text.as_bytes(), &Payload::Files(bundle));
}

#[test]
fn what_was_sealed_and_what_links_hold_prints_no_byte() {
    let (key, share, token, nonce) =
        (content::<32>(0xC0), content::<32>(0xD0), content::<32>(0xDF), content::<12>(0xB0));
    let id = content::<12>(0xA0);
    let fresh = SealingKeys::fixed(
        LinkKey::from_bytes(key),
        ServerShare::from_bytes(share),
        ReceiptToken::from_bytes(token),
        nonce,
    );
    for content in [&key, &share, &token, &nonce[..]] {
        prints_nothing_of(content, &fresh);
    }
    let sealed = seal(&Payload::text("hunter2"), fresh, None).unwrap();
    let keys = sealed.keys().clone();
    let envelope = Envelope::parse(sealed.envelope().to_vec()).unwrap();
    let link = sealed.link("https://ikrypt.example", SecretId::from_bytes(id));
    let receipt = ReceiptLink::new("https://ikrypt.example", ReceiptToken::from_bytes(token));
    let parsed = SecretLink::parse(&link.to_string()).unwrap();
    let proofs = [keys.access().as_bytes(), keys.reveal().as_bytes()];
    for content in [&key, &share, &token, proofs[0], proofs[1], &nonce[..], &id[..], &sealed.envelope()[16..]]
    {
        prints_nothing_of(content, &(&sealed, &keys, &envelope));
        prints_nothing_of(content, &(&link, &receipt, &parsed));
    }
}

#[test]
fn the_answer_to_create_does_not_print_the_id() {
    let id = SecretId::from_bytes(content(0xC0));
    let answer = CreateResponse {
        id: id.encode(),
        created_at: DateTime::UNIX_EPOCH,
        expires_at: DateTime::UNIX_EPOCH,
    };
    prints_nothing_of(id.as_bytes(), &answer);
}

#[test]
fn errors_and_kdfs_say_no_more_than_their_name() {
    assert_eq!(format!("{:?} {:?}", Kdf::None, Kdf::Argon2id), "None Argon2id");
    // A damaged link, a wrong passphrase and a bad key are refused without the text that was refused.
    let text = "https://ikrypt.example/s/zqjxkvwyqzqjxkvw#k=zqjxkvwyq";
    assert_eq!(format!("{:?}", SecretLink::parse(text).unwrap_err()), "DamagedLink");
    assert_eq!(SecretLink::parse(text).unwrap_err().to_string(), "the link is damaged");
    assert_eq!(LinkKey::decode("zqjxkvwyq").unwrap_err().to_string(), Error::Encoding.to_string());
}
