//! Reads the versions that programs print.

use crate::process::{capture, command};

/// The numbers of a version, compared from left to right: `132` is older than `132.1`, and `9.6` older than `15`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version(Vec<u64>);

impl Version {
    /// Returns the first word of a text that is a version: `v20.1.0`, `wasm-bindgen 0.2.130`,
    /// `wasm-opt version 132 (version_132)`.
    fn find(text: &str) -> Option<Self> {
        text.split_whitespace().find_map(Self::parse)
    }

    /// Parses `1.2.3`, `v1.2.3` or `15`.
    pub(crate) fn parse(word: &str) -> Option<Self> {
        let numbers = word.strip_prefix('v').unwrap_or(word).split('.');
        numbers.map(|number| number.parse().ok()).collect::<Option<Vec<u64>>>().map(Self)
    }

    /// Returns what a program on the `PATH` prints for `--version`, or `None` if it is missing or fails.
    pub(crate) fn of(program: &str) -> Option<Self> {
        let output = capture(command(program).arg("--version"));
        output.ok().and_then(|text| Self::find(&text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(text: &str) -> Option<Vec<u64>> {
        Version::find(text).map(|version| version.0)
    }

    #[test]
    fn version_is_found_in_the_output_of_programs() {
        assert_eq!(find("wasm-bindgen 0.2.130"), Some(vec![0, 2, 130]));
        assert_eq!(find("wasm-opt version 132 (version_132)"), Some(vec![132]));
        assert_eq!(find("v20.20.2\n"), Some(vec![20, 20, 2]));
        assert_eq!(find("command not found"), None);
    }

    #[test]
    fn versions_are_ordered_by_number() {
        assert!(Version::parse("9.6") < Version::parse("15"));
        assert!(Version::parse("0.2.99") < Version::parse("0.2.130"));
        assert!(Version::parse("132") < Version::parse("132.1"));
    }
}
