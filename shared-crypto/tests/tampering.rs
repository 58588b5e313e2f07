//! A link, envelope, share or passphrase that was changed, truncated or swapped is rejected with a specific error.
#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

#[path = "common/test_secret.rs"]
mod test_secret;

use shared_crypto::{Envelope, Error, PassphraseKey, Payload, RevealKeys, SecretLink, ServerShare, open};
use test_secret::{ORIGIN, id, sealed};

/// Returns a passphrase key without running Argon2id, which would take a third of a second.
fn passphrase_key() -> PassphraseKey {
    PassphraseKey::from_bytes([0xE7; 32])
}

/// Returns every copy of `bytes` with one bit flipped, with the index of the byte.
fn flip_each_bit(bytes: &[u8]) -> impl Iterator<Item = (usize, Vec<u8>)> {
    (0..bytes.len() * 8).map(|bit| {
        let mut flipped = bytes.to_vec();
        flipped[bit / 8] ^= 1 << (bit % 8);
        (bit / 8, flipped)
    })
}

/// Opens an envelope of these bytes with the given link, keys and share.
fn open_bytes(
    bytes: Vec<u8>,
    link: &SecretLink,
    keys: &RevealKeys,
    share: &ServerShare,
) -> Result<Payload, Error> {
    let envelope = Envelope::parse(bytes)?;
    link.check_envelope(&envelope)?;
    open(&envelope, keys, share)
}

#[test]
fn unchanged_secret_opens() {
    for passphrase_key in [None, Some(passphrase_key())] {
        let sealed = sealed(passphrase_key.as_ref());
        let link = SecretLink::parse(&sealed.link(ORIGIN, id()).to_string()).unwrap();
        let keys = link.derive_keys(passphrase_key.as_ref()).unwrap();
        let payload = open_bytes(sealed.envelope().to_vec(), &link, &keys, sealed.share());
        assert_eq!(payload, Ok(Payload::text("hunter2")));
    }
}

#[test]
fn flipped_bit_of_the_envelope_has_a_specific_error() {
    for passphrase_key in [None, Some(passphrase_key())] {
        let sealed = sealed(passphrase_key.as_ref());
        let link = sealed.link(ORIGIN, id());
        for (at, flipped) in flip_each_bit(sealed.envelope()) {
            let expected = match at {
                // The two kdfs differ in the lowest bit, so the envelope then belongs to a link with the other kdf.
                2 if flipped[2] <= 1 => Error::HeaderMismatch,
                0..4 => Error::Unsupported,
                _ => Error::Decrypt,
            };
            assert_eq!(open_bytes(flipped, &link, sealed.keys(), sealed.share()), Err(expected), "byte {at}");
        }
    }
}

#[test]
fn flipped_bit_of_the_share_fails_to_decrypt() {
    let sealed = sealed(None);
    let link = sealed.link(ORIGIN, id());
    for (at, flipped) in flip_each_bit(sealed.share().as_bytes()) {
        let share = ServerShare::from_bytes(flipped.try_into().unwrap());
        let payload = open_bytes(sealed.envelope().to_vec(), &link, sealed.keys(), &share);
        assert_eq!(payload, Err(Error::Decrypt), "byte {at}");
    }
}

#[test]
fn wrong_passphrase_has_another_proof_and_fails_to_decrypt() {
    let right = passphrase_key();
    let sealed = sealed(Some(&right));
    let link = sealed.link(ORIGIN, id());
    for (at, flipped) in flip_each_bit(right.as_bytes()) {
        let wrong = PassphraseKey::from_bytes(flipped.try_into().unwrap());
        let keys = link.derive_keys(Some(&wrong)).unwrap();
        assert_eq!(
            keys.access(),
            sealed.keys().access(),
            "the proof of the link does not depend on the passphrase"
        );
        assert_ne!(keys.reveal(), sealed.keys().reveal(), "byte {at}");
        let payload = open_bytes(sealed.envelope().to_vec(), &link, &keys, sealed.share());
        assert_eq!(payload, Err(Error::Decrypt), "byte {at}");
    }
}

#[test]
fn flipped_bit_of_the_link_is_a_damaged_link() {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    for passphrase_key in [None, Some(passphrase_key())] {
        let link = sealed(passphrase_key.as_ref()).link(ORIGIN, id()).to_string();
        let (before, fragment) = link.split_once("#k=").unwrap();
        let fragment = URL_SAFE_NO_PAD.decode(fragment).unwrap();
        assert_eq!(fragment.len(), 36);
        for (at, flipped) in flip_each_bit(&fragment) {
            let link = format!("{before}#k={}", URL_SAFE_NO_PAD.encode(flipped));
            assert_eq!(SecretLink::parse(&link).err(), Some(Error::DamagedLink), "byte {at}");
        }
        // The checksum covers the id as well, which binds the key to this secret.
        for (at, flipped) in flip_each_bit(id().as_bytes()) {
            let link = format!(
                "{ORIGIN}/s/{}#k={}",
                URL_SAFE_NO_PAD.encode(flipped),
                URL_SAFE_NO_PAD.encode(&fragment)
            );
            assert_eq!(SecretLink::parse(&link).err(), Some(Error::DamagedLink), "byte {at} of the id");
        }
    }
}

#[test]
fn changed_character_is_a_damaged_link() {
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
fn truncated_link_is_missing_its_fragment_or_damaged() {
    let link = sealed(None).link(ORIGIN, id()).to_string();
    let fragment = link.find("#k=").unwrap() + 3;
    for end in 0..link.len() {
        let expected = if end < fragment { Error::MissingFragment } else { Error::DamagedLink };
        assert_eq!(SecretLink::parse(&link[..end]).err(), Some(expected), "cut at {end}");
    }
}

#[test]
fn truncated_envelope_has_a_wrong_length() {
    let sealed = sealed(None);
    for len in 0..sealed.envelope().len() {
        let parsed = Envelope::parse(sealed.envelope()[..len].to_vec());
        assert_eq!(parsed, Err(Error::EnvelopeLength), "{len} bytes");
    }
}

#[test]
fn extended_envelope_has_a_wrong_length_or_fails_to_decrypt() {
    let sealed = sealed(None);
    let link = sealed.link(ORIGIN, id());
    for more in 1..=200 {
        let mut longer = sealed.envelope().to_vec();
        longer.resize(longer.len() + more, 0);
        // 1,088, 1,152 and 1,216 are the next valid lengths.
        let expected = if more % 64 == 0 { Error::Decrypt } else { Error::EnvelopeLength };
        assert_eq!(open_bytes(longer, &link, sealed.keys(), sealed.share()), Err(expected), "{more} more");
    }
}

#[test]
fn envelope_with_the_other_kdf_is_rejected() {
    let passphrase_key = passphrase_key();
    for (ours, theirs) in [(Some(&passphrase_key), None), (None, Some(&passphrase_key))] {
        let link = sealed(ours).link(ORIGIN, id());
        let swapped = sealed(theirs);
        let envelope = Envelope::parse(swapped.envelope().to_vec()).unwrap();
        // Both the check before a view is used and the decryption reject it.
        assert_eq!(link.check_envelope(&envelope), Err(Error::HeaderMismatch));
        let keys = link.derive_keys(ours).unwrap();
        assert_eq!(open(&envelope, &keys, swapped.share()), Err(Error::HeaderMismatch));
    }
}

#[test]
fn passphrase_must_match_the_kdf_of_the_link() {
    let passphrase_key = passphrase_key();
    let with = sealed(Some(&passphrase_key)).link(ORIGIN, id());
    let without = sealed(None).link(ORIGIN, id());
    assert_eq!(with.derive_keys(None).err(), Some(Error::PassphraseExpected));
    assert_eq!(without.derive_keys(Some(&passphrase_key)).err(), Some(Error::PassphraseExpected));
    assert_eq!(with.derive_keys(Some(&passphrase_key)).err(), None);
    assert_eq!(without.derive_keys(None).err(), None);
}
