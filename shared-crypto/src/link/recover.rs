//! Undoes what gateways and editors do to whole links. The browser never needs this: gateways redirect it to the
//! link itself. It serves programs that are given a text, and is dropped from the page's WebAssembly.

use zeroize::Zeroizing;

use super::encodings;

/// Most readings of one text that are tried. Each has at most eight candidates for the check of 24 bits, so that a
/// text without a right reading is taken for a link with a probability of at most 1 in 65,536.
const MAX_READINGS: usize = 32;
/// Longest text that is searched for altered links, in bytes.
const MAX_TEXT: usize = 64 * 1024;

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
    let mut readings: Vec<Reading> = Vec::new();
    if text.len() > MAX_TEXT {
        return readings;
    }
    let unquoted = Zeroizing::new(without_quote_marks(text));
    add(&mut readings, unquoted.replace("=\r\n", "").replace("=\n", ""), false);
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

fn add(readings: &mut Vec<Reading>, text: String, exposed: bool) {
    let text = Zeroizing::new(text);
    let text = Zeroizing::new(text.chars().filter(|c| !is_blank(*c)).collect::<String>());
    if readings.len() < MAX_READINGS && !readings.iter().any(|reading| reading.text == text) {
        readings.push(Reading { text, exposed });
    }
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
