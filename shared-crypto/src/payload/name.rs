//! Makes safe file names out of those that senders choose.

/// The maximum length of a name that every file system accepts, in bytes.
const MAX_LEN: usize = 200;

/// Returns a name without a path, without characters that disguise its extension, and without names that an operating
/// system reserves.
pub(super) fn safe_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let visible: String = last
        .chars()
        .filter(|c| !is_invisible(*c))
        .map(|c| if matches!(c, '<' | '>' | ':' | '"' | '|' | '?' | '*') { '_' } else { c })
        .collect();
    // Windows drops dots and spaces at the end. A dot at the beginning stays, for names like `.env`.
    let trimmed = visible.trim().trim_end_matches(['.', ' ']);
    if trimmed.is_empty() {
        return "file".to_owned();
    }
    let name = shorten(trimmed);
    if is_device(&name) { format!("_{name}") } else { name }
}

/// Reports whether a character is a control character, or an invisible one that can disguise a name: behind U+202E,
/// `gpj.exe` is displayed as `exe.jpg`.
const fn is_invisible(c: char) -> bool {
    matches!(c,
        '\0'..='\x1F' | '\x7F'..='\u{9F}' | '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}'..='\u{200F}'
        | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}'
        | '\u{E0000}'..='\u{E007F}')
}

/// Shortens a name before its extension.
fn shorten(name: &str) -> String {
    if name.len() <= MAX_LEN {
        return name.to_owned();
    }
    let (stem, extension) = match name.rfind('.') {
        Some(dot) if dot > 0 && name.len() - dot <= 20 => name.split_at(dot),
        _ => (name, ""),
    };
    let end = stem.floor_char_boundary(MAX_LEN - extension.len());
    format!("{}{extension}", &stem[..end])
}

/// Reports whether Windows reserves the name for a device, with any extension.
fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end();
    let is = |device: &str| stem.eq_ignore_ascii_case(device);
    if ["CON", "PRN", "AUX", "NUL"].into_iter().any(is) {
        return true;
    }
    let numbered = ["COM", "LPT"]
        .into_iter()
        .any(|port| stem.get(..3).is_some_and(|start| start.eq_ignore_ascii_case(port)));
    numbered
        && matches!(
            stem.get(3..),
            Some("0" | "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9" | "¹" | "²" | "³")
        )
}

#[cfg(test)]
mod tests {
    use super::safe_name;

    #[test]
    fn unsafe_name_is_made_safe() {
        for (given, expected) in [
            (".env", ".env"),
            ("report 2026.pdf", "report 2026.pdf"),
            ("../../x", "x"),
            ("..\\..\\x.txt", "x.txt"),
            ("/etc/passwd", "passwd"),
            ("C:\\Windows\\a.dll", "a.dll"),
            ("..", "file"),
            (" . ", "file"),
            ("", "file"),
            ("a/", "file"),
            ("CON", "_CON"),
            ("con.txt", "_con.txt"),
            ("Lpt9", "_Lpt9"),
            ("COM\u{B9}", "_COM\u{B9}"),
            ("CONTRACT", "CONTRACT"),
            ("COM10", "COM10"),
            ("a\u{202E}gpj.exe", "agpj.exe"),
            ("a\0b\r\nc", "abc"),
            ("what?*.txt", "what__.txt"),
            ("a.txt:stream", "a.txt_stream"),
            ("trailing. . ", "trailing"),
            ("naïve 日本.txt", "naïve 日本.txt"),
        ] {
            assert_eq!(safe_name(given), expected, "{given:?}");
        }
    }

    #[test]
    fn long_name_is_shortened_before_its_extension() {
        let name = safe_name(&format!("{}.tar.gz", "ä".repeat(150)));
        assert!(name.len() <= 200 && name.contains(".gz"), "{name}");
        assert_eq!(safe_name(&"x".repeat(255)).len(), 200);
    }

    proptest::proptest! {
        #[test]
        fn safe_name_of_any_text_is_a_plain_file_name(given in "\\PC*|[./\\\\ \u{0}-\u{20}CONconlpt0-9]*") {
            let name = safe_name(&given);
            proptest::prop_assert!(!name.is_empty() && name != "." && name != "..");
            proptest::prop_assert!(name.len() <= 201 && !name.contains(['/', '\\', '\0']));
            proptest::prop_assert_eq!(safe_name(&name), name.clone());
        }
    }
}
