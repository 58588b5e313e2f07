//! A link that cannot be repaired is rejected with an error that says what is wrong with it.
#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

#[path = "common/link_kinds.rs"]
mod link_kinds;
#[path = "common/test_secret.rs"]
mod test_secret;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use link_kinds::{LinkKind, link_kinds};
use shared_crypto::{Error, Kdf, SecretLink};
use test_secret::{ORIGIN, id};

#[test]
fn link_without_fragment_is_reported_as_such() {
    for LinkKind { link, marker, parse } in link_kinds() {
        let (before, fragment) = link.split_once(marker).unwrap();
        for text in [
            String::new(),
            before.to_owned(),
            format!("{before}#"),
            format!("{before}{}", &marker[..2]),
            format!("{before}?{}{fragment}", &marker[1..]),
            format!("{before}#{fragment}"),
        ] {
            assert_eq!(parse(&text), Err(Error::MissingFragment), "{text}");
        }
    }
}

#[test]
fn link_of_the_other_kind_is_rejected() {
    let [
        LinkKind { link: share, parse: parse_share, .. },
        LinkKind { link: receipt, parse: parse_receipt, .. },
    ] = link_kinds();
    assert_eq!(parse_share(&receipt), Err(Error::MissingFragment));
    assert_eq!(parse_receipt(&share), Err(Error::MissingFragment));
}

#[test]
fn damaged_path_or_token_is_a_damaged_link() {
    let [
        LinkKind { link: share, parse: parse_share, .. },
        LinkKind { link: receipt, parse: parse_receipt, .. },
    ] = link_kinds();
    let id = id().encode();
    for changed in ["", &id[1..], &format!("{id}A"), &id.replace(&id[3..4], "."), &format!("{}é", &id[..14])]
    {
        assert_eq!(parse_share(&share.replace(&id, changed)), Err(Error::DamagedLink), "{changed}");
    }
    assert_eq!(parse_share(&share.replace("/s/", "/x/")), Err(Error::DamagedLink));
    assert_eq!(parse_receipt(&receipt.replace("/receipt", "/s/")), Err(Error::DamagedLink));
    assert_eq!(parse_receipt(&receipt[..receipt.len() - 1]), Err(Error::DamagedLink));
    // The last of 43 characters has two unused bits, which are zero in the canonical form.
    let stray = format!("{}V", &receipt[..receipt.len() - 1]);
    assert!(receipt.ends_with('U'), "{receipt}");
    assert_eq!(parse_receipt(&stray), Err(Error::DamagedLink));
}

#[test]
fn link_of_another_version_is_unsupported() {
    let key = [0xC3; 32];
    for byte in 0..=u8::MAX {
        let mut check = [0; 3];
        let info = [b"ikrypt/v1 link check".as_slice(), &[byte], id().as_bytes()].concat();
        hkdf::Hkdf::<sha2::Sha256>::new(Some(b"ikrypt/v1 link"), &key).expand(&info, &mut check).unwrap();
        let fragment = URL_SAFE_NO_PAD.encode([&[byte], key.as_slice(), &check].concat());
        let kdf =
            SecretLink::parse(&format!("{ORIGIN}/s/{}#k={fragment}", id().encode())).map(|link| link.kdf());
        let expected = match byte {
            0x10 => Ok(Kdf::None),
            0x11 => Ok(Kdf::Argon2id),
            _ => Err(Error::Unsupported),
        };
        assert_eq!(kdf, expected, "{byte:#04x}");
    }
}
