//! Limits on the length and form of values.
#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

use shared_crypto::{
    Bundle, Envelope, Error, File, LinkKey, MAX_FILES, Passphrase, Payload, ReceiptToken, SealingKeys,
    SecretId, ServerShare, seal,
};

#[test]
fn passphrase_length_is_limited_after_preparation() {
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
fn byte_string_of_wrong_length_or_form_is_rejected() {
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
fn non_canonical_envelope_encoding_is_rejected() {
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
fn passphrase_is_not_trimmed() {
    let salt = LinkKey::from_bytes([7; 32]).derive_salt();
    let derive_key = |text| Passphrase::new(text).unwrap().derive_key(&salt).unwrap();
    assert_ne!(derive_key("a"), derive_key("a "));
    assert_eq!(derive_key("a "), derive_key("a\u{2007}"), "all spaces are equal");
}

#[test]
fn only_space_separators_are_replaced_by_spaces() {
    // 100 characters have 100 bytes only if each became U+0020. Then 924 more bytes fit, and 925 do not.
    let fits = |c: char, more| Passphrase::new(&(c.to_string().repeat(100) + &"a".repeat(more))).is_ok();
    let zs = "\u{A0}\u{1680}\u{2000}\u{2001}\u{2002}\u{2003}\u{2004}\u{2005}\u{2006}\u{2007}\u{2008}\u{2009}\u{200A}\u{202F}\u{205F}\u{3000}";
    for c in zs.chars() {
        assert!(fits(c, 924) && !fits(c, 925), "{c:?}");
    }
    // Separators of lines and paragraphs, and characters that are displayed like spaces.
    for c in "\u{85}\u{180E}\u{200B}\u{2028}\u{2029}\u{2060}\u{FEFF}".chars() {
        assert!(!fits(c, 924), "{c:?}");
    }
}

#[test]
fn file_name_and_media_type_are_validated() {
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
fn bundle_file_count_is_limited() {
    let files = |count| vec![File::new("a", "", vec![]).unwrap(); count];
    assert_eq!(MAX_FILES, 16);
    for count in 0..20 {
        assert_eq!(Bundle::new("", files(count)).is_ok(), (1..=16).contains(&count), "{count} files");
    }
}

#[test]
fn random_values_differ_between_secrets() {
    let sealed = || seal(&Payload::text("hunter2"), SealingKeys::generate().unwrap(), None).unwrap();
    let (one, other) = (sealed(), sealed());
    assert_ne!(one.keys().access(), other.keys().access());
    assert_ne!(one.share(), other.share());
    assert_ne!(one.receipt(), other.receipt());
    assert_ne!(one.envelope()[4..16], other.envelope()[4..16], "nonces");
    assert_ne!(SecretId::generate().unwrap(), SecretId::generate().unwrap());
}
