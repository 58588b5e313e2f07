//! Recognising the line with which a test runner sums up.

/// The line without colours, if it is one of those of nextest, `cargo test` or Playwright.
///
/// Runs of nothing (`0 passed; 0 failed`) are left out: `cargo test` has one for each crate.
pub(crate) fn recognise(line: &str) -> Option<String> {
    let plain = without_colours(line);
    let text = plain.trim();
    let closes = text.starts_with("Summary [")
        || (text.starts_with("test result:") && !text.contains(" 0 passed; 0 failed"))
        || is_playwright_count(text);
    closes.then(|| text.to_owned())
}

/// `45 passed (1.2m)`, `1 failed`, `2 flaky`, `3 skipped`, `4 did not run`.
fn is_playwright_count(text: &str) -> bool {
    let Some((count, rest)) = text.split_once(' ') else { return false };
    let rest = rest.split_once(" (").map_or(rest, |(outcome, _time)| outcome);
    count.parse::<u32>().is_ok()
        && matches!(rest, "passed" | "failed" | "flaky" | "skipped" | "interrupted" | "did not run")
}

/// Takes out the sequences `ESC [ ... letter`.
fn without_colours(line: &str) -> String {
    let mut parts = line.split("\u{1b}[");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|c: char| c.is_ascii_alphabetic()).map_or(part.len(), |at| at + 1);
        plain.push_str(&part[end..]);
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_what_each_runner_says_last() {
        for line in [
            "     Summary [   0.524s] 3 tests run: 3 passed, 0 skipped",
            "test result: ok. 12 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out",
            "  45 passed (1.2m)",
            "  1 failed",
            "  2 did not run",
        ] {
            assert_eq!(recognise(line).as_deref(), Some(line.trim()));
        }
    }

    #[test]
    fn sees_through_colours() {
        let line = "\u{1b}[32;1m     Summary\u{1b}[0m [   0.1s] \u{1b}[1m3\u{1b}[0m tests run\n";
        assert_eq!(recognise(line).as_deref(), Some("Summary [   0.1s] 3 tests run"));
        assert_eq!(recognise("\u{1b}[32m  7 passed\u{1b}[39m").as_deref(), Some("7 passed"));
    }

    #[test]
    fn leaves_the_rest() {
        for line in [
            "running 3 tests",
            "test it ... ok",
            "7 passed the river",
            "test result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out",
        ] {
            assert_eq!(recognise(line), None, "{line}");
        }
    }
}
