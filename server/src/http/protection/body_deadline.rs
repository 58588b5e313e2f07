//! The minimum speed of a request body.

use std::time::Duration;

use tokio::time::Instant;

/// Minimum speed of a body.
const MIN_BODY_BYTES_PER_SECOND: u64 = 4096;

/// The time at which the next bytes of a body are too late.
///
/// Each byte extends the deadline by the time that it takes at the minimum speed, and to no more than `max_pause` from
/// now, so that a fast start earns no time for a longer pause later.
#[derive(Debug)]
pub(crate) struct BodyDeadline {
    at: Instant,
    max_pause: Duration,
}

impl BodyDeadline {
    /// Starts with `max_pause` until the first byte.
    pub(crate) fn new(max_pause: Duration) -> Self {
        Self { at: Instant::now() + max_pause, max_pause }
    }

    /// Returns the deadline.
    pub(crate) const fn at(&self) -> Instant {
        self.at
    }

    /// Extends the deadline after this number of bytes was received.
    pub(crate) fn received(&mut self, bytes: usize) {
        let earned = Duration::from_micros(bytes as u64 * 1_000_000 / MIN_BODY_BYTES_PER_SECOND);
        self.at = (self.at + earned).min(Instant::now() + self.max_pause);
    }
}
