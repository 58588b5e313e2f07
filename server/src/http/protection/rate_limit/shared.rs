//! The token bucket that all clients share. A request that stores nothing returns its token, so that it uses up nothing
//! of the shared limit. `governor` has no way to return a token.

use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// A token bucket that refills completely within a minute.
#[derive(Debug)]
pub(crate) struct SharedBucket {
    per_minute: f64,
    level: Mutex<Level>,
}

#[derive(Debug)]
struct Level {
    tokens: f64,
    at: Instant,
}

impl SharedBucket {
    pub(crate) fn per_minute(tokens: NonZeroU32) -> Self {
        let per_minute = tokens.get().into();
        Self { per_minute, level: Mutex::new(Level { tokens: per_minute, at: Instant::now() }) }
    }

    /// Takes one token. The error is the number of seconds to wait.
    pub(crate) fn take(&self) -> Result<(), u32> {
        self.take_at(Instant::now())
    }

    fn take_at(&self, now: Instant) -> Result<(), u32> {
        self.change(now, |tokens| {
            let is_enough = *tokens >= 1.0;
            if is_enough {
                *tokens -= 1.0;
            }
            is_enough
        })
    }

    /// Checks whether a token is available, without taking it. The error is the number of seconds to wait.
    pub(crate) fn peek(&self) -> Result<(), u32> {
        self.change(Instant::now(), |tokens| *tokens >= 1.0)
    }

    /// Returns a token that was not used.
    pub(crate) fn put_back(&self) {
        let size = self.per_minute;
        self.change(Instant::now(), |tokens| {
            *tokens = (*tokens + 1.0).min(size);
            true
        })
        .unwrap_or_default();
    }

    /// Refills the bucket, and applies a change that reports whether there were enough tokens.
    fn change(&self, now: Instant, change: impl FnOnce(&mut f64) -> bool) -> Result<(), u32> {
        let mut level = self.level.lock().unwrap_or_else(PoisonError::into_inner);
        let now = now.max(level.at);
        let refilled = (now - level.at).as_secs_f64() * self.per_minute / 60.0;
        level.tokens = (level.tokens + refilled).min(self.per_minute);
        level.at = now;
        if change(&mut level.tokens) {
            return Ok(());
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the result is between 0 and 60 seconds"
        )]
        let wait = ((1.0 - level.tokens) * 60.0 / self.per_minute).ceil() as u32;
        Err(wait.max(1))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn returned_token_can_be_taken_again() {
        let bucket = SharedBucket::per_minute(NonZeroU32::new(2).unwrap());
        assert_eq!((bucket.take(), bucket.take()), (Ok(()), Ok(())));
        assert!(bucket.peek().is_err() && (1..=30).contains(&bucket.take().unwrap_err()));
        bucket.put_back();
        assert_eq!((bucket.peek(), bucket.take()), (Ok(()), Ok(())));
        assert!(bucket.take().is_err());
    }

    #[test]
    fn bucket_refills_to_its_size_and_not_above() {
        let bucket = SharedBucket::per_minute(NonZeroU32::new(3).unwrap());
        let later = |seconds| Instant::now() + Duration::from_secs(seconds);
        let taken = |now| (0..10).take_while(|_| bucket.take_at(now).is_ok()).count();
        assert_eq!(taken(later(0)), 3);
        assert_eq!(taken(later(25)), 1);
        assert_eq!(taken(later(3600)), 3);
        bucket.put_back();
        assert_eq!(taken(later(3600)), 1);
    }
}
