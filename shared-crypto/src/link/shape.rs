//! Recognises incomplete links, so that an error message can say what is missing.

use super::recover::{self, Interpretation};
use super::{FRAGMENT_CHARS, TOKEN_CHARS, repair};
use crate::SecretId;

/// The first part of a text that looks like a link of this protocol, even if it was encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum LinkShape {
    /// The text contains a fragment.
    Fragment {
        /// The letter before its `=`, which identifies the kind of link: `k` opens a secret, `t` shows a receipt, `q`
        /// requests a secret, `c` collects the responses to a request.
        kind: char,
        /// The number of characters of its key or token.
        length: usize,
        /// The number of characters in a complete link.
        whole: usize,
    },
    /// The text contains the path of a secret or a receipt, and no fragment.
    PathOnly,
    /// The text contains neither: it is something else, or a shortened link.
    Unknown,
}

impl LinkShape {
    /// Searches a text for `#k=`, `#t=`, `#q=` and `#c=`, and for the paths of links.
    pub fn of(text: &str) -> Self {
        let interpretations = recover::interpretations(text);
        // An escape within a key makes it look shorter than it is, so the longest interpretation counts.
        let longest = |first: (char, usize), other: (char, usize)| {
            if other.0 == first.0 && other.1 > first.1 { other } else { first }
        };
        if let Some((kind, length)) = interpretations.iter().filter_map(fragment).reduce(longest) {
            let whole = if kind == 't' { TOKEN_CHARS } else { FRAGMENT_CHARS };
            return Self::Fragment { kind, length, whole };
        }
        let has_path = interpretations.iter().any(|interpretation| has_path(&interpretation.text));
        if has_path { Self::PathOnly } else { Self::Unknown }
    }
}

/// Returns the kind of the first fragment, and the number of characters of its key or token.
fn fragment(Interpretation { text, .. }: &Interpretation) -> Option<(char, usize)> {
    let at = ["#k=", "#t=", "#q=", "#c="].iter().filter_map(|marker| text.find(marker)).min()?;
    let kind = text[at + 1..].chars().next()?;
    Some((kind, repair::leading_base64url(&text[at + 3..]).len()))
}

fn has_path(text: &str) -> bool {
    let has_id =
        text.split("/s/").skip(1).any(|rest| SecretId::decode(repair::leading_base64url(rest)).is_ok());
    has_id || text.contains("/receipt")
}
