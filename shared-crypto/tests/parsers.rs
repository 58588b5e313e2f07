//! Parsers of untrusted input accept valid input, reject everything else, and never panic.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

use proptest::collection::vec;
use proptest::prelude::*;
use shared_crypto::{
    Claim, Envelope, Error, LinkKey, LinkShape, Passphrase, PassphraseKey, Payload, ReceiptLink,
    ReceiptToken, SealingKeys, SecretId, SecretLink, ServerShare, padded_len, seal,
};

const ORIGIN: &str = "https://ikrypt.example";

fn link() -> impl Strategy<Value = SecretLink> {
    (any::<[u8; 32]>(), any::<[u8; 12]>(), any::<Option<[u8; 32]>>()).prop_map(|(key, id, passphrase_key)| {
        let (share, token) = (ServerShare::from_bytes([0xD1; 32]), ReceiptToken::from_bytes([0xB5; 32]));
        let sealing_keys = SealingKeys::fixed(LinkKey::from_bytes(key), share, token, [0; 12]);
        let sealed =
            seal(&Payload::text(""), sealing_keys, passphrase_key.map(PassphraseKey::from_bytes).as_ref())
                .unwrap();
        sealed.link(ORIGIN, SecretId::from_bytes(id))
    })
}

proptest! {
    #[test]
    fn written_link_is_parsed_to_the_same(link in link()) {
        let parsed = SecretLink::parse(&link.to_string()).unwrap();
        prop_assert_eq!(parsed.to_string(), link.to_string());
        prop_assert_eq!(parsed.id(), link.id());
        prop_assert_eq!(parsed.kdf(), link.kdf());
        prop_assert_eq!(parsed.derive_salt(), link.derive_salt());
        prop_assert!(!parsed.is_exposed());
    }

    #[test]
    fn written_receipt_link_is_parsed_to_the_same(token in any::<[u8; 32]>()) {
        let link = ReceiptLink::new(ORIGIN, ReceiptToken::from_bytes(token)).to_string();
        let parsed = ReceiptLink::parse(&link).unwrap();
        prop_assert_eq!(parsed.token().as_bytes(), &token);
        prop_assert_eq!(parsed.to_string(), link);
    }
}

/// Parts of links, and of alterations of links.
const PARTS: &[&str] = &[
    "https://",
    "ikrypt.example",
    "/s/",
    "/receipt",
    "c2VjcmV0IGlkIDEy",
    "#k=",
    "#t=",
    "%23k%3D",
    "%2523t%253D",
    "=\r\n",
    "\u{200B}",
    "_",
    "-",
    "EMPDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDzyYw",
    "/v2/url?u=",
    "-23k-3D",
    "/v3/__",
    "__;Iw!!",
    "**A",
    "*",
    "aHR0cHM6Ly9h",
    "eyJ",
    "&#35;",
    "&num",
    ";",
    "&amp;",
    "\\",
    "\\u0023",
    "\n> ",
    "=23",
    "\u{2014}",
    "\u{FF03}",
    "é",
    "🔑",
    "\0",
    " ",
];

fn link_like() -> impl Strategy<Value = String> {
    vec(prop_oneof![proptest::sample::select(PARTS).prop_map(str::to_owned), ".{0,3}"], 0..12)
        .prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn parser_of_any_text_does_not_panic(text in prop_oneof![any::<String>(), link_like(), "[A-Za-z0-9_-]{0,60}"]) {
        let _ = (SecretLink::parse(&text).is_ok(), ReceiptLink::parse(&text).is_ok());
        let _ = (ReceiptLink::recover(&text).is_ok(), LinkShape::of(&text));
        // `recover` accepts every text that `parse` accepts.
        let recovered = SecretLink::recover(&text);
        let is_recovered = matches!(recovered, Ok(_) | Err(Error::UnclearServer));
        prop_assert!(SecretLink::parse(&text).is_err() || is_recovered);
        let _ = (SecretId::decode(&text).is_ok(), Claim::decode(&text).is_ok(), LinkKey::decode(&text).is_ok());
        let _ = (Passphrase::new(&text).is_ok(), Envelope::decode(&text).is_ok());
    }

    #[test]
    fn altered_link_is_parsed_to_the_same_or_rejected(
        link in link(),
        part in prop_oneof![".{0,4}", proptest::sample::select(PARTS).prop_map(str::to_owned)],
        at in any::<proptest::sample::Index>(),
        cut in 0_usize..4,
    ) {
        let whole = link.to_string();
        let at = at.index(whole.len() + 1);
        let changed = format!("{}{part}{}", &whole[..at], &whole[(at + cut).min(whole.len())..]);
        // The checksum has 24 bits: `parse` accepts one damaged link in 16 million, and `recover` at most one in 65,536.
        for parsed in [SecretLink::parse(&changed), SecretLink::recover(&changed)].into_iter().flatten() {
            prop_assert_eq!(parsed.id(), link.id());
            prop_assert_eq!(parsed.derive_access(), link.derive_access());
        }
    }

    #[test]
    fn envelope_is_accepted_only_with_valid_header_and_length(
        head in prop_oneof![any::<[u8; 4]>(), Just([1, 1, 0, 0]), Just([1, 1, 1, 0]), vec(0_u8..3, 4).prop_map(|head| head.try_into().unwrap())],
        len in prop_oneof![0_usize..1200, Just(1056), Just(1120)],
    ) {
        let bytes = [&head[..], &vec![0xA5; len]].concat()[..len].to_vec();
        let is_valid_length = bytes.len() >= 32 && padded_len(bytes.len() - 32) == Some(bytes.len() - 32);
        let is_valid_header = matches!(head, [1, 1, 0 | 1, 0]);
        prop_assert_eq!(Envelope::parse(bytes).is_ok(), is_valid_length && is_valid_header);
    }

    #[test]
    fn only_canonical_form_of_a_byte_string_is_decoded(
        token in any::<[u8; 32]>(),
        claim in any::<[u8; 16]>(),
        stray in 1_u8..4,
        at in 0_usize..43,
        other in "[^A-Za-z0-9_-]",
    ) {
        let text = ReceiptToken::from_bytes(token).encode();
        let parsed = ReceiptToken::decode(&text);
        prop_assert_eq!(parsed.as_ref().map(ReceiptToken::as_bytes), Ok(&token));

        let expected = Some(Error::Encoding);
        prop_assert_eq!(ReceiptToken::decode(&with_stray_bits(&text, stray)).err(), expected);
        let claim = Claim::from_bytes(claim).encode();
        prop_assert_eq!(Claim::decode(&with_stray_bits(&claim, stray)).err(), expected);
        prop_assert_eq!(ReceiptToken::decode(&format!("{text}=")).err(), expected);
        prop_assert_eq!(ReceiptToken::decode(&format!("{text}\n")).err(), expected);
        prop_assert_eq!(ReceiptToken::decode(&format!("{}{other}{}", &text[..at], &text[at + 1..])).err(), expected);
    }
}

/// Sets some of the unused bits of the last character.
fn with_stray_bits(text: &str, bits: u8) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

    let (head, last) = text.split_at(text.len() - 1);
    let value = ALPHABET.iter().position(|c| c == &last.as_bytes()[0]).unwrap();
    format!("{head}{}", char::from(ALPHABET[value | usize::from(bits)]))
}
