//! What a comparison found.

use std::collections::{BTreeMap, BTreeSet};

use super::browser::{BROWSERS, Browser};

/// What a comparison found.
#[derive(Default)]
pub(super) struct Findings {
    /// The names of the browsers that got each difference.
    differences: BTreeMap<String, BTreeSet<&'static str>>,
    /// The names of headers that were not compared.
    pub ignored_headers: BTreeSet<String>,
}

impl Findings {
    /// Returns whether there is no difference.
    pub(super) fn is_empty(&self) -> bool {
        self.differences.is_empty()
    }

    /// Adds the differences of one response.
    pub(super) fn add(&mut self, path: &str, browser: &Browser, differences: Vec<String>) {
        for difference in differences {
            self.differences.entry(format!("{path}: {difference}")).or_default().insert(browser.name);
        }
    }

    /// Returns a line for each difference. Names the browsers that got it, unless all did.
    pub(super) fn describe(&self) -> Vec<String> {
        let line = |(difference, browsers): (&String, &BTreeSet<&'static str>)| {
            if browsers.len() == BROWSERS.len() {
                return difference.clone();
            }
            let browsers: Vec<_> = browsers.iter().copied().collect();
            format!("{difference} (asked as {})", browsers.join(", "))
        };
        self.differences.iter().map(line).collect()
    }
}
