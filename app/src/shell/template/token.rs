//! Splits rendered pages into characters and placeholders.

use super::{Format, Part};
use shared_crypto::format;
use vault::SecretLimits;

/// Begin and end of a mark: private-use characters, which no page contains.
const START: char = '\u{E000}';
const END: char = '\u{E001}';
/// The values for which there are marks.
const MARKED: [&str; 7] = ["nonce", "site_name", "operator", "contact", "public_url", "privacy", "terms"];

/// Limits whose numbers can be recognised in a page.
pub(super) const LIMITS: SecretLimits =
    SecretLimits { max_secret_bytes: 51_118_080, max_ttl: 30_412_807, max_views: 251 };
/// Other limits, each written with the same number of characters. Where pages with these two limits differ, there is a
/// limit.
pub(super) const OTHER_LIMITS: SecretLimits =
    SecretLimits { max_secret_bytes: 53_215_234, max_ttl: 30_499_208, max_views: 252 };

/// A character of a page, or a placeholder for a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token {
    Char(char),
    Value(&'static str, Format),
}

/// A limit and the text that a page shows for it.
pub(super) struct WrittenLimit {
    value: Token,
    written: Vec<Token>,
}

/// Returns the mark for a value. Its quotation mark reveals whether the page escapes the value as text or as an attribute.
pub(super) fn mark(name: &str) -> String {
    format!("{START}{name}\"{END}")
}

/// Splits a page with marks into tokens.
pub(super) fn tokens(html: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut chars = html.chars();
    while let Some(char) = chars.next() {
        let marked = chars.as_str().split_once(END).filter(|_| char == START);
        match marked.and_then(|(mark, after)| Some((marked_value(mark)?, after))) {
            Some((Token::Value(name, Format::Text), after)) if matches!(name, "privacy" | "terms") => {
                // All paragraphs together are one value, which includes the element around the first.
                tokens.truncate(tokens.len().saturating_sub("<p>".len()));
                tokens.push(Token::Value(name, Format::Paragraphs));
                chars = after.strip_prefix("</p>").unwrap_or(after).chars();
            }
            Some((value, after)) => {
                tokens.push(value);
                chars = after.chars();
            }
            None => tokens.push(Token::Char(char)),
        }
    }
    tokens
}

fn marked_value(mark: &str) -> Option<Token> {
    let (name, format) = mark
        .strip_suffix("&quot;")
        .map(|name| (name, Format::Attribute))
        .or_else(|| Some((mark.strip_suffix('"')?, Format::Text)))?;
    MARKED.into_iter().find(|marked| *marked == name).map(|name| Token::Value(name, format))
}

/// Returns every limit in every format that pages use, the longest text first.
pub(super) fn written_limits(limits: SecretLimits) -> [WrittenLimit; 6] {
    let bytes = limits.max_secret_bytes;
    [
        ("max_ttl", Format::Duration, format::duration(limits.max_ttl.into())),
        ("max_ttl", Format::Number, limits.max_ttl.to_string()),
        ("max_secret_bytes", Format::Size, format::size(u64::try_from(bytes).unwrap_or(u64::MAX))),
        ("max_secret_bytes", Format::Number, bytes.to_string()),
        ("max_views", Format::Times, format::times(limits.max_views.into())),
        ("max_views", Format::Number, limits.max_views.to_string()),
    ]
    .map(|(name, format, text)| WrittenLimit {
        value: Token::Value(name, format),
        written: text.chars().map(Token::Char).collect(),
    })
}

impl Token {
    /// Returns the tokens of a page for this one: the text of a limit for its placeholder, and the token itself otherwise.
    pub(super) fn written<'a>(&'a self, limits: &'a [WrittenLimit]) -> &'a [Self] {
        let limit = limits.iter().find(|limit| limit.value == *self);
        limit.map_or(std::slice::from_ref(self), |limit| &limit.written)
    }
}

/// Replaces limits by placeholders wherever `page` contains one of `limits` and `other` the same one of `other_limits` at
/// the same position.
pub(super) fn find_limits(
    page: &[Token],
    other: &[Token],
    limits: &[WrittenLimit],
    other_limits: &[WrittenLimit],
) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let (Some([token, ..]), Some(rest)) = (page.get(at..), other.get(at..)) {
        let limit = limits.iter().zip(other_limits).find(|(limit, other)| {
            page[at..].starts_with(&limit.written) && rest.starts_with(&other.written)
        });
        if let Some((limit, _)) = limit {
            tokens.push(limit.value);
            at += limit.written.len();
        } else {
            tokens.push(*token);
            at += 1;
        }
    }
    tokens
}

/// Joins tokens into the parts of a template.
pub(super) fn parts(tokens: &[Token]) -> Vec<Part> {
    let mut parts = Vec::new();
    for token in tokens {
        match (*token, parts.last_mut()) {
            (Token::Char(char), Some(Part::Text(text))) => text.push(char),
            (Token::Char(char), _) => parts.push(Part::Text(char.to_string())),
            (Token::Value(value, format), _) => parts.push(Part::Value { value, format }),
        }
    }
    parts
}
