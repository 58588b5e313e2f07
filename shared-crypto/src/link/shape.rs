//! What a text that holds no readable link seems to hold, for a message that says what to do.

use super::recover::{self, Reading};
use super::{FRAGMENT_CHARS, TOKEN_CHARS, repair};
use crate::SecretId;

/// The first thing in a text that looks like a link of this protocol, also where it was encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum LinkShape {
    /// There is a fragment.
    Fragment {
        /// The letter before its `=`, which identifies the kind: `k` opens a secret, `t` shows a receipt, `q` asks for a
        /// secret, `c` collects what was answered.
        kind: char,
        /// How many characters of its key or token there are.
        length: usize,
        /// How many there are in a whole link.
        whole: usize,
    },
    /// There is the path of a secret or a receipt, and no fragment.
    PathOnly,
    /// There is neither: the text is something else, or hides its link.
    Unknown,
}

impl LinkShape {
    /// Looks for `#k=`, `#t=`, `#q=` and `#c=`, and for the paths of links.
    pub fn of(text: &str) -> Self {
        let readings = recover::readings(text);
        // An escape in the middle makes a link look shorter than it is.
        let longest = |first: (char, usize), other: (char, usize)| {
            if other.0 == first.0 && other.1 > first.1 { other } else { first }
        };
        if let Some((kind, length)) = readings.iter().filter_map(fragment).reduce(longest) {
            let whole = if kind == 't' { TOKEN_CHARS } else { FRAGMENT_CHARS };
            return Self::Fragment { kind, length, whole };
        }
        if readings.iter().any(|reading| has_path(&reading.text)) { Self::PathOnly } else { Self::Unknown }
    }
}

fn fragment(Reading { text, .. }: &Reading) -> Option<(char, usize)> {
    let at = ["#k=", "#t=", "#q=", "#c="].iter().filter_map(|marker| text.find(marker)).min()?;
    let kind = text[at + 1..].chars().next()?;
    Some((kind, repair::run(&text[at + 3..]).len()))
}

fn has_path(text: &str) -> bool {
    let names_a_secret = text.split("/s/").skip(1).any(|rest| SecretId::decode(repair::run(rest)).is_ok());
    names_a_secret || text.contains("/receipt")
}
