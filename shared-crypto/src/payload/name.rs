//! Names under which a file can be saved, whatever its sender called it.

/// Bytes that every file system takes.
const MAX_LEN: usize = 200;

/// A name that stays in its folder, looks like what it is, and means a file on every system.
pub(super) fn safe(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let visible: String = last
        .chars()
        .filter(|c| !is_invisible(*c))
        .map(|c| if matches!(c, '<' | '>' | ':' | '"' | '|' | '?' | '*') { '_' } else { c })
        .collect();
    // Windows drops dots and spaces at the end; a dot in front is a name like `.env`.
    let trimmed = visible.trim().trim_end_matches(['.', ' ']);
    if trimmed.is_empty() {
        return "file".to_owned();
    }
    let name = shorten(trimmed);
    if is_device(&name) { format!("_{name}") } else { name }
}

/// Control characters, and what changes the look of a name without being seen: `exe.gpj` for `jpg.exe`.
const fn is_invisible(c: char) -> bool {
    matches!(c,
        '\0'..='\x1F' | '\x7F'..='\u{9F}' | '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}'..='\u{200F}'
        | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}'
        | '\u{E0000}'..='\u{E007F}')
}

/// Cuts the middle out, so that the extension stays.
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

/// Names that Windows gives to devices, with any extension.
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
    use super::safe;

    #[test]
    fn names_stay_in_their_folder_and_look_like_what_they_are() {
        for (given, saved) in [
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
            assert_eq!(safe(given), saved, "{given:?}");
        }
    }

    #[test]
    fn long_names_keep_their_extension() {
        let name = safe(&format!("{}.tar.gz", "ä".repeat(150)));
        assert!(name.len() <= 200 && name.contains(".gz"), "{name}");
        assert_eq!(safe(&"x".repeat(255)).len(), 200);
    }

    proptest::proptest! {
        #[test]
        fn no_name_leaves_the_folder(given in "\\PC*|[./\\\\ \u{0}-\u{20}CONconlpt0-9]*") {
            let name = safe(&given);
            proptest::prop_assert!(!name.is_empty() && name != "." && name != "..");
            proptest::prop_assert!(name.len() <= 201 && !name.contains(['/', '\\', '\0']));
            proptest::prop_assert_eq!(safe(&name), name.clone());
        }
    }
}
