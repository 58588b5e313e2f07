//! Makes pages from templates, and finds the first difference between two pages.

use super::settings::Settings;
use super::template::{Part, Value};

/// Characters of each page that a difference shows.
const EXCERPT_CHARS: usize = 80;

/// Returns the page that the build makes with these settings and this nonce.
pub(super) fn fill(template: &[Part], settings: &Settings, nonce: &str) -> String {
    let mut page = String::new();
    append(template, settings, nonce, &mut page);
    page
}

fn append(parts: &[Part], settings: &Settings, nonce: &str, page: &mut String) {
    for part in parts {
        match part {
            Part::Text(text) => page.push_str(text),
            Part::Value { value: Value::Nonce, .. } => page.push_str(nonce),
            Part::Value { value, format } => settings.write(*value, *format, page),
            Part::Choice { choice, cases } => {
                // Several cases of a limit may apply; the last one has the largest bound.
                if let Some(case) = cases.iter().rfind(|case| settings.selects(*choice, &case.when)) {
                    append(&case.parts, settings, nonce, page);
                }
            }
        }
    }
}

/// Describes the first difference between two pages. The excerpt starts at the tag before it.
pub(super) fn first_difference(built: &str, served: &str) -> Option<String> {
    if built == served {
        return None;
    }
    let differing = built.char_indices().zip(served.chars()).find(|((_, a), b)| a != b);
    let position = differing.map_or(built.len().min(served.len()), |((position, _), _)| position);
    let before = built.get(..position).unwrap_or_default();
    // In a long text, the tag may be too far away to be shown.
    let start = before.rfind('<').filter(|start| position - start < EXCERPT_CHARS / 2).unwrap_or(position);
    Some(format!("`{}` in place of `{}`", excerpt(served, start), excerpt(built, start)))
}

/// Returns an excerpt of a page, with escapes for invisible characters.
fn excerpt(page: &str, start: usize) -> String {
    let mut excerpt = String::new();
    for char in page.get(start..).unwrap_or_default().chars().take(EXCERPT_CHARS) {
        match char {
            '"' | '\'' | '\\' => excerpt.push(char),
            char => excerpt.extend(char.escape_debug()),
        }
    }
    excerpt
}
