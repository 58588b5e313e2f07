//! Undoes what mail gateways and editors do to whole links, for programs that are given a text.
//!
//! A browser never needs this, because gateways redirect it to the link itself. The linker removes it from the
//! WebAssembly of the pages.

use std::cell::OnceCell;

use zeroize::Zeroizing;

use super::{encodings, repair};

/// Maximum number of interpretations of one text. Each has at most eight candidates for the checksum of 24 bits, so that a
/// text without a valid link is taken for one with a probability of at most 1 in 65,536.
const MAX_INTERPRETATIONS: usize = 32;
/// Maximum length of a text that is searched for altered links, in bytes.
const MAX_TEXT_LEN: usize = 64 * 1024;

/// Replaces whitespace inside a line in the texts that show whether an origin contained any.
const GAP: &str = "\u{FFFC}";

/// A text that the given text may have been before it was altered.
pub(super) struct Interpretation {
    pub(super) text: Zeroizing<String>,
    /// Whether the `#` was encoded as a part of another URL: a program that follows that URL sends the key to a server.
    pub(super) is_exposed: bool,
}

/// A function that undoes one alteration, and whether it decodes the parameter of a URL.
type Step = (fn(&str) -> String, bool);

const STEPS: [Step; 8] = [
    (encodings::escapes, false),
    (encodings::proofpoint_v3, true),
    (encodings::proofpoint_v2, true),
    (encodings::percent, true),
    (encodings::base64, true),
    (encodings::quoted_printable, false),
    (encodings::long_dash_as_two, false),
    (encodings::long_dash_as_one, false),
];

/// Returns the interpretations of a text, without whitespace, those with the fewest steps first. Returns none for a text
/// that is too long.
pub(super) fn interpretations(text: &str) -> Vec<Interpretation> {
    interpretations_with(text, remove_whitespace)
}

/// Applies every step to every interpretation, until no new one is found or there are [`MAX_INTERPRETATIONS`].
/// `strip` removes or replaces the whitespace of each.
fn interpretations_with(text: &str, strip: fn(&str) -> String) -> Vec<Interpretation> {
    let mut interpretations: Vec<Interpretation> = Vec::new();
    if text.len() > MAX_TEXT_LEN {
        return interpretations;
    }
    let add = |interpretations: &mut Vec<Interpretation>, text: String, is_exposed: bool| {
        let text = Zeroizing::new(text);
        let text = Zeroizing::new(strip(&text));
        if interpretations.len() < MAX_INTERPRETATIONS
            && !interpretations.iter().any(|other| other.text == text)
        {
            interpretations.push(Interpretation { text, is_exposed });
        }
    };
    let unquoted = Zeroizing::new(remove_quote_marks(text));
    add(&mut interpretations, remove_soft_breaks(&unquoted), false);
    // If the `=` of `#k=` stands at the end of a line, it is no soft break.
    add(&mut interpretations, unquoted.to_string(), false);
    let mut next = 0;
    while let Some(Interpretation { text, is_exposed }) = interpretations.get(next) {
        let (text, is_exposed) = (text.clone(), *is_exposed);
        for (undo, decodes_url) in STEPS {
            let is_exposed = is_exposed || decodes_url && !has_marker(&text);
            add(&mut interpretations, undo(&text), is_exposed);
        }
        next += 1;
    }
    interpretations
}

/// How well a text confirms the origin of a link that was read from it, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum OriginMatch {
    /// The origin may contain words of the text, or had whitespace in it.
    Ambiguous,
    /// The text has no scheme, and nothing but perhaps a host before the path.
    WithoutScheme,
    /// The text contains the origin in one piece, with its scheme.
    Exact,
}

/// A text from which links were read. It confirms their origins.
pub(super) struct SourceText<'a> {
    text: &'a str,
    /// The text and its interpretations with a [`GAP`] in place of whitespace inside a line.
    with_gaps: OnceCell<Vec<Zeroizing<String>>>,
}

impl<'a> SourceText<'a> {
    pub(super) const fn new(text: &'a str) -> Self {
        Self { text, with_gaps: OnceCell::new() }
    }

    /// Reports how well the text confirms `origin`, which was read from it before `path`.
    pub(super) fn match_origin(&self, origin: &str, path: &str) -> OriginMatch {
        if repair::is_origin(origin) && self.contains_in_one_piece(origin) {
            return OriginMatch::Exact;
        }
        let rest = self.text.trim_start_matches(is_whitespace_or_invisible).strip_prefix(origin);
        let is_first = repair::is_host(origin) && rest.is_some_and(|rest| rest.starts_with(path));
        if origin.is_empty() || is_first { OriginMatch::WithoutScheme } else { OriginMatch::Ambiguous }
    }

    /// Reports whether an interpretation of the text contains the origin without whitespace in it, line breaks excepted.
    fn contains_in_one_piece(&self, origin: &str) -> bool {
        let texts = self.with_gaps.get_or_init(|| {
            let unquoted = Zeroizing::new(remove_quote_marks(self.text));
            let literal = mark_gaps(&Zeroizing::new(remove_soft_breaks(&unquoted)));
            let interpretations =
                interpretations_with(self.text, mark_gaps).into_iter().map(|other| other.text);
            std::iter::once(Zeroizing::new(literal)).chain(interpretations).collect()
        });
        texts.iter().any(|text| text.contains(origin))
    }
}

/// Removes the soft line breaks of quoted-printable.
fn remove_soft_breaks(text: &str) -> String {
    text.replace("=\r\n", "").replace("=\n", "")
}

fn remove_whitespace(text: &str) -> String {
    text.chars().filter(|c| !is_whitespace_or_invisible(*c)).collect()
}

/// Removes line breaks, the whitespace around them and invisible characters. Replaces other whitespace by a [`GAP`].
fn mark_gaps(text: &str) -> String {
    let mut marked = String::with_capacity(text.len());
    for line in text.split(['\n', '\r', '\u{2028}', '\u{2029}']) {
        for (n, word) in line.split_whitespace().enumerate() {
            if n > 0 {
                marked.push_str(GAP);
            }
            marked.extend(word.chars().filter(|c| !is_whitespace_or_invisible(*c)));
        }
    }
    marked
}

/// Removes the marks with which a mail reply begins the lines that it quotes.
fn remove_quote_marks(text: &str) -> String {
    let is_quoted = |line: &str| line.starts_with([' ', '\t', '>', '|']);
    text.split_inclusive('\n')
        .map(|line| if is_quoted(line) { line.trim_start_matches([' ', '\t', '>', '|']) } else { line })
        .collect()
}

/// Reports whether a character is whitespace of any script, or an invisible one that line breaking or bidirectional text
/// may have added.
fn is_whitespace_or_invisible(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{2069}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}')
}

/// Reports whether the text contains a `#` before the letter of a kind of link.
fn has_marker(text: &str) -> bool {
    ["#k", "#t", "#q", "#c"].iter().any(|marker| text.contains(marker))
}
