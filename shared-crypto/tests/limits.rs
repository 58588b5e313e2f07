//! How long and of what form things may be.
#![allow(clippy::unwrap_used, reason = "in a test, what fails may panic")]

use shared_crypto::{
    Bundle, Envelope, Error, File, LinkKey, MAX_FILES, Passphrase, Payload, ReceiptToken, SealingKeys,
    SecretId, ServerShare, seal,
};

#[test]
fn a_passphrase_has_1_to_1024_bytes_after_preparation() {
    for (text, fits) in [
        (String::new(), false),
        ("a".repeat(1024), true),
        ("a".repeat(1025), false),
        // An ideographic space has three bytes, and one after preparation.
        ("\u{3000}".repeat(1024), true),
        ("\u{3000}".repeat(1025), false),
        // e and a combining acute accent: three bytes, and two after preparation.
        ("e\u{301}".repeat(512), true),
        ("e\u{301}".repeat(513), false),
        // A letter of three bytes that composition excludes: six after preparation.
        ("\u{958}".repeat(170), true),
        ("\u{958}".repeat(171), false),
        // A ligature of three bytes that NFC keeps, and only NFKC takes apart into two.
        ("\u{FB01}".repeat(341), true),
        ("\u{FB01}".repeat(342), false),
        (" ".to_owned(), true),
    ] {
        let expected = (!fits).then_some(Error::PassphraseLength);
        assert_eq!(Passphrase::new(&text).err(), expected, "{} bytes", text.len());
    }
}

#[test]
fn byte_strings_of_another_length_or_form_are_refused() {
    for text in ["", "A", &"A".repeat(42), &"A".repeat(44), &"A".repeat(100_000), &"é".repeat(21)] {
        assert_eq!(LinkKey::decode(text).err(), Some(Error::Encoding));
        assert_eq!(ServerShare::decode(text).err(), Some(Error::Encoding));
        assert_eq!(ReceiptToken::decode(text).err(), Some(Error::Encoding));
    }
    for text in ["", "AAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAA=", "AAAAAAA+AAAAAAA/"] {
        assert_eq!(SecretId::decode(text).err(), Some(Error::Encoding), "{text}");
    }
}

#[test]
fn an_envelope_in_another_form_is_refused() {
    // 1,056, 1,120 and 1,184 bytes: base64 of each ends in its own way.
    for (len, padding, stray) in [(500, "", ""), (1050, "==", "B"), (1100, "=", "B")] {
        let sealed = seal(&Payload::text("x".repeat(len)), SealingKeys::generate().unwrap(), None).unwrap();
        let text = sealed.to_request(60, 1).envelope;
        assert_eq!(Envelope::decode(&text).map(|envelope| envelope.encode()).as_ref(), Ok(&text));
        let mut others =
            vec![format!("{text}="), format!("{text}\n"), format!(" {text}"), text.replacen('A', "+", 1)];
        if !padding.is_empty() {
            others.push(format!("{text}{padding}"));
            others.push(format!("{}{stray}", &text[..text.len() - 1]));
        }
        for other in others {
            assert_eq!(Envelope::decode(&other), Err(Error::Encoding), "{other}");
        }
    }
}

#[test]
fn a_passphrase_is_never_trimmed() {
    let salt = LinkKey::from_bytes([7; 32]).derive_salt();
    let stretch = |text| Passphrase::new(text).unwrap().derive_key(&salt).unwrap();
    assert_ne!(stretch("a"), stretch("a "));
    assert_eq!(stretch("a "), stretch("a\u{2007}"), "a space is a space");
}

#[test]
fn every_space_separator_is_a_space_and_nothing_else_is() {
    // 100 of them have 100 bytes exactly if each has become U+0020: 924 more fit, 925 do not.
    let fits = |c: char, more| Passphrase::new(&(c.to_string().repeat(100) + &"a".repeat(more))).is_ok();
    let zs = "\u{A0}\u{1680}\u{2000}\u{2001}\u{2002}\u{2003}\u{2004}\u{2005}\u{2006}\u{2007}\u{2008}\u{2009}\u{200A}\u{202F}\u{205F}\u{3000}";
    for c in zs.chars() {
        assert!(fits(c, 924) && !fits(c, 925), "{c:?}");
    }
    // Separators of lines and paragraphs, and what only looks like a space.
    for c in "\u{85}\u{180E}\u{200B}\u{2028}\u{2029}\u{2060}\u{FEFF}".chars() {
        assert!(!fits(c, 924), "{c:?}");
    }
}

#[test]
fn a_file_has_a_name_of_1_to_255_bytes_and_a_printable_type() {
    let long = "a".repeat(255);
    for (name, media_type) in
        [("a", ""), (&*long, &*long), ("ключ.bin", "text/plain; charset=utf-8"), ("../x\0", " ~")]
    {
        assert!(File::new(name, media_type, vec![]).is_ok(), "{name} {media_type}");
    }
    let longer = "a".repeat(256);
    let letters = "é".repeat(128);
    for (name, media_type) in [
        ("", ""),
        (&*longer, ""),
        (&*letters, ""),
        ("a", &*longer),
        ("a", "é"),
        ("a", "\x7F"),
        ("a", "\x1F"),
        ("a", "\n"),
        ("a", "\0"),
    ] {
        assert_eq!(File::new(name, media_type, vec![]).err(), Some(Error::Bundle), "{name} {media_type:?}");
    }
}

#[test]
fn a_bundle_has_1_to_16_files() {
    let files = |count| vec![File::new("a", "", vec![]).unwrap(); count];
    assert_eq!(MAX_FILES, 16);
    for count in 0..20 {
        assert_eq!(Bundle::new("", files(count)).is_ok(), (1..=16).contains(&count), "{count} files");
    }
}

#[test]
fn nothing_random_is_drawn_twice() {
    let sealed = || seal(&Payload::text("hunter2"), SealingKeys::generate().unwrap(), None).unwrap();
    let (one, other) = (sealed(), sealed());
    assert_ne!(one.keys().access(), other.keys().access());
    assert_ne!(one.share(), other.share());
    assert_ne!(one.receipt(), other.receipt());
    assert_ne!(one.envelope()[4..16], other.envelope()[4..16], "nonces");
    assert_ne!(SecretId::generate().unwrap(), SecretId::generate().unwrap());
}
