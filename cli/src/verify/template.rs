//! Templates of pages: fills them in, and finds the first difference.

use serde::Deserialize;

use super::settings::Settings;

/// How much of a page a difference shows, in characters.
const EXCERPT: usize = 80;

/// A part of a template.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Part {
    /// The same on every instance.
    Text(String),
    /// The place of a value.
    Value { value: Value, format: Format },
    /// One of several parts.
    Choice { choice: Choice, cases: Vec<Case> },
}

/// A value that a build does not know.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Value {
    Nonce,
    SiteName,
    Operator,
    Contact,
    PublicUrl,
    MaxSecretBytes,
    MaxTtl,
    MaxViews,
    Privacy,
    Terms,
}

/// How a value is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Format {
    Text,
    Attribute,
    Paragraphs,
    Number,
    Size,
    Duration,
    Times,
}

/// A setting that selects parts.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Choice {
    PublicUrl,
    Operator,
    Contact,
    NeedsToken,
    MaxTtl,
    MaxViews,
    Privacy,
    Terms,
}

/// What stands in a page for some values of a setting.
#[derive(Debug, Deserialize)]
pub(super) struct Case {
    when: String,
    parts: Vec<Part>,
}

/// The page that the build makes with these settings and this nonce.
pub(super) fn fill(template: &[Part], settings: &Settings, nonce: &str) -> String {
    let mut page = String::new();
    add(template, settings, nonce, &mut page);
    page
}

fn add(parts: &[Part], settings: &Settings, nonce: &str, page: &mut String) {
    for part in parts {
        match part {
            Part::Text(text) => page.push_str(text),
            Part::Value { value: Value::Nonce, .. } => page.push_str(nonce),
            Part::Value { value, format } => settings.write(*value, *format, page),
            Part::Choice { choice, cases } => {
                if let Some(case) = cases.iter().rfind(|case| settings.is(*choice, &case.when)) {
                    add(&case.parts, settings, nonce, page);
                }
            }
        }
    }
}

/// Writes text as the pages escape it.
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

/// Writes a limit as the pages format it.
pub(super) fn write_number(number: u64, format: Format, page: &mut String) {
    page.push_str(&match format {
        Format::Size => shared_crypto::format::size(number),
        Format::Duration => shared_crypto::format::duration(number),
        Format::Times => shared_crypto::format::times(number),
        Format::Number | Format::Text | Format::Attribute | Format::Paragraphs => number.to_string(),
    });
}

/// Shows the first difference between two pages, from the tag before it on.
pub(super) fn difference(built: &str, served: &str) -> Option<String> {
    if built == served {
        return None;
    }
    let same = built.char_indices().zip(served.chars()).find(|((_, a), b)| a != b);
    let same = same.map_or(built.len().min(served.len()), |((at, _), _)| at);
    let before = built.get(..same).unwrap_or_default();
    // Not the whole of a long text.
    let start = before.rfind('<').filter(|start| same - start < EXCERPT / 2).unwrap_or(same);
    Some(format!("`{}` in place of `{}`", excerpt(served, start), excerpt(built, start)))
}

/// A stretch of a page that shows every character, also those that are invisible.
fn excerpt(page: &str, start: usize) -> String {
    let mut excerpt = String::new();
    for char in page.get(start..).unwrap_or_default().chars().take(EXCERPT) {
        match char {
            '"' | '\'' | '\\' => excerpt.push(char),
            char => excerpt.extend(char.escape_debug()),
        }
    }
    excerpt
}
