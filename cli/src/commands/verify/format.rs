//! Writes values as the pages write them, and quotes text of the server for messages.

use super::template::Format;

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

/// Appends a limit, worded as the pages word it.
pub(super) fn write_number(number: u64, format: Format, page: &mut String) {
    page.push_str(&match format {
        Format::Size => shared_crypto::format::size(number),
        Format::Duration => shared_crypto::format::duration(number),
        Format::Times => shared_crypto::format::times(number),
        Format::Number | Format::Text | Format::Attribute | Format::Paragraphs => number.to_string(),
    });
}

/// Quotes the start of a text of the server, on one line and with escaped control characters.
pub(super) fn quote(text: &str) -> String {
    match text.char_indices().nth(MAX_QUOTE_CHARS) {
        Some((end, _)) => format!("{:?}…", text.get(..end).unwrap_or_default()),
        None => format!("{text:?}"),
    }
}
