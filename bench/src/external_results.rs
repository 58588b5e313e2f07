//! Reads what other programs measured: criterion's estimates, and the output of the tests in a browser.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::report::Table;

/// The size of the measured secret: large enough that fixed costs do not matter.
const BYTES: f64 = 8e6;

/// Adds criterion's results in a folder, and the lines `speed: ...` of a browser's output.
pub(crate) fn add(table: &mut Table, criterion_dir: &Path, browser_output: &str) -> Result<()> {
    for (benchmark, label) in [("seal", "encrypt"), ("open", "decrypt")] {
        let gigabytes = BYTES / criterion_nanoseconds(criterion_dir, "8 MB", benchmark)?;
        table.at_least(&format!("{label} 8 MB natively, GB/s"), 1.0, gigabytes);
        let megabytes = browser_value(browser_output, benchmark)?;
        table.at_least(&format!("{label} 8 MB in Chromium, MB/s"), 45.0, megabytes);
    }
    let native_ms = criterion_nanoseconds(criterion_dir, "passphrase", "argon2")? / 1e6;
    let browser_ms = browser_value(browser_output, "argon2")?;
    table.at_most("Argon2id in Chromium: time relative to native", 2.0, browser_ms / native_ms);
    table.at_most("click to link in Chromium, ms", 50.0, browser_value(browser_output, "link")?);
    Ok(())
}

/// Returns the median time of a benchmark.
fn criterion_nanoseconds(folder: &Path, group: &str, benchmark: &str) -> Result<f64> {
    let path = folder.join(group).join(benchmark).join("new/estimates.json");
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let estimates: Value = serde_json::from_str(&text)?;
    let median = estimates["median"]["point_estimate"].as_f64();
    median.with_context(|| format!("{} contains no median", path.display()))
}

/// Returns the number in the line `speed: NAME NUMBER UNIT`.
fn browser_value(output: &str, name: &str) -> Result<f64> {
    let number = output.lines().find_map(|line| {
        let mut words = line.trim().strip_prefix("speed: ")?.split(' ');
        (words.next()? == name).then(|| words.next()?.parse().ok())?
    });
    number.with_context(|| format!("the browser's output contains no value of {name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browser_values_are_found_by_name() {
        let output = "    speed: seal 74.5 MB/s\nother\n  speed: argon2 227.7 ms\n";
        assert!((browser_value(output, "seal").unwrap() - 74.5).abs() < 1e-9);
        assert!((browser_value(output, "argon2").unwrap() - 227.7).abs() < 1e-9);
        assert!(browser_value(output, "open").is_err());
    }
}
