//! Properties of all payloads and all lengths.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

#[path = "common/recipient.rs"]
mod recipient;

use proptest::collection::vec;
use proptest::prelude::*;
use recipient::open_secret;
use shared_crypto::{
    Bundle, Envelope, Error, File, Passphrase, PassphraseKey, Payload, SealingKeys, SecretId, SecretLink,
    open, padded_len, seal,
};

const ORIGIN: &str = "https://ikrypt.example";

fn text() -> impl Strategy<Value = Payload> {
    // Up to 3,000 characters of any length: below, at and above the minimum of the padding.
    prop_oneof![".{0,20}", ".{0,3000}", any::<String>()].prop_map(Payload::text)
}

fn file() -> impl Strategy<Value = File> {
    let name = ".{1,255}".prop_map(|name: String| name.chars().take(63).collect::<String>());
    (name, "[ -~]{0,255}", vec(any::<u8>(), 0..500))
        .prop_map(|(name, media_type, bytes)| File::new(&name, &media_type, bytes).unwrap())
}

fn bundle() -> impl Strategy<Value = Payload> {
    (".{0,50}", vec(file(), 1..=16))
        .prop_map(|(note, files)| Payload::Files(Bundle::new(note, files).unwrap()))
}

proptest! {
    #[test]
    fn sealed_payload_opens_to_the_same(
        payload in prop_oneof![text(), bundle()],
        id in any::<[u8; 12]>(),
        passphrase_key in any::<Option<[u8; 32]>>(),
    ) {
        let passphrase_key = passphrase_key.map(PassphraseKey::from_bytes);
        let sealed = seal(&payload, SealingKeys::generate().unwrap(), passphrase_key.as_ref()).unwrap();
        let link = sealed.link(ORIGIN, SecretId::from_bytes(id)).to_string();

        let link = SecretLink::parse(&link).unwrap();
        let envelope = Envelope::parse(sealed.envelope().to_vec()).unwrap();
        prop_assert_eq!(link.check_envelope(&envelope), Ok(()));
        let keys = link.derive_keys(passphrase_key.as_ref()).unwrap();
        prop_assert_eq!(keys.access(), sealed.keys().access());
        prop_assert_eq!(&link.derive_access(), sealed.keys().access());
        prop_assert_eq!(keys.reveal(), sealed.keys().reveal());
        prop_assert_eq!(open(&envelope, &keys, sealed.share()), Ok(payload));
    }

    #[test]
    fn envelope_is_32_bytes_longer_than_the_padded_plaintext(text in ".{0,3000}") {
        let sealed = seal(&Payload::text(text.clone()), SealingKeys::generate().unwrap(), None).unwrap();
        prop_assert_eq!(sealed.envelope().len(), padded_len(5 + text.len()).unwrap() + 32);
        let encoded = sealed.to_request(60, 1).envelope;
        let decoded = Envelope::decode(&encoded).unwrap();
        prop_assert_eq!(decoded.as_bytes(), sealed.envelope());
        prop_assert_eq!(decoded.encode(), encoded);
    }

    #[test]
    fn padded_length_is_monotonic_and_a_fixed_point(n in lengths(), more in 0_usize..5000) {
        let padded = padded_len(n).unwrap();
        prop_assert!(padded >= n.max(1024));
        prop_assert_eq!(padded_len(padded), Some(padded), "of {}", n);
        prop_assert!(padded_len(n + more).unwrap() >= padded, "{} and {}", n, n + more);
        // Padmé adds less than 2^-F of a length, and F is at least 4 above the minimum.
        prop_assert!(n <= 1024 || padded - n <= n / 16, "{} for {}", padded, n);
    }
}

/// Returns lengths of every order of magnitude, and those around powers of two.
fn lengths() -> impl Strategy<Value = usize> {
    let around = (0_u32..40, -3_isize..=3)
        .prop_map(|(exponent, off)| (1_usize << exponent).saturating_add_signed(off));
    let any = (0_u32..40).prop_flat_map(|exponent| 0..=1_usize << exponent);
    prop_oneof![around, any]
}

proptest! {
    // Each case runs Argon2id twice, a third of a second each.
    #![proptest_config(ProptestConfig::with_cases(3))]

    #[test]
    fn payload_sealed_with_a_passphrase_opens_to_the_same(
        payload in prop_oneof![text(), bundle()],
        passphrase in "\\PC{1,80}",
    ) {
        let sealing_keys = SealingKeys::generate().unwrap();
        let passphrase_key = Passphrase::new(&passphrase).unwrap().derive_key(&sealing_keys.derive_salt()).unwrap();
        let sealed = seal(&payload, sealing_keys, Some(&passphrase_key)).unwrap();
        let link = sealed.link(ORIGIN, SecretId::generate().unwrap()).to_string();
        let envelope = sealed.to_request(60, 1).envelope;
        prop_assert_eq!(open_secret(&link, &envelope, sealed.share(), None), Err(Error::PassphraseExpected));
        prop_assert_eq!(open_secret(&link, &envelope, sealed.share(), Some(&passphrase)), Ok(payload));
    }
}

#[test]
fn passwords_of_1_to_1000_characters_have_the_same_size() {
    let request = |len: usize| {
        let sealed = seal(&Payload::text("x".repeat(len)), SealingKeys::generate().unwrap(), None).unwrap();
        (sealed.envelope().len(), serde_json::to_string(&sealed.to_request(86_400, 1)).unwrap().len())
    };
    let one = request(1);
    assert_eq!(one.0, 1024 + 32);
    assert!((1..=1000).all(|len| request(len) == one));
    assert_eq!(request(1019), one, "the longest text that fits into the minimum");
    assert_ne!(request(1020), one);
}

#[test]
fn padded_len_equals_the_reference() {
    for (n, padded) in [
        (0, 1024),
        (1, 1024),
        (1023, 1024),
        (1024, 1024),
        (1025, 1088),
        (1088, 1088),
        (1089, 1152),
        (1500, 1536),
        (2047, 2048),
        (2048, 2048),
        (2049, 2176),
        (4096, 4096),
        (4097, 4352),
        (5006, 5120),
        (9999, 10_240),
        (65_535, 65_536),
        (65_536, 65_536),
        (65_537, 67_584),
        (100_000, 100_352),
        (1_000_000, 1_015_808),
        (1_048_576, 1_048_576),
        (1_048_577, 1_081_344),
        (16_777_215, 16_777_216),
        (123_456_789, 123_731_968),
        (2_147_483_648, 2_147_483_648),
        (4_294_967_295, 4_294_967_296),
    ] {
        assert_eq!(padded_len(n), Some(padded), "{n}");
    }
    assert_eq!(padded_len(usize::MAX), None);
}
