//! Templates of pages, as the manifest holds them. The server's crate of pages writes them, in
//! `app/src/shell/template.rs`; the two sides share the JSON and no code, since this program must not depend on the
//! pages.

use serde::Deserialize;

/// A part of a template.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Part {
    /// Text that is the same on every server.
    Text(String),
    /// A placeholder for a value.
    Value { value: Value, format: Format },
    /// Alternatives, of which a setting selects one.
    Choice { choice: Choice, cases: Vec<Case> },
}

/// A value that the build does not know.
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

/// A setting that selects between parts.
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

/// The parts for some values of a setting.
#[derive(Debug, Deserialize)]
pub(super) struct Case {
    /// The value, or the smallest one for a limit.
    pub when: String,
    pub parts: Vec<Part>,
}
