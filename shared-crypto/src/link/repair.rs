//! Undoes what chat programs and mail clients do to a link: line breaks, invisible characters, an encoded `#` or `=`,
//! and lost final characters.

use zeroize::Zeroizing;

use crate::Error;

/// A text without line breaks and invisible characters, and with the `#` and `=` of its link decoded.
pub(super) struct NormalizedText {
    text: Zeroizing<String>,
    has_encoded_hash: bool,
}

/// Normalises a text whose link has `marker` before its key or token, such as `#k=`.
pub(super) fn normalize(text: &str, marker: &str) -> NormalizedText {
    let normalized = normalize_with(text, &["=\r\n", "=\n"], marker);
    // An ordinary line break directly behind the marker looks like a soft one, but its `=` is a part of the marker.
    if normalized.text.contains(marker) { normalized } else { normalize_with(text, &[], marker) }
}

/// Removes soft line breaks, whitespace and invisible characters, then decodes `=` and `#`.
fn normalize_with(text: &str, soft_breaks: &[&str], marker: &str) -> NormalizedText {
    let text = replace_all(text, soft_breaks, "");
    let text: String = text
        .chars()
        .filter(|c| !c.is_ascii_whitespace() && !matches!(c, '\u{200B}'..='\u{200D}' | '\u{FEFF}' | '\u{AD}'))
        .collect();
    let text = replace_all(&Zeroizing::new(text), &["%253D", "%253d", "%3D", "%3d"], "=");
    let decode_hash = |text: &str| replace_all(text, &["%2523", "%23"], "#");
    // Only the `#` of the link matters: a `%23` in the surrounding words exposes no key.
    let has_encoded_hash =
        text.split_once(marker).is_none_or(|(before, _)| decode_hash(before).contains(marker));
    NormalizedText { text: decode_hash(&text), has_encoded_hash }
}

fn replace_all(text: &str, codes: &[&str], replacement: &str) -> Zeroizing<String> {
    codes
        .iter()
        .fold(Zeroizing::new(text.to_owned()), |text, code| Zeroizing::new(text.replace(code, replacement)))
}

impl NormalizedText {
    /// Returns the text before the marker, and the base64url characters directly behind it.
    pub(super) fn split(&self, marker: &str) -> Result<(&str, &str), Error> {
        let (before, after) = self.text.split_once(marker).ok_or(Error::MissingFragment)?;
        Ok((before, leading_base64url(after)))
    }

    /// Reports whether the `#` of the link was percent-encoded.
    pub(super) const fn has_encoded_hash(&self) -> bool {
        self.has_encoded_hash
    }
}

/// Returns the base64url characters at the beginning of a text.
pub(super) fn leading_base64url(text: &str) -> &str {
    let end =
        text.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))).unwrap_or(text.len());
    &text[..end]
}

/// Returns the origin at the end of a text, without the words before its scheme.
pub(super) fn trailing_origin(text: &str) -> &str {
    let start = text.rfind("https://").max(text.rfind("http://")).unwrap_or(0);
    &text[start..]
}

/// Reports whether a text is an origin, perhaps with a path, and contains nothing of another URL or of a sentence.
pub(super) fn is_origin(text: &str) -> bool {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    host.is_some_and(|host| {
        !host.is_empty() && host.chars().all(|c| c.is_alphanumeric() || "-.:/[]_~".contains(c))
    })
}

/// Reports whether a text is a host, perhaps with a port, and nothing else.
pub(super) fn is_host(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || "-.:[]".contains(c))
}

/// Returns the candidates for a key or token of `len` characters: `characters` cut to that length, or completed by each
/// combination of up to two final `_` and `-`, which some programs drop from the end of a link.
pub(super) fn candidates(characters: &str, len: usize) -> impl Iterator<Item = Zeroizing<String>> {
    let endings: &[&str] = match len.checked_sub(characters.len()) {
        None | Some(0) => &[""],
        Some(1) => &["_", "-"],
        Some(2) => &["__", "_-", "-_", "--"],
        Some(_) => &[],
    };
    let kept = &characters[..characters.len().min(len)];
    endings.iter().map(move |ending| Zeroizing::new([kept, ending].concat()))
}
