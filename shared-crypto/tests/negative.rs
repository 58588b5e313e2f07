//! Whatever is changed, cut or swapped is refused with its own error, and never opened.
#![allow(clippy::unwrap_used, reason = "in a test, what fails may panic")]

#[path = "common/sample.rs"]
mod sample;

use sample::{ORIGIN, id, sealed};
use shared_crypto::{Envelope, Error, PassphraseKey, Payload, RevealKeys, SecretLink, ServerShare, open};

/// What Argon2id might have made of a passphrase, without its third of a second.
fn stretched() -> PassphraseKey {
    PassphraseKey::from_bytes([0xE7; 32])
}

/// Every copy of `bytes` with one bit turned, with the place of the byte.
fn one_bit_turned(bytes: &[u8]) -> impl Iterator<Item = (usize, Vec<u8>)> {
    (0..bytes.len() * 8).map(|bit| {
        let mut turned = bytes.to_vec();
        turned[bit / 8] ^= 1 << (bit % 8);
        (bit / 8, turned)
    })
}

/// A reader with the right link and the right share, who is sent these bytes.
fn read(bytes: Vec<u8>, link: &SecretLink, keys: &RevealKeys, share: &ServerShare) -> Result<Payload, Error> {
    let envelope = Envelope::parse(bytes)?;
    link.accepts(&envelope)?;
    open(&envelope, keys, share)
}

#[test]
fn the_sample_opens_as_long_as_nothing_is_changed() {
    for stretched in [None, Some(stretched())] {
        let sealed = sealed(stretched.as_ref());
        let link = SecretLink::parse(&sealed.link(ORIGIN, id()).to_string()).unwrap();
        let keys = link.derive_keys(stretched.as_ref()).unwrap();
        let payload = read(sealed.envelope().to_vec(), &link, &keys, sealed.share());
        assert_eq!(payload, Ok(Payload::text("hunter2")));
    }
}

#[test]
fn one_turned_bit_of_the_envelope_has_its_own_error() {
    for stretched in [None, Some(stretched())] {
        let sealed = sealed(stretched.as_ref());
        let link = sealed.link(ORIGIN, id());
        for (at, turned) in one_bit_turned(sealed.envelope()) {
            let expected = match at {
                // The two kdfs differ in the lowest bit: the envelope then belongs to another link.
                2 if turned[2] <= 1 => Error::HeaderMismatch,
                0..4 => Error::Unsupported,
                _ => Error::Decrypt,
            };
            assert_eq!(read(turned, &link, sealed.keys(), sealed.share()), Err(expected), "byte {at}");
        }
    }
}

#[test]
fn one_turned_bit_of_the_share_does_not_decrypt() {
    let sealed = sealed(None);
    let link = sealed.link(ORIGIN, id());
    for (at, turned) in one_bit_turned(sealed.share().as_bytes()) {
        let share = ServerShare::from_bytes(turned.try_into().unwrap());
        let payload = read(sealed.envelope().to_vec(), &link, sealed.keys(), &share);
        assert_eq!(payload, Err(Error::Decrypt), "byte {at}");
    }
}

#[test]
fn another_passphrase_has_another_proof_and_does_not_decrypt() {
    let right = stretched();
    let sealed = sealed(Some(&right));
    let link = sealed.link(ORIGIN, id());
    for (at, turned) in one_bit_turned(right.as_bytes()) {
        let wrong = PassphraseKey::from_bytes(turned.try_into().unwrap());
        let keys = link.derive_keys(Some(&wrong)).unwrap();
        assert_eq!(keys.access(), sealed.keys().access(), "looking needs no passphrase");
        assert_ne!(keys.reveal(), sealed.keys().reveal(), "byte {at}");
        let payload = read(sealed.envelope().to_vec(), &link, &keys, sealed.share());
        assert_eq!(payload, Err(Error::Decrypt), "byte {at}");
    }
}

#[test]
fn one_turned_bit_of_the_link_is_a_damaged_link() {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    for stretched in [None, Some(stretched())] {
        let link = sealed(stretched.as_ref()).link(ORIGIN, id()).to_string();
        let (before, fragment) = link.split_once("#k=").unwrap();
        let fragment = URL_SAFE_NO_PAD.decode(fragment).unwrap();
        assert_eq!(fragment.len(), 36);
        for (at, turned) in one_bit_turned(&fragment) {
            let link = format!("{before}#k={}", URL_SAFE_NO_PAD.encode(turned));
            assert_eq!(SecretLink::parse(&link).err(), Some(Error::DamagedLink), "byte {at}");
        }
        // The check covers the id as well: it ties the key to this one secret.
        for (at, turned) in one_bit_turned(id().as_bytes()) {
            let link = format!(
                "{ORIGIN}/s/{}#k={}",
                URL_SAFE_NO_PAD.encode(turned),
                URL_SAFE_NO_PAD.encode(&fragment)
            );
            assert_eq!(SecretLink::parse(&link).err(), Some(Error::DamagedLink), "byte {at} of the id");
        }
    }
}

#[test]
fn one_changed_character_is_a_damaged_link() {
    const OTHERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/=.~%&#?é🔑";

    let link = sealed(None).link(ORIGIN, id()).to_string();
    let start = link.find("#k=").unwrap() + 3;
    assert_eq!(link.len() - start, 48);
    for at in start..link.len() {
        for other in OTHERS.chars().filter(|c| !link[at..].starts_with(*c)) {
            let changed = format!("{}{other}{}", &link[..at], &link[at + 1..]);
            assert_eq!(
                SecretLink::parse(&changed).err(),
                Some(Error::DamagedLink),
                "{other} at {}",
                at - start
            );
        }
    }
}

#[test]
fn a_link_that_is_cut_short_says_what_is_missing() {
    let link = sealed(None).link(ORIGIN, id()).to_string();
    let fragment = link.find("#k=").unwrap() + 3;
    for end in 0..link.len() {
        let expected = if end < fragment { Error::MissingFragment } else { Error::DamagedLink };
        assert_eq!(SecretLink::parse(&link[..end]).err(), Some(expected), "cut at {end}");
    }
}

#[test]
fn an_envelope_that_is_cut_short_has_a_wrong_length() {
    let sealed = sealed(None);
    for len in 0..sealed.envelope().len() {
        let parsed = Envelope::parse(sealed.envelope()[..len].to_vec());
        assert_eq!(parsed, Err(Error::EnvelopeLength), "{len} bytes");
    }
}

#[test]
fn an_envelope_with_bytes_after_it_has_a_wrong_length_or_does_not_decrypt() {
    let sealed = sealed(None);
    let link = sealed.link(ORIGIN, id());
    for more in 1..=200 {
        let mut longer = sealed.envelope().to_vec();
        longer.resize(longer.len() + more, 0);
        // 1,088, 1,152 and 1,216 are the next lengths that padding makes.
        let expected = if more % 64 == 0 { Error::Decrypt } else { Error::EnvelopeLength };
        assert_eq!(read(longer, &link, sealed.keys(), sealed.share()), Err(expected), "{more} more");
    }
}

#[test]
fn a_server_cannot_strip_the_passphrase_or_ask_for_one() {
    let stretched = stretched();
    for (ours, theirs) in [(Some(&stretched), None), (None, Some(&stretched))] {
        let link = sealed(ours).link(ORIGIN, id());
        let swapped = sealed(theirs);
        let envelope = Envelope::parse(swapped.envelope().to_vec()).unwrap();
        // Both doors hold: the one before a view is spent, and the one to the cipher.
        assert_eq!(link.accepts(&envelope), Err(Error::HeaderMismatch));
        let keys = link.derive_keys(ours).unwrap();
        assert_eq!(open(&envelope, &keys, swapped.share()), Err(Error::HeaderMismatch));
    }
}

#[test]
fn a_passphrase_is_given_exactly_if_the_link_asks_for_one() {
    let stretched = stretched();
    let with = sealed(Some(&stretched)).link(ORIGIN, id());
    let without = sealed(None).link(ORIGIN, id());
    assert_eq!(with.derive_keys(None).err(), Some(Error::PassphraseExpected));
    assert_eq!(without.derive_keys(Some(&stretched)).err(), Some(Error::PassphraseExpected));
    assert_eq!(with.derive_keys(Some(&stretched)).err(), None);
    assert_eq!(without.derive_keys(None).err(), None);
}
