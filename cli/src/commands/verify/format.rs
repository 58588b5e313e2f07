//! Writes values as the pages write them, and quotes text of the server for messages.

use super::template::Format;
use crate::terminal::count;

/// Most characters of a text of the server that a message quotes.
const MAX_QUOTE_CHARS: usize = 120;

/// Appends text, escaped as the pages escape it.
pub(super) fn write_text(text: &str, format: Format, page: &mut String) {
    for char in text.chars() {
        match char {
            '&' => page.push_str("&amp;"),
            '<' => page.push_str("&lt;"),
            '>' => page.push_str("&gt;"),
            '"' if format == Format::Attribute => page.push_str("&quot;"),
            char => page.push(char),
        }
    }
}

/// Appends a limit, worded as the pages word it. `app::phrase` words them there; a test compares the two.
pub(super) fn write_number(number: u64, format: Format, page: &mut String) {
    let text = match (format, number) {
        (Format::Size, 0..1024) => count(number, "byte"),
        (Format::Size, 1024..1_048_576) => tenths(number, 1024, "KB"),
        (Format::Size, _) => tenths(number, 1_048_576, "MB"),
        (Format::Duration, 0..60) => count(number, "second"),
        (Format::Duration, 60..3600) => count(number / 60, "minute"),
        (Format::Duration, 3600..172_800) => count(number / 3600, "hour"),
        (Format::Duration, _) => count(number / 86_400, "day"),
        (Format::Times, 1) => "once".to_owned(),
        (Format::Times, 2) => "twice".to_owned(),
        (Format::Times, _) => format!("{number} times"),
        _ => number.to_string(),
    };
    page.push_str(&text);
}

/// Formats a number of units, rounded up to one decimal.
fn tenths(bytes: u64, unit: u64, name: &str) -> String {
    let tenths = (bytes * 10).div_ceil(unit);
    match tenths % 10 {
        0 => format!("{} {name}", tenths / 10),
        rest => format!("{}.{rest} {name}", tenths / 10),
    }
}

/// Quotes the start of a text of the server, on one line and with escaped control characters.
pub(super) fn quote(text: &str) -> String {
    match text.char_indices().nth(MAX_QUOTE_CHARS) {
        Some((end, _)) => format!("{:?}…", text.get(..end).unwrap_or_default()),
        None => format!("{text:?}"),
    }
}
