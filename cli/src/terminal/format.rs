//! Wording of values.

use std::time::Duration;

use chrono::{DateTime, Local, Utc};
use zeroize::Zeroizing;

/// Formats a time in this machine's time zone.
pub(crate) fn local_time(time: DateTime<Utc>) -> String {
    time.with_timezone(&Local).format("%Y-%m-%d %H:%M:%S %:z").to_string()
}

/// Formats a count with its noun: "1 view", "3 views".
pub(crate) fn count(number: impl Into<u64>, noun: &str) -> String {
    shared_crypto::format::count(number.into(), noun)
}

/// Formats a duration in the largest unit that divides it: "90 minutes", "3 days". `humantime` would split it into
/// units ("1h 30m") and uses months of 30.44 days.
pub(crate) fn duration(time: Duration) -> String {
    let seconds = time.as_secs();
    let units = [(86_400, "day"), (3600, "hour"), (60, "minute"), (1, "second")];
    let (unit, name) =
        units.into_iter().find(|(unit, _)| seconds.is_multiple_of(*unit)).unwrap_or((1, "second"));
    count(seconds / unit, name)
}

/// Formats a number of repetitions: "once", "5 times".
pub(crate) fn times(number: u8) -> String {
    if number == 1 { "once".to_owned() } else { format!("{number} times") }
}

/// Replaces control characters, which could control the terminal, with symbols for them. Keeps line breaks and tabs.
pub(crate) fn escape_control_characters(text: &str) -> Zeroizing<String> {
    let symbol = |c: char| match c {
        '\n' | '\t' => c,
        '\0'..='\x1F' => char::from_u32(0x2400 + u32::from(c)).unwrap_or('\u{FFFD}'),
        '\x7F' => '\u{2421}',
        '\u{80}'..='\u{9F}' => '\u{FFFD}',
        _ => c,
    };
    Zeroizing::new(text.replace("\r\n", "\n").chars().map(symbol).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn duration_is_in_the_largest_unit_that_divides_it() {
        let formatted =
            [1, 90, 5400, 86_400, 2_678_400].map(|seconds| duration(Duration::from_secs(seconds)));
        assert_eq!(formatted, ["1 second", "90 seconds", "90 minutes", "1 day", "31 days"]);
    }

    #[test]
    fn control_characters_become_symbols() {
        assert_eq!(
            &*escape_control_characters("a\x1b[2Jb\u{9b}\r\nc\td\x07"),
            "a\u{241B}[2Jb\u{FFFD}\nc\td\u{2407}"
        );
    }
}
