//! Undoes what gateways and editors do to whole links. The browser never needs this: gateways redirect it to the
//! link itself. It serves programs that are given a text, and is dropped from the page's WebAssembly.

use std::cell::OnceCell;

use zeroize::Zeroizing;

use super::{encodings, repair};

/// Most readings of one text that are tried. Each has at most eight candidates for the check of 24 bits, so that a
/// text without a right reading is taken for a link with a probability of at most 1 in 65,536.
const MAX_READINGS: usize = 32;
/// Longest text that is searched for altered links, in bytes.
const MAX_TEXT: usize = 64 * 1024;

/// Stands for a blank inside a line where it matters whether there was one.
const GAP: &str = "\u{FFFC}";

/// What a text may have been before it was altered.
pub(super) struct Reading {
    pub(super) text: Zeroizing<String>,
    /// Whether the `#` was encoded as a part of another URL: a program that follows that URL sends the key to a server.
    pub(super) exposed: bool,
}

/// One step back: what it undoes, and whether it decodes the parameter of a URL.
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

/// The readings of a text, those with the fewest steps first; none for a text that is too long.
pub(super) fn readings(text: &str) -> Vec<Reading> {
    readings_with(text, without_blanks)
}

/// The readings of a text; `blanks` treats the blanks of each.
fn readings_with(text: &str, blanks: fn(&str) -> String) -> Vec<Reading> {
    let mut readings: Vec<Reading> = Vec::new();
    if text.len() > MAX_TEXT {
        return readings;
    }
    let add = |readings: &mut Vec<Reading>, text: String, exposed: bool| {
        let text = Zeroizing::new(text);
        let text = Zeroizing::new(blanks(&text));
        if readings.len() < MAX_READINGS && !readings.iter().any(|reading| reading.text == text) {
            readings.push(Reading { text, exposed });
        }
    };
    let unquoted = Zeroizing::new(without_quote_marks(text));
    add(&mut readings, without_soft_breaks(&unquoted), false);
    // The `=` of `#k=` may stand at the end of a line.
    add(&mut readings, unquoted.to_string(), false);
    let mut next = 0;
    while let Some(Reading { text, exposed }) = readings.get(next) {
        let (text, exposed) = (text.clone(), *exposed);
        for (undo, decodes_url) in STEPS {
            let exposed = exposed || decodes_url && !has_marker(&text);
            add(&mut readings, undo(&text), exposed);
        }
        next += 1;
    }
    readings
}

/// How clearly a text names the server of a link that was read from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Naming {
    /// Words of the text, or blanks, may be a part of the origin that was read.
    Unclear,
    /// There is no scheme, and nothing but perhaps a host stands before the path.
    WithoutScheme,
    /// The text has the origin in one piece, with its scheme.
    Whole,
}

/// A text from which origins were read, and what it says about them.
pub(super) struct Source<'a> {
    text: &'a str,
    /// Its readings with a [`GAP`] for each blank inside a line, and the text itself in that form.
    with_gaps: OnceCell<Vec<Zeroizing<String>>>,
}

impl<'a> Source<'a> {
    pub(super) const fn new(text: &'a str) -> Self {
        Self { text, with_gaps: OnceCell::new() }
    }

    /// How clearly the text names `origin`, which was read from it before `path`.
    pub(super) fn naming(&self, origin: &str, path: &str) -> Naming {
        if repair::is_origin(origin) && self.has_in_one_piece(origin) {
            return Naming::Whole;
        }
        let rest = self.text.trim_start_matches(is_blank).strip_prefix(origin);
        let is_first = repair::is_host(origin) && rest.is_some_and(|rest| rest.starts_with(path));
        if origin.is_empty() || is_first { Naming::WithoutScheme } else { Naming::Unclear }
    }

    /// Whether a reading of the text has this origin without a blank in it. Line breaks do not count.
    fn has_in_one_piece(&self, origin: &str) -> bool {
        let readings = self.with_gaps.get_or_init(|| {
            let unquoted = Zeroizing::new(without_quote_marks(self.text));
            let literal = with_gaps(&Zeroizing::new(without_soft_breaks(&unquoted)));
            let readings = readings_with(self.text, with_gaps).into_iter().map(|reading| reading.text);
            std::iter::once(Zeroizing::new(literal)).chain(readings).collect()
        });
        readings.iter().any(|reading| reading.contains(origin))
    }
}

fn without_soft_breaks(text: &str) -> String {
    text.replace("=\r\n", "").replace("=\n", "")
}

fn without_blanks(text: &str) -> String {
    text.chars().filter(|c| !is_blank(*c)).collect()
}

/// Without line breaks, the blanks around them, and what is not seen; a [`GAP`] stands for the other blanks.
fn with_gaps(text: &str) -> String {
    let mut marked = String::with_capacity(text.len());
    for line in text.split(['\n', '\r', '\u{2028}', '\u{2029}']) {
        for (n, word) in line.split_whitespace().enumerate() {
            if n > 0 {
                marked.push_str(GAP);
            }
            marked.extend(word.chars().filter(|c| !is_blank(*c)));
        }
    }
    marked
}

/// Removes the marks with which a mail reply begins the lines that it quotes.
fn without_quote_marks(text: &str) -> String {
    let quoted = |line: &str| line.starts_with([' ', '\t', '>', '|']);
    text.split_inclusive('\n')
        .map(|line| if quoted(line) { line.trim_start_matches([' ', '\t', '>', '|']) } else { line })
        .collect()
}

/// Whitespace of any script, and characters that are not seen: line breaking and the direction of text add them.
pub(super) fn is_blank(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{2069}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}')
}

/// Whether a `#` stands before the letter of a kind of links.
fn has_marker(text: &str) -> bool {
    ["#k", "#t", "#q", "#c"].iter().any(|marker| text.contains(marker))
}
