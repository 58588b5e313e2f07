//! `parse` undoes what chat programs, mail gateways and people do to links.
#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

#[path = "common/link_kinds.rs"]
mod link_kinds;
#[path = "common/test_secret.rs"]
mod test_secret;

use link_kinds::{LinkKind, link_kinds};
use shared_crypto::{Error, ReceiptLink, SecretId, SecretLink};
use test_secret::{ORIGIN, id, sealed};

#[test]
fn text_after_a_link_is_ignored() {
    for LinkKind { link, parse, .. } in link_kinds() {
        for tail in [
            ".",
            ",",
            "!",
            ")",
            "]",
            ">",
            "\"",
            "'",
            "_",
            "__",
            "*",
            "**",
            "~",
            "`",
            "|",
            ".)",
            "&fbclid=x",
            "&k=AAAA",
            "?utm_source=chat",
            "#k=",
            "|a label>",
            "</a>",
            " please",
            " - thanks",
            "\r\n",
            "\n\nGreetings",
            "…",
            "»",
            "🔑",
            "\u{200B}.",
            "%20",
            "%3D",
            "%23",
            "\0",
        ] {
            assert_eq!(parse(&format!("{link}{tail}")).as_ref(), Ok(&link), "{tail:?}");
        }
    }
}

#[test]
fn text_before_a_link_is_ignored() {
    for LinkKind { link, parse, .. } in link_kinds() {
        for head in [
            " ",
            "(",
            "<",
            "\"",
            "*",
            "_",
            "**",
            "here it is: ",
            "[the link](",
            "<a href=\"",
            "\u{FEFF}",
            "é🔑",
            "as said on https://chat.example/s/general: ",
            "http://chat.example/receipt says ",
            "> ",
        ] {
            assert_eq!(parse(&format!("{head}{link}")).as_ref(), Ok(&link), "{head:?}");
        }
    }
}

#[test]
fn query_before_the_fragment_is_ignored() {
    for LinkKind { link, marker, parse } in link_kinds() {
        for added in ["/", "?", "?fbclid=x", "?utm_source=chat&utm_medium=mail", "/?x=_-"] {
            assert_eq!(
                parse(&link.replace(marker, &format!("{added}{marker}"))).as_ref(),
                Ok(&link),
                "{added}"
            );
        }
    }
}

#[test]
fn line_breaks_and_invisible_characters_are_ignored_anywhere() {
    for LinkKind { link, parse, .. } in link_kinds() {
        for dropped in [
            " ", "\t", "\n", "\r\n", "\r\n\t ", "=\n", "=\r\n", "\u{200B}", "\u{200C}", "\u{200D}",
            "\u{FEFF}", "\u{AD}",
        ] {
            for at in 0..=link.len() {
                let text = format!("{}{dropped}{}", &link[..at], &link[at..]);
                assert_eq!(parse(&text).as_ref(), Ok(&link), "{text:?}");
            }
        }
    }
}

#[test]
fn link_wrapped_at_any_width_is_parsed() {
    for LinkKind { link, parse, .. } in link_kinds() {
        for (width, line_break) in
            (1..=76).flat_map(|width| ["\r\n", "=\r\n"].map(|line_break| (width, line_break)))
        {
            let lines: Vec<&str> =
                link.as_bytes().chunks(width).map(|line| str::from_utf8(line).unwrap()).collect();
            assert_eq!(parse(&lines.join(line_break)).as_ref(), Ok(&link), "{width} and {line_break:?}");
        }
    }
}

#[test]
fn percent_encoding_is_decoded_and_encoded_hash_exposes_the_key() {
    for LinkKind { link, marker, parse } in link_kinds() {
        let letter = &marker[1..2];
        for (hash, exposed) in [("#", false), ("%23", true), ("%2523", true)] {
            for equals in ["=", "%3D", "%3d", "%253D", "%253d"] {
                let text = link.replace(marker, &format!("{hash}{letter}{equals}"));
                assert_eq!(parse(&text).as_ref(), Ok(&link), "{text}");
                if marker == "#k=" {
                    assert_eq!(SecretLink::parse(&text).unwrap().is_exposed(), exposed, "{text}");
                }
            }
        }
    }
}

#[test]
fn encoded_hash_outside_the_link_does_not_expose_the_key() {
    let [LinkKind { link, .. }, _] = &link_kinds();
    for text in [format!("see %23general: {link}"), format!("{link} (room %23general)")] {
        assert!(!SecretLink::parse(&text).unwrap().is_exposed(), "{text}");
    }
}

#[test]
fn first_of_two_links_is_parsed() {
    for LinkKind { link, marker, parse } in link_kinds() {
        for text in [
            format!("[{link}]({link})"),
            format!("<a href=\"{link}\">{link}</a>"),
            format!("{link}\r\n{link}"),
        ] {
            assert_eq!(parse(&text).as_ref(), Ok(&link), "{text}");
        }
        if marker == "#k=" {
            let encoded = link.replace('#', "%23");
            assert!(SecretLink::parse(&format!("{encoded} {link}")).unwrap().is_exposed());
            assert!(!SecretLink::parse(&format!("{link} {encoded}")).unwrap().is_exposed());
        }
    }
}

#[test]
fn link_without_its_last_characters_is_completed() {
    let sealed = sealed(None);
    for lost in ["_", "-", "__", "_-", "-_", "--"] {
        // The checksum at the end of the link depends on the id: about one in 4,096 ids gives two such characters.
        let whole = (0..1_000_000_u64)
            .map(|n| SecretId::from_bytes([&[0; 4], n.to_be_bytes().as_slice()].concat().try_into().unwrap()))
            .map(|id| sealed.link(ORIGIN, id).to_string())
            .find(|link| link.ends_with(lost))
            .unwrap();
        let cut = whole.strip_suffix(lost).unwrap();
        for tail in ["", ".", ")", "*", "**", "~", "`", "&fbclid=x", "\r\n", " ", "<br>", "…"] {
            let parsed = SecretLink::parse(&format!("{cut}{tail}")).unwrap();
            assert_eq!(parsed.to_string(), whole, "{lost} lost before {tail:?}");
        }
        // Markdown's emphasis ends with `_`, so that the link looks complete, or one character short.
        if lost.starts_with('_') {
            let parsed = SecretLink::parse(&format!("_{cut}_")).unwrap();
            assert_eq!(parsed.to_string(), whole, "{lost} lost in emphasis");
        }
        // A lost character that was neither `_` nor `-` cannot be restored.
        let shorter = &cut[..cut.len() + lost.len() - 3];
        assert_eq!(SecretLink::parse(shorter).err(), Some(Error::DamagedLink));
    }
}

#[test]
fn parsed_origin_keeps_scheme_port_and_path() {
    let sealed = sealed(None);
    for origin in [
        "https://ikrypt.example",
        "https://ikrypt.example:8443",
        "http://127.0.0.1:3000",
        "http://[::1]:3000",
        "http://localhost",
        "https://example.org/tools/secrets",
        "https://s/s/s",
    ] {
        for head in ["", "look: ", "(", "https://chat.example/ says ", "http://chat.example/ says "] {
            let link = SecretLink::parse(&format!("{head}{}", sealed.link(origin, id()))).unwrap();
            assert_eq!(link.origin(), origin, "after {head:?}");
            let receipt = ReceiptLink::new(origin, sealed.receipt().clone());
            assert_eq!(
                ReceiptLink::parse(&format!("{head}{receipt}")).unwrap().origin(),
                origin,
                "after {head:?}"
            );
        }
        // A slash at the end of a configured origin is not doubled.
        assert!(sealed.link(&format!("{origin}/"), id()).to_string().starts_with(&format!("{origin}/s/")));
    }
}

#[test]
fn link_in_quoted_printable_mail_source_is_parsed() {
    let link = sealed(None).link(ORIGIN, id()).to_string();
    let source = format!("Hello,\r\n{}\r\n", link.replace("#k=", "#k=3D"));
    assert_eq!(SecretLink::parse(&source).unwrap().to_string(), link);
    let wrapped = source.replace("/s/", "/s=\r\n/");
    assert_eq!(SecretLink::parse(&wrapped).unwrap().to_string(), link);
}
