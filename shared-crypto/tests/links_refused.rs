//! A link that cannot be repaired is refused before any request, and says what is wrong with it.
#![allow(clippy::unwrap_used, reason = "in a test, what fails may panic")]

#[path = "common/kinds.rs"]
mod kinds;
#[path = "common/sample.rs"]
mod sample;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kinds::kinds;
use sample::{ORIGIN, id};
use shared_crypto::{Error, Kdf, SecretLink};

#[test]
fn a_link_without_its_fragment_says_so() {
    for (link, marker, read) in kinds() {
        let (before, fragment) = link.split_once(marker).unwrap();
        for text in [
            String::new(),
            before.to_owned(),
            format!("{before}#"),
            format!("{before}{}", &marker[..2]),
            format!("{before}?{}{fragment}", &marker[1..]),
            format!("{before}#{fragment}"),
        ] {
            assert_eq!(read(&text), Err(Error::MissingFragment), "{text}");
        }
    }
}

#[test]
fn the_two_kinds_of_links_are_not_taken_for_each_other() {
    let [(share, _, read_share), (receipt, _, read_receipt)] = kinds();
    assert_eq!(read_share(&receipt), Err(Error::MissingFragment));
    assert_eq!(read_receipt(&share), Err(Error::MissingFragment));
}

#[test]
fn a_damaged_path_or_token_is_a_damaged_link() {
    let [(share, _, read_share), (receipt, _, read_receipt)] = kinds();
    let id = id().encode();
    for changed in ["", &id[1..], &format!("{id}A"), &id.replace(&id[3..4], "."), &format!("{}é", &id[..14])]
    {
        assert_eq!(read_share(&share.replace(&id, changed)), Err(Error::DamagedLink), "{changed}");
    }
    assert_eq!(read_share(&share.replace("/s/", "/x/")), Err(Error::DamagedLink));
    assert_eq!(read_receipt(&receipt.replace("/receipt", "/s/")), Err(Error::DamagedLink));
    assert_eq!(read_receipt(&receipt[..receipt.len() - 1]), Err(Error::DamagedLink));
    // The last of 43 characters has two bits to spare; they are zero in the one canonical form.
    let stray = format!("{}V", &receipt[..receipt.len() - 1]);
    assert!(receipt.ends_with('U'), "{receipt}");
    assert_eq!(read_receipt(&stray), Err(Error::DamagedLink));
}

#[test]
fn a_link_of_another_version_is_unsupported_and_not_damaged() {
    let key = [0xC3; 32];
    for byte in 0..=u8::MAX {
        let mut check = [0; 3];
        let info = [b"ikrypt/v1 link check".as_slice(), &[byte], id().as_bytes()].concat();
        hkdf::Hkdf::<sha2::Sha256>::new(Some(b"ikrypt/v1 link"), &key).expand(&info, &mut check).unwrap();
        let fragment = URL_SAFE_NO_PAD.encode([&[byte], key.as_slice(), &check].concat());
        let read =
            SecretLink::parse(&format!("{ORIGIN}/s/{}#k={fragment}", id().encode())).map(|link| link.kdf());
        let expected = match byte {
            0x10 => Ok(Kdf::None),
            0x11 => Ok(Kdf::Argon2id),
            _ => Err(Error::Unsupported),
        };
        assert_eq!(read, expected, "{byte:#04x}");
    }
}
