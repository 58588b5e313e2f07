//! Versions, as programs print them.

use crate::process;

/// The numbers of a version. `132` is older than `132.1`, and `9.6` older than `15`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version(Vec<u64>);

impl Version {
    /// The first word of a program's answer to `--version` that is one: `v20.1.0`,
    /// `wasm-bindgen 0.2.130`, `wasm-opt version 132 (version_132)`.
    pub(crate) fn find(text: &str) -> Option<Self> {
        text.split_whitespace().find_map(Self::parse)
    }

    /// `1.2.3`, `v1.2.3` or `15`, and nothing else.
    pub(crate) fn parse(word: &str) -> Option<Self> {
        let numbers = word.strip_prefix('v').unwrap_or(word).split('.');
        numbers.map(|number| number.parse().ok()).collect::<Option<Vec<u64>>>().map(Self)
    }

    /// What that program on the `PATH` says its version is; nothing if there is no such program,
    /// or it does not run.
    pub(super) fn of(program: &str) -> Option<Self> {
        let answer = process::capture(process::command(program).arg("--version"));
        answer.ok().and_then(|text| Self::find(&text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Option<Vec<u64>> {
        Version::find(text).map(|version| version.0)
    }

    #[test]
    fn is_found_in_what_programs_answer() {
        assert_eq!(found("wasm-bindgen 0.2.130"), Some(vec![0, 2, 130]));
        assert_eq!(found("wasm-opt version 132 (version_132)"), Some(vec![132]));
        assert_eq!(found("v20.20.2\n"), Some(vec![20, 20, 2]));
        assert_eq!(found("command not found"), None);
    }

    #[test]
    fn is_ordered_by_its_numbers() {
        assert!(Version::parse("9.6") < Version::parse("15"));
        assert!(Version::parse("0.2.99") < Version::parse("0.2.130"));
        assert!(Version::parse("132") < Version::parse("132.1"));
    }
}
