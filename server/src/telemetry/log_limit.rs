//! Limits the number of log lines for refused requests and health checks.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// Lines a second that are written. More would let a client fill the disk.
const MAX_LINES_PER_SECOND: u32 = 100;

/// Counts the lines of each second.
#[derive(Debug, Default)]
pub(crate) struct LogLimit(Mutex<Counts>);

#[derive(Debug, Default)]
struct Counts {
    since: Option<Instant>,
    written: u32,
    dropped: u64,
}

/// Whether a line is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogDecision {
    /// Write the line.
    Write,
    /// Write the line, and report this number of dropped lines.
    WriteAndReport(u64),
    /// Drop the line.
    Drop,
}

impl LogLimit {
    /// Decides about the next line, and counts it.
    pub(crate) fn next(&self, now: Instant) -> LogDecision {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_same_second = counts.since.is_some_and(|since| (now - since).as_secs() == 0);
        if is_same_second && counts.written >= MAX_LINES_PER_SECOND {
            counts.dropped += 1;
            return LogDecision::Drop;
        }
        if is_same_second {
            counts.written += 1;
            return LogDecision::Write;
        }
        let dropped = counts.dropped;
        *counts = Counts { since: Some(now), written: 1, dropped: 0 };
        if dropped > 0 { LogDecision::WriteAndReport(dropped) } else { LogDecision::Write }
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
        assert!(lines[..100].iter().all(|line| *line == LogDecision::Write));
        assert!(lines[100..].iter().all(|line| *line == LogDecision::Drop));
        assert_eq!(limit.next(start + Duration::from_millis(1001)), LogDecision::WriteAndReport(150));
        assert_eq!(limit.next(start + Duration::from_millis(1002)), LogDecision::Write);
        assert_eq!(limit.next(start + Duration::from_secs(9)), LogDecision::Write);
    }
}
