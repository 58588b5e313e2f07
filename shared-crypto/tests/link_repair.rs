//! Links that gateways and editors altered are recovered, and damaged ones are rejected. `docs/api/test_ikrypt.py` uses the
//! same vectors.
#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

#[path = "common/link_kinds.rs"]
mod link_kinds;
#[path = "common/test_secret.rs"]
mod test_secret;

use std::time::{Duration, Instant};

use link_kinds::{LinkKind, link_kinds};
use serde::Deserialize;
use shared_crypto::{Error, LinkShape, ReceiptLink, SecretLink};
use test_secret::{ORIGIN, id, sealed};

/// Altered texts with the expected links, and texts that must be rejected.
#[derive(Deserialize)]
struct Vectors {
    recovered: Vec<Recovered>,
    refused: Vec<Refused>,
}

#[derive(Deserialize)]
struct Recovered {
    name: String,
    text: String,
    link: String,
}

#[derive(Deserialize)]
struct Refused {
    name: String,
    text: String,
}

fn vectors() -> Vectors {
    serde_json::from_str(include_str!("link_repair_v1.json")).unwrap()
}

#[test]
fn altered_link_is_recovered() {
    for Recovered { name, text, link } in vectors().recovered {
        let recovered = if name.ends_with("-receipt") {
            ReceiptLink::recover(&text).map(|link| link.to_string())
        } else {
            SecretLink::recover(&text).map(|link| link.to_string())
        };
        assert_eq!(recovered.as_ref(), Ok(&link), "{name}: {text}");
    }
}

#[test]
fn altered_link_with_wrong_checksum_is_rejected() {
    for Refused { name, text } in vectors().refused {
        assert!(SecretLink::recover(&text).is_err(), "{name}: {text}");
        assert!(ReceiptLink::recover(&text).is_err(), "{name}: {text}");
    }
}

#[test]
fn recover_returns_the_same_link_as_parse() {
    for LinkKind { link, marker, parse } in link_kinds() {
        let recover = |text: &str| match marker {
            "#k=" => SecretLink::recover(text).map(|link| link.to_string()),
            _ => ReceiptLink::recover(text).map(|link| link.to_string()),
        };
        for text in [
            link.clone(),
            format!("see <{link}>."),
            format!("{link}&fbclid=x"),
            link.replace('#', "%23"),
            format!("{}=\r\n{}", &link[..30], &link[30..]),
        ] {
            assert_eq!(recover(&text), parse(&text), "{text}");
            assert_eq!(recover(&text).as_ref(), Ok(&link), "{text}");
        }
        assert_eq!(recover("nothing"), Err(Error::MissingFragment));
        assert_eq!(recover(&link[..link.len() - 5]), Err(Error::DamagedLink));
    }
}

#[test]
fn link_with_encoded_hash_is_exposed() {
    let link = sealed(None).link(ORIGIN, id()).to_string();
    let encode = |text: &str| text.replace(':', "%3A").replace('/', "%2F").replace('#', "%23");
    for (text, exposed) in [
        (format!("https://gateway.example/?url={}&x", encode(&link)), true),
        (format!("https://urldefense.com/v3/__{}__;Iw!!x!y$", link.replace('#', "*")), true),
        (link.replace('#', "&#35;"), false),
        (format!("> {}\n> {}", &link[..40], &link[40..]), false),
        (format!("https://gateway.example/?url={}", encode(&link).replace("%23", "#")), false),
    ] {
        assert_eq!(SecretLink::recover(&text).map(|link| link.is_exposed()), Ok(exposed), "{text}");
    }
}

#[test]
fn shape_of_incomplete_link_has_its_kind_and_length() {
    let escape = |text: &str| text.replace('#', "\\#").replace('_', "\\_");
    for (text, kind, length, whole) in [
        ("https://a.example/receipt#t=abc_def", 't', 7, 43),
        ("https://a.example/r/c2VjcmV0IGlkIDEy#q=EAAA", 'q', 4, 48),
        ("https://a.example/collect#c=", 'c', 0, 48),
        ("https://g.example/?u=https%3A%2F%2Fa.example%2Fs%2Fx%23k%3DEA_B&d=1", 'k', 4, 48),
        ("https://a.example/s/x#k=AB, and https://a.example/receipt#t=x", 'k', 2, 48),
    ] {
        let shape = LinkShape::Fragment { kind, length, whole };
        assert_eq!(LinkShape::of(text), shape, "{text}");
        assert_eq!(LinkShape::of(&escape(text)), shape, "{text}");
    }
    for text in [
        "https://a.example/s/c2VjcmV0IGlkIDEy",
        "https://a.example/receipt#",
        "a.example%2Fs%2Fc2VjcmV0IGlkIDEy&d",
    ] {
        assert_eq!(LinkShape::of(text), LinkShape::PathOnly, "{text}");
    }
    for text in ["", "hello", "https://a.example/s/short", "https://a.example/#x=1", "#k", "https://t.co/Ab"]
    {
        assert_eq!(LinkShape::of(text), LinkShape::Unknown, "{text}");
    }
}

#[test]
fn recovery_time_is_bounded() {
    for part in [
        "/v3/",
        "/v3/__a;",
        "/v2/url?",
        "/v2/url?u=-2F",
        "eyJ",
        "aHR0c",
        "&#35;",
        "%25",
        "\\u0025",
        "=3D",
        "> ",
        "\u{2014}",
        "#k=",
    ] {
        for length in [64 * 1024, 1 << 18] {
            let text = part.repeat(length / part.len());
            let started = Instant::now();
            assert!(SecretLink::recover(&text).is_err());
            assert!(ReceiptLink::recover(&text).is_err());
            assert!(started.elapsed() < Duration::from_secs(20), "{part}: {:?}", started.elapsed());
        }
    }
}
