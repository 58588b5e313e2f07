//! Rendered pages as sequences of characters and values.

use super::{Format, Part};
use crate::phrase;
use vault::SecretLimits;

/// Marks are private-use characters, which no text of a page holds.
const START: char = '\u{E000}';
const END: char = '\u{E001}';
/// The values that a mark can stand for.
const MARKED: [&str; 7] = ["nonce", "site_name", "operator", "contact", "public_url", "privacy", "terms"];

/// SecretLimits whose numbers can be found again in a page.
pub(super) const LIMITS: SecretLimits =
    SecretLimits { max_secret_bytes: 51_118_080, max_ttl: 30_412_807, max_views: 251 };
/// Other limits, written with as many characters each: where two pages differ only by these, there is a limit.
pub(super) const OTHER_LIMITS: SecretLimits =
    SecretLimits { max_secret_bytes: 53_215_234, max_ttl: 30_499_208, max_views: 252 };

/// A character, or the place of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Char(char),
    Value(&'static str, Format),
}

/// A limit as a page writes it.
pub(super) struct Number {
    value: Unit,
    written: Vec<Unit>,
}

/// Stands for a value in a page. The quotation mark shows how the place of the mark is escaped.
pub(super) fn mark(name: &str) -> String {
    format!("{START}{name}\"{END}")
}

/// The units of a page in which marks stand for values.
pub(super) fn units(html: &str) -> Vec<Unit> {
    let mut units = Vec::new();
    let mut chars = html.chars();
    while let Some(char) = chars.next() {
        let marked = chars.as_str().split_once(END).filter(|_| char == START);
        match marked.and_then(|(mark, after)| Some((marked_value(mark)?, after))) {
            Some((Unit::Value(name, Format::Text), after)) if matches!(name, "privacy" | "terms") => {
                // All paragraphs are one value, with the element around the first.
                units.truncate(units.len().saturating_sub("<p>".len()));
                units.push(Unit::Value(name, Format::Paragraphs));
                chars = after.strip_prefix("</p>").unwrap_or(after).chars();
            }
            Some((value, after)) => {
                units.push(value);
                chars = after.chars();
            }
            None => units.push(Unit::Char(char)),
        }
    }
    units
}

fn marked_value(mark: &str) -> Option<Unit> {
    let (name, format) = mark
        .strip_suffix("&quot;")
        .map(|name| (name, Format::Attribute))
        .or_else(|| Some((mark.strip_suffix('"')?, Format::Text)))?;
    MARKED.into_iter().find(|marked| *marked == name).map(|name| Unit::Value(name, format))
}

/// Every way in which a page writes a limit, longest first.
pub(super) fn numbers(limits: SecretLimits) -> [Number; 6] {
    let bytes = limits.max_secret_bytes;
    [
        ("max_ttl", Format::Duration, phrase::duration(limits.max_ttl.into())),
        ("max_ttl", Format::Number, limits.max_ttl.to_string()),
        ("max_secret_bytes", Format::Size, phrase::size(u64::try_from(bytes).unwrap_or(u64::MAX))),
        ("max_secret_bytes", Format::Number, bytes.to_string()),
        ("max_views", Format::Times, phrase::times(limits.max_views)),
        ("max_views", Format::Number, limits.max_views.to_string()),
    ]
    .map(|(name, format, text)| Number {
        value: Unit::Value(name, format),
        written: text.chars().map(Unit::Char).collect(),
    })
}

impl Unit {
    /// The units that stand in a page for this one, where limits are written as these numbers.
    pub(super) fn written<'a>(&'a self, numbers: &'a [Number]) -> &'a [Self] {
        let number = numbers.iter().find(|number| number.value == *self);
        number.map_or(std::slice::from_ref(self), |number| &number.written)
    }
}

/// Replaces a limit by its value where `numbers` stands in one page and `others` in the other at the same place.
pub(super) fn find_numbers(
    page: &[Unit],
    other: &[Unit],
    numbers: &[Number],
    others: &[Number],
) -> Vec<Unit> {
    let mut found = Vec::new();
    let mut at = 0;
    while let (Some([unit, ..]), Some(rest)) = (page.get(at..), other.get(at..)) {
        let number = numbers.iter().zip(others).find(|(number, other)| {
            page[at..].starts_with(&number.written) && rest.starts_with(&other.written)
        });
        if let Some((number, _)) = number {
            found.push(number.value);
            at += number.written.len();
        } else {
            found.push(*unit);
            at += 1;
        }
    }
    found
}

/// Units as the parts of a template.
pub(super) fn parts(units: &[Unit]) -> Vec<Part> {
    let mut parts = Vec::new();
    for unit in units {
        match (*unit, parts.last_mut()) {
            (Unit::Char(char), Some(Part::Text(text))) => text.push(char),
            (Unit::Char(char), _) => parts.push(Part::Text(char.to_string())),
            (Unit::Value(value, format), _) => parts.push(Part::Value { value, format }),
        }
    }
    parts
}
