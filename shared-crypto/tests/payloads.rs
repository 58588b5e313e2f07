//! Plaintexts that were sealed with the right keys by a writer that is not correct.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, reason = "in a test, what fails may panic")]

#[path = "common/forge.rs"]
mod forge;

use forge::{forged, opened, plain, written};
use proptest::collection::vec;
use proptest::prelude::*;
use shared_crypto::{Bundle, Error, File, Payload, padded_len};

/// `kind ‖ body_len ‖ body`, padded as it should be.
fn framed(kind: u8, body: &[u8]) -> Vec<u8> {
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

/// Opens, or is refused; and what opens is what the correct writer makes, byte for byte.
fn is_canonical_or_refused(plain: &[u8]) -> Result<(), TestCaseError> {
    match opened(plain) {
        Ok(payload) => prop_assert_eq!(written(&payload), forged(plain)),
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
    fn the_forge_makes_what_the_writer_makes(payload in payload()) {
        prop_assert_eq!(written(&payload), forged(&plain(&payload)));
        prop_assert_eq!(opened(&plain(&payload)), Ok(payload));
    }

    #[test]
    fn a_changed_plaintext_is_refused_or_canonical(
        payload in payload(),
        changes in vec((0_usize..90, prop_oneof![0_u8..20, any::<u8>()]), 1..4),
    ) {
        let mut plain = plain(&payload);
        for (at, byte) in changes {
            plain[at] = byte;
        }
        is_canonical_or_refused(&plain)?;
    }

    #[test]
    fn a_plaintext_of_another_length_is_refused(payload in payload(), len in 0_usize..1300) {
        let mut plain = plain(&payload);
        let right = plain.len();
        plain.resize(len, 0);
        prop_assert_eq!(opened(&plain).is_ok(), len == right);
    }

    #[test]
    fn a_body_of_any_bytes_is_refused_or_canonical(
        kind in 0_u8..4,
        body in prop_oneof![vec(0_u8..3, 0..40), vec(any::<u8>(), 0..1500)],
    ) {
        is_canonical_or_refused(&framed(kind, &body))?;
    }
}

#[test]
fn every_byte_of_the_padding_is_zero() {
    let right = plain(&Payload::text("hunter2"));
    for at in 5 + "hunter2".len()..right.len() {
        let mut wrong = right.clone();
        wrong[at] = 0x80;
        assert_eq!(opened(&wrong), Err(Error::Padding), "byte {at}");
        // Two wrongs do not make a right.
        wrong[right.len() - 1] ^= 0x80;
        assert_eq!(opened(&wrong).is_ok(), at == right.len() - 1, "byte {at} and the last");
    }
}

#[test]
fn what_is_not_utf8_in_a_bundle_is_a_malformed_bundle() {
    // note_len ‖ note ‖ count ‖ name_len ‖ name ‖ type_len ‖ media type ‖ len
    let body = |note: u8, name: u8, media_type: u8| {
        [&[0, 0, 0, 1, note], [1, 0, 1, name].as_slice(), &[1, media_type], &[0; 4]].concat()
    };
    assert!(opened(&framed(2, &body(b'n', b'a', b't'))).is_ok());
    for body in
        [body(0xFF, b'a', b't'), body(b'n', 0xFF, b't'), body(b'n', b'a', 0xFF), body(b'n', b'a', 0x7F)]
    {
        assert_eq!(opened(&framed(2, &body)), Err(Error::Bundle), "{body:?}");
    }
}

#[test]
fn lengths_that_lie_are_refused_without_being_believed() {
    // The first three say 4 GiB, the last says 255 files; nothing of it is there.
    assert_eq!(opened(&[&[1, 255, 255, 255, 255], [0; 1019].as_slice()].concat()), Err(Error::Padding));
    assert_eq!(opened(&framed(2, &[255; 4])), Err(Error::Bundle));
    assert_eq!(opened(&framed(2, &[0, 0, 0, 0, 1, 0, 1, b'a', 0, 255, 255, 255, 255])), Err(Error::Bundle));
    assert_eq!(opened(&framed(2, &[0, 0, 0, 0, 255])), Err(Error::Bundle));
}
