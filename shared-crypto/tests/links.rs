//! What chat programs, mail gateways and people do to links is undone.
#![allow(clippy::unwrap_used, reason = "in a test, what fails may panic")]

#[path = "common/kinds.rs"]
mod kinds;
#[path = "common/sample.rs"]
mod sample;

use kinds::kinds;
use sample::{ORIGIN, id, sealed};
use shared_crypto::{Error, ReceiptLink, SecretId, SecretLink};

#[test]
fn what_follows_a_link_is_ignored() {
    for (link, _, read) in kinds() {
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
            assert_eq!(read(&format!("{link}{tail}")).as_ref(), Ok(&link), "{tail:?}");
        }
    }
}

#[test]
fn what_precedes_a_link_is_ignored() {
    for (link, _, read) in kinds() {
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
            assert_eq!(read(&format!("{head}{link}")).as_ref(), Ok(&link), "{head:?}");
        }
    }
}

#[test]
fn what_a_tracker_puts_before_the_fragment_is_ignored() {
    for (link, marker, read) in kinds() {
        for added in ["/", "?", "?fbclid=x", "?utm_source=chat&utm_medium=mail", "/?x=_-"] {
            assert_eq!(
                read(&link.replace(marker, &format!("{added}{marker}"))).as_ref(),
                Ok(&link),
                "{added}"
            );
        }
    }
}

#[test]
fn breaks_and_invisible_characters_are_dropped_wherever_they_stand() {
    for (link, _, read) in kinds() {
        for dropped in [
            " ", "\t", "\n", "\r\n", "\r\n\t ", "=\n", "=\r\n", "\u{200B}", "\u{200C}", "\u{200D}",
            "\u{FEFF}", "\u{AD}",
        ] {
            for at in 0..=link.len() {
                let text = format!("{}{dropped}{}", &link[..at], &link[at..]);
                assert_eq!(read(&text).as_ref(), Ok(&link), "{text:?}");
            }
        }
    }
}

#[test]
fn a_link_that_is_wrapped_at_any_width_opens() {
    for (link, _, read) in kinds() {
        for (width, at_end) in (1..=76).flat_map(|width| ["\r\n", "=\r\n"].map(|at_end| (width, at_end))) {
            let lines: Vec<&str> =
                link.as_bytes().chunks(width).map(|line| str::from_utf8(line).unwrap()).collect();
            assert_eq!(read(&lines.join(at_end)).as_ref(), Ok(&link), "{width} and {at_end:?}");
        }
    }
}

#[test]
fn percent_encoding_is_undone_and_only_a_rewritten_hash_shows_the_key() {
    for (link, marker, read) in kinds() {
        let letter = &marker[1..2];
        for (hash, exposed) in [("#", false), ("%23", true), ("%2523", true)] {
            for equals in ["=", "%3D", "%3d", "%253D", "%253d"] {
                let text = link.replace(marker, &format!("{hash}{letter}{equals}"));
                assert_eq!(read(&text).as_ref(), Ok(&link), "{text}");
                if marker == "#k=" {
                    assert_eq!(SecretLink::parse(&text).unwrap().exposed(), exposed, "{text}");
                }
            }
        }
    }
}

#[test]
fn a_hash_that_was_rewritten_elsewhere_shows_no_key() {
    let (link, ..) = &kinds()[0];
    for text in [format!("see %23general: {link}"), format!("{link} (room %23general)")] {
        assert!(!SecretLink::parse(&text).unwrap().exposed(), "{text}");
    }
}

#[test]
fn of_two_links_the_first_is_read() {
    for (link, marker, read) in kinds() {
        for text in [
            format!("[{link}]({link})"),
            format!("<a href=\"{link}\">{link}</a>"),
            format!("{link}\r\n{link}"),
        ] {
            assert_eq!(read(&text).as_ref(), Ok(&link), "{text}");
        }
        if marker == "#k=" {
            let rewritten = link.replace('#', "%23");
            assert!(SecretLink::parse(&format!("{rewritten} {link}")).unwrap().exposed());
            assert!(!SecretLink::parse(&format!("{link} {rewritten}")).unwrap().exposed());
        }
    }
}

#[test]
fn a_link_that_lost_its_own_last_characters_opens() {
    let sealed = sealed(None);
    for lost in ["_", "-", "__", "_-", "-_", "--"] {
        // The check at the link's end depends on the id: one in some thousand ids ends it so.
        let whole = (0..1_000_000_u64)
            .map(|n| SecretId::from_bytes([&[0; 4], n.to_be_bytes().as_slice()].concat().try_into().unwrap()))
            .map(|id| sealed.link(ORIGIN, id).to_string())
            .find(|link| link.ends_with(lost))
            .unwrap();
        let cut = whole.strip_suffix(lost).unwrap();
        for tail in ["", ".", ")", "*", "**", "~", "`", "&fbclid=x", "\r\n", " ", "<br>", "…"] {
            let read = SecretLink::parse(&format!("{cut}{tail}")).unwrap();
            assert_eq!(read.to_string(), whole, "{lost} lost before {tail:?}");
        }
        // In Markdown's emphasis one `_` closes: the run is then the whole link, or one character short of it.
        if lost.starts_with('_') {
            let read = SecretLink::parse(&format!("_{cut}_")).unwrap();
            assert_eq!(read.to_string(), whole, "{lost} lost in emphasis");
        }
        // What was neither `_` nor `-` cannot be put back.
        let shorter = &cut[..cut.len() + lost.len() - 3];
        assert_eq!(SecretLink::parse(shorter).err(), Some(Error::DamagedLink));
    }
}

#[test]
fn the_origin_is_kept_with_its_scheme_port_and_path() {
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
        // A slash at the end of a configured origin is not written twice.
        assert!(sealed.link(&format!("{origin}/"), id()).to_string().starts_with(&format!("{origin}/s/")));
    }
}

#[test]
fn mail_source_in_quoted_printable_opens() {
    let link = sealed(None).link(ORIGIN, id()).to_string();
    let source = format!("Hello,\r\n{}\r\n", link.replace("#k=", "#k=3D"));
    assert_eq!(SecretLink::parse(&source).unwrap().to_string(), link);
    let wrapped = source.replace("/s/", "/s=\r\n/");
    assert_eq!(SecretLink::parse(&wrapped).unwrap().to_string(), link);
}
