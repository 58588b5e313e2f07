//! Bounds how many lines refused requests and health checks write into the log.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// Lines in a second. A flood of them must not fill the disk.
const PER_SECOND: u32 = 100;

/// Counts lines, second by second.
#[derive(Debug, Default)]
pub(crate) struct LogLimit(Mutex<Counts>);

#[derive(Debug, Default)]
struct Counts {
    since: Option<Instant>,
    written: u32,
    dropped: u64,
}

/// What to do with a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Line {
    /// RevealWrite it.
    Write,
    /// RevealWrite it, and report that so many were dropped before.
    WriteAndReport(u64),
    /// Leave it out.
    Drop,
}

impl LogLimit {
    pub(crate) fn next(&self, now: Instant) -> Line {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_same_second = counts.since.is_some_and(|since| (now - since).as_secs() == 0);
        if is_same_second && counts.written >= PER_SECOND {
            counts.dropped += 1;
            return Line::Drop;
        }
        if is_same_second {
            counts.written += 1;
            return Line::Write;
        }
        let dropped = counts.dropped;
        *counts = Counts { since: Some(now), written: 1, dropped: 0 };
        if dropped > 0 { Line::WriteAndReport(dropped) } else { Line::Write }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn flood_writes_a_bounded_number_of_lines_and_is_reported() {
        let (limit, start) = (LogLimit::default(), Instant::now());
        let lines: Vec<_> = (0..250).map(|n| limit.next(start + Duration::from_millis(n))).collect();
        assert!(lines[..100].iter().all(|line| *line == Line::Write));
        assert!(lines[100..].iter().all(|line| *line == Line::Drop));
        assert_eq!(limit.next(start + Duration::from_millis(1001)), Line::WriteAndReport(150));
        assert_eq!(limit.next(start + Duration::from_millis(1002)), Line::Write);
        assert_eq!(limit.next(start + Duration::from_secs(9)), Line::Write);
    }
}
