//! What chat programs and mail gateways do to links, undone.

use zeroize::Zeroizing;

use crate::Error;

/// A link without what was put into it on the way.
pub(super) struct Clean {
    text: Zeroizing<String>,
    rewritten: bool,
}

/// Undoes what was done on the way to a link that has this marker.
pub(super) fn clean(text: &str, marker: &str) -> Clean {
    let clean = undo(text, &["=\r\n", "=\n"], marker);
    // A plain line break right behind the marker looks like a soft one, but its `=` is the link's own.
    if clean.text.contains(marker) { clean } else { undo(text, &[], marker) }
}

/// Drops soft line breaks, whitespace and invisible characters, then decodes `=` and `#`.
fn undo(text: &str, soft_breaks: &[&str], marker: &str) -> Clean {
    let text = replaced(text, soft_breaks, "");
    let text: String = text
        .chars()
        .filter(|c| !c.is_ascii_whitespace() && !matches!(c, '\u{200B}'..='\u{200D}' | '\u{FEFF}' | '\u{AD}'))
        .collect();
    let text = replaced(&Zeroizing::new(text), &["%253D", "%253d", "%3D", "%3d"], "=");
    let decoded = |text: &str| replaced(text, &["%2523", "%23"], "#");
    // Only the link's own `#` matters: a `%23` in the words around it showed nothing.
    let rewritten = text.split_once(marker).is_none_or(|(before, _)| decoded(before).contains(marker));
    Clean { text: decoded(&text), rewritten }
}

fn replaced(text: &str, codes: &[&str], by: &str) -> Zeroizing<String> {
    codes.iter().fold(Zeroizing::new(text.to_owned()), |text, code| Zeroizing::new(text.replace(code, by)))
}

impl Clean {
    /// What stands before the marker, and the run of key characters directly after it.
    pub(super) fn split(&self, marker: &str) -> Result<(&str, &str), Error> {
        let (before, after) = self.text.split_once(marker).ok_or(Error::MissingFragment)?;
        Ok((before, run(after)))
    }

    /// Whether the `#` had been percent-encoded.
    pub(super) const fn rewritten(&self) -> bool {
        self.rewritten
    }
}

/// The characters of `b64u` that `text` begins with.
pub(super) fn run(text: &str) -> &str {
    let end =
        text.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))).unwrap_or(text.len());
    &text[..end]
}

/// The origin at the end of `text`, which may have words before it.
pub(super) fn origin(text: &str) -> &str {
    let start = text.rfind("https://").max(text.rfind("http://")).unwrap_or(0);
    &text[start..]
}

/// Whether this is an origin, perhaps with a path, and no part of another URL or of a text.
pub(super) fn is_origin(text: &str) -> bool {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    host.is_some_and(|host| {
        !host.is_empty() && host.chars().all(|c| c.is_alphanumeric() || "-.:/[]_~".contains(c))
    })
}

/// Whether this is a host, perhaps with a port, and nothing else.
pub(super) fn is_host(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || "-.:[]".contains(c))
}

/// The readings of a run: cut to `len`, or with a lost final `_` or `-` put back.
pub(super) fn candidates(run: &str, len: usize) -> impl Iterator<Item = Zeroizing<String>> {
    let endings: &[&str] = match len.checked_sub(run.len()) {
        None | Some(0) => &[""],
        Some(1) => &["_", "-"],
        Some(2) => &["__", "_-", "-_", "--"],
        Some(_) => &[],
    };
    let kept = &run[..run.len().min(len)];
    endings.iter().map(move |ending| Zeroizing::new([kept, ending].concat()))
}
