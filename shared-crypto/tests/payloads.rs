//! Malformed plaintexts, encrypted with the correct keys, are rejected.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

#[path = "common/arbitrary_plaintext.rs"]
mod arbitrary_plaintext;

use arbitrary_plaintext::{encrypt, open_plaintext, padded_plaintext, seal_payload};
use proptest::collection::vec;
use proptest::prelude::*;
use shared_crypto::{Bundle, Error, File, Payload, padded_len};

/// Returns `kind ‖ body_len ‖ body` with valid padding.
fn frame(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut plain = [&[kind], u32::try_from(body.len()).unwrap().to_be_bytes().as_slice(), body].concat();
    plain.resize(padded_len(plain.len()).unwrap(), 0);
    plain
}

fn payload() -> impl Strategy<Value = Payload> {
    let file = (".{1,8}", "[ -~]{0,8}", vec(any::<u8>(), 0..20))
        .prop_map(|(name, media_type, bytes)| File::new(&name, &media_type, bytes).unwrap());
    let files = (".{0,8}", vec(file, 1..4))
        .prop_map(|(note, files)| Payload::Files(Bundle::new(note, files).unwrap()));
    prop_oneof![".{0,40}".prop_map(Payload::text), files.boxed()]
}

/// Asserts that a plaintext is rejected, or that it is the one that `seal` encrypts for the same payload.
fn assert_canonical_or_rejected(plain: &[u8]) -> Result<(), TestCaseError> {
    match open_plaintext(plain) {
        Ok(payload) => prop_assert_eq!(seal_payload(&payload), encrypt(plain)),
        Err(error) => prop_assert!(
            matches!(
                error,
                Error::EnvelopeLength | Error::UnknownKind | Error::Padding | Error::NotUtf8 | Error::Bundle
            ),
            "{error:?}"
        ),
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn encrypted_plaintext_equals_the_sealed_payload(payload in payload()) {
        prop_assert_eq!(seal_payload(&payload), encrypt(&padded_plaintext(&payload)));
        prop_assert_eq!(open_plaintext(&padded_plaintext(&payload)), Ok(payload));
    }

    #[test]
    fn changed_plaintext_is_rejected_or_canonical(
        payload in payload(),
        changes in vec((0_usize..90, prop_oneof![0_u8..20, any::<u8>()]), 1..4),
    ) {
        let mut plain = padded_plaintext(&payload);
        for (at, byte) in changes {
            plain[at] = byte;
        }
        assert_canonical_or_rejected(&plain)?;
    }

    #[test]
    fn plaintext_of_another_length_is_rejected(payload in payload(), len in 0_usize..1300) {
        let mut plain = padded_plaintext(&payload);
        let valid_len = plain.len();
        plain.resize(len, 0);
        prop_assert_eq!(open_plaintext(&plain).is_ok(), len == valid_len);
    }

    #[test]
    fn body_of_any_bytes_is_rejected_or_canonical(
        kind in 0_u8..4,
        body in prop_oneof![vec(0_u8..3, 0..40), vec(any::<u8>(), 0..1500)],
    ) {
        assert_canonical_or_rejected(&frame(kind, &body))?;
    }
}

#[test]
fn padding_with_a_non_zero_byte_is_rejected() {
    let valid = padded_plaintext(&Payload::text("hunter2"));
    for at in 5 + "hunter2".len()..valid.len() {
        let mut changed = valid.clone();
        changed[at] = 0x80;
        assert_eq!(open_plaintext(&changed), Err(Error::Padding), "byte {at}");
        // Two changed bytes must not cancel each other.
        changed[valid.len() - 1] ^= 0x80;
        assert_eq!(open_plaintext(&changed).is_ok(), at == valid.len() - 1, "byte {at} and the last");
    }
}

#[test]
fn bundle_with_invalid_text_is_malformed() {
    // note_len ‖ note ‖ count ‖ name_len ‖ name ‖ type_len ‖ media type ‖ len
    let body = |note: u8, name: u8, media_type: u8| {
        [&[0, 0, 0, 1, note], [1, 0, 1, name].as_slice(), &[1, media_type], &[0; 4]].concat()
    };
    assert!(open_plaintext(&frame(2, &body(b'n', b'a', b't'))).is_ok());
    for body in
        [body(0xFF, b'a', b't'), body(b'n', 0xFF, b't'), body(b'n', b'a', 0xFF), body(b'n', b'a', 0x7F)]
    {
        assert_eq!(open_plaintext(&frame(2, &body)), Err(Error::Bundle), "{body:?}");
    }
}

#[test]
fn length_beyond_the_body_is_rejected() {
    // The first three claim 4 GiB, and the last one 255 files. None of them is present.
    assert_eq!(
        open_plaintext(&[&[1, 255, 255, 255, 255], [0; 1019].as_slice()].concat()),
        Err(Error::Padding)
    );
    assert_eq!(open_plaintext(&frame(2, &[255; 4])), Err(Error::Bundle));
    assert_eq!(
        open_plaintext(&frame(2, &[0, 0, 0, 0, 1, 0, 1, b'a', 0, 255, 255, 255, 255])),
        Err(Error::Bundle)
    );
    assert_eq!(open_plaintext(&frame(2, &[0, 0, 0, 0, 255])), Err(Error::Bundle));
}
