//! Pages as templates: the text that a build fixes, with placeholders for settings and for the nonce.
//!
//! `ikrypt verify` fills a template with the settings that a server reports, and compares the result with the page
//! that the server sends. The templates are found by rendering: once with marks in place of values, and once for each
//! way in which a setting adds or removes a part of the page.

mod choice;
mod unit;

use serde::Serialize;

use super::{Assets, Operator, Site, render};
use crate::pages::Page;
use unit::mark;

/// A part of a template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Part {
    /// Text that is the same on every instance.
    Text(String),
    /// The place of a value.
    Value {
        /// Which value: a setting, or `nonce`.
        value: &'static str,
        /// How it is written here.
        format: Format,
    },
    /// One of several parts, selected by a setting.
    Choice {
        /// Which setting.
        choice: &'static str,
        /// What stands here for which value of it.
        cases: Vec<Case>,
    },
}

/// How a value is written in a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Escaped as text.
    Text,
    /// Escaped as the value of an attribute in double quotes.
    Attribute,
    /// A `<p>` for each paragraph.
    Paragraphs,
    /// In digits.
    Number,
    /// Bytes, as [`crate::phrase::size`] writes them.
    Size,
    /// Seconds, as [`crate::phrase::duration`] writes them.
    Duration,
    /// How often, as [`crate::phrase::times`] writes it.
    Times,
}

/// What stands in a page for some values of a setting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Case {
    /// The kind of value; for a number the least one. The last case that applies is used.
    pub when: String,
    /// The parts.
    pub parts: Vec<Part>,
}

/// The template of a page.
pub fn template(page: Page, assets: &Assets) -> Vec<Part> {
    let base = Site {
        public_url: None,
        limits: unit::LIMITS,
        needs_token: false,
        assets: assets.clone(),
        operator: Operator { site_name: mark("site_name"), ..Operator::default() },
    };
    // The operator's own text takes the place of the whole page, other choices included.
    for (setting, own) in choice::own_texts(&base) {
        if render(page, &own, "") != render(page, &base, "") {
            let cases = [("absent", &base), ("present", &own)]
                .map(|(when, site)| Case { when: when.to_owned(), parts: choice::parts(page, site) });
            return vec![Part::Choice { choice: setting, cases: cases.into() }];
        }
    }
    choice::parts(page, &base)
}
