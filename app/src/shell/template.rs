//! Turns pages into templates: the text that is the same in every instance of a build, with placeholders for settings and
//! for the nonce.
//!
//! `ikrypt verify` fills a template with the settings that a server reports, and compares the result with the page
//! that the server sends. A template is derived from renderings of the page: one with marks in place of values, and one for
//! each way in which a setting adds or removes a part of the page.

mod choice;
mod token;

use serde::Serialize;

use super::render;
use crate::pages::Page;
use crate::site::{Assets, Operator, Site};
use token::mark;

/// A part of a template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Part {
    /// Text that is the same in every instance.
    Text(String),
    /// A placeholder for a value.
    Value {
        /// The name of the value: a setting, or `nonce`.
        value: &'static str,
        /// The format of the value.
        format: Format,
    },
    /// Several alternatives, of which a setting selects one.
    Choice {
        /// The name of the setting.
        choice: &'static str,
        /// The alternatives.
        cases: Vec<Case>,
    },
}

/// The format of a value in a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Text, escaped.
    Text,
    /// An attribute in double quotes, escaped.
    Attribute,
    /// Paragraphs, each in a `<p>`.
    Paragraphs,
    /// A number in digits.
    Number,
    /// A number of bytes, as [`shared_crypto::format::size`] writes it.
    Size,
    /// A number of seconds, as [`shared_crypto::format::duration`] writes it.
    Duration,
    /// A number of repetitions, as [`shared_crypto::format::times`] writes it.
    Times,
}

/// The parts of a page for some values of a setting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Case {
    /// The value, or for a number the lowest value. The last case that matches is used.
    pub when: String,
    /// The parts.
    pub parts: Vec<Part>,
}

/// Returns the template of a page.
pub fn template(page: Page, assets: &Assets) -> Vec<Part> {
    let base = Site {
        public_url: None,
        limits: token::LIMITS,
        needs_token: false,
        assets: assets.clone(),
        operator: Operator { site_name: mark("site_name"), ..Operator::default() },
    };
    // The operator's own text replaces the whole page, including all choices in it.
    for (setting, site) in choice::sites_with_own_text(&base) {
        if render(page, &site, "") != render(page, &base, "") {
            let cases = [("absent", &base), ("present", &site)]
                .map(|(when, site)| Case { when: when.to_owned(), parts: choice::parts(page, site) });
            return vec![Part::Choice { choice: setting, cases: cases.into() }];
        }
    }
    choice::parts(page, &base)
}
