//! Formats durations, sizes and counts in English, as pages show them and `ikrypt verify` expects them.

/// Formats a duration in the largest unit that fits, rounded down: "10 minutes", "1 hour", "3 days".
pub fn duration(seconds: u64) -> String {
    let (number, unit) = match seconds {
        0..60 => (seconds, "second"),
        60..3600 => (seconds / 60, "minute"),
        3600..172_800 => (seconds / 3600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    count(number, unit)
}

/// Formats a number with its noun: "1 view", "3 views".
pub fn count(number: u64, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// Formats a number of repetitions: "once", "twice", "5 times".
pub fn times(number: u64) -> String {
    match number {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        _ => format!("{number} times"),
    }
}

/// Formats a size in units of 1,024, rounded up to one decimal: "812 bytes", "1.5 KB", "1 MB".
pub fn size(bytes: u64) -> String {
    let (unit, name) = match bytes {
        0..1024 => return count(bytes, "byte"),
        1024..1_048_576 => (1024, "KB"),
        _ => (1_048_576, "MB"),
    };
    let tenths = (bytes * 10).div_ceil(unit);
    if tenths.is_multiple_of(10) {
        format!("{} {name}", tenths / 10)
    } else {
        format!("{}.{} {name}", tenths / 10, tenths % 10)
    }
}

/// Formats a time relative to now: "in 23 hours", "5 minutes ago".
pub fn until(relative_seconds: i64) -> String {
    match u64::try_from(relative_seconds) {
        Ok(seconds) => format!("in {}", duration(seconds)),
        Err(_) => format!("{} ago", duration(relative_seconds.unsigned_abs())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn duration_has_the_largest_unit_that_fits() {
        let formatted = [1, 59, 60, 600, 3599, 3600, 86_400, 172_800, 2_592_000].map(duration);
        let expected = [
            "1 second",
            "59 seconds",
            "1 minute",
            "10 minutes",
            "59 minutes",
            "1 hour",
            "24 hours",
            "2 days",
            "30 days",
        ];
        assert_eq!(formatted, expected);
    }

    #[test]
    fn size_is_rounded_up() {
        let formatted = [0, 1, 1023, 1024, 1025, 1_048_576, 1_572_864].map(size);
        assert_eq!(formatted, ["0 bytes", "1 byte", "1023 bytes", "1 KB", "1.1 KB", "1 MB", "1.5 MB"]);
    }

    #[test]
    fn times_and_relative_times_are_formatted() {
        assert_eq!([times(1), times(2), times(5)], ["once", "twice", "5 times"]);
        assert_eq!([until(82_800), until(-60)], ["in 23 hours", "1 minute ago"]);
    }
}
