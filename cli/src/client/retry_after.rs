//! The header `Retry-After`.

use std::time::SystemTime;

/// Returns the seconds in a value of `Retry-After`, which is a number of seconds or a date. `None` if the date has
/// passed.
#[expect(
    clippy::disallowed_methods,
    reason = "the date is compared with this machine's clock for a message and a wait only"
)]
pub(super) fn seconds(value: &str) -> Option<u64> {
    let until = || {
        let date = httpdate::parse_http_date(value).ok()?;
        date.duration_since(SystemTime::now()).ok().map(|left| left.as_secs())
    };
    value.parse().ok().or_else(until)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_read_in_both_forms() {
        assert_eq!(seconds("77"), Some(77));
        assert_eq!(seconds("0"), Some(0));
        assert!(seconds("Tue, 31 Dec 2199 23:59:59 GMT").is_some_and(|seconds| seconds > 1_000_000));
        for invalid in ["Fri, 31 Dec 1999 23:59:59 GMT", "-1", "soon", ""] {
            assert_eq!(seconds(invalid), None, "{invalid}");
        }
    }
}
