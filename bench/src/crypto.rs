//! What was measured elsewhere of the cryptography and of the page: criterion's estimates, and what a browser said.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::report::Table;

/// A secret that is large enough for nothing else to count.
const BYTES: f64 = 8e6;

/// Adds what criterion wrote under `natively`, and the lines `speed: ...` of a browser's run.
pub(crate) fn add(table: &mut Table, natively: &Path, browser: &str) -> Result<()> {
    for what in ["seal", "open"] {
        let gigabytes = BYTES / nanoseconds(natively, "8 MB", what)?;
        table.at_least(&format!("{what} 8 MB natively, GB/s"), 1.0, gigabytes);
        table.at_least(&format!("{what} 8 MB in Chromium, MB/s"), 45.0, said(browser, what)?);
    }
    let stretch = nanoseconds(natively, "passphrase", "argon2")? / 1e6;
    table.at_most("Argon2id in Chromium, to native", 2.0, said(browser, "argon2")? / stretch);
    table.at_most("click to link in Chromium, ms", 50.0, said(browser, "link")?);
    Ok(())
}

/// Criterion's median.
fn nanoseconds(folder: &Path, group: &str, what: &str) -> Result<f64> {
    let path = folder.join(group).join(what).join("new/estimates.json");
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let estimates: Value = serde_json::from_str(&text)?;
    estimates["median"]["point_estimate"].as_f64().context("criterion says no median")
}

/// The number of `speed: WHAT NUMBER UNIT`.
fn said(lines: &str, what: &str) -> Result<f64> {
    let number = lines.lines().find_map(|line| {
        let mut words = line.trim().strip_prefix("speed: ")?.split(' ');
        (words.next()? == what).then(|| words.next()?.parse().ok())?
    });
    number.with_context(|| format!("the browser said nothing of {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_found_by_their_names() {
        let lines = "    speed: seal 74.5 MB/s\nother\n  speed: argon2 227.7 ms\n";
        assert!((said(lines, "seal").unwrap() - 74.5).abs() < 1e-9);
        assert!((said(lines, "argon2").unwrap() - 227.7).abs() < 1e-9);
        assert!(said(lines, "open").is_err());
    }
}
