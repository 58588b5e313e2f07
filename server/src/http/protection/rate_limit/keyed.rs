//! A rate limiter with a token bucket for each key, in bounded memory.

use std::hash::Hash;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, NotUntil, Quota, RateLimiter};

/// Limits the rate of each client, network or other key.
#[derive(Debug)]
pub(crate) struct KeyedRateLimiter<K: Hash + Eq + Clone> {
    quota: Quota,
    buckets: RwLock<Arc<DefaultKeyedRateLimiter<K>>>,
    checks: AtomicUsize,
}

impl<K: Hash + Eq + Clone> KeyedRateLimiter<K> {
    /// Maximum number of remembered keys, about 100 bytes each.
    const MAX_KEYS: usize = 50_000;
    /// Checks after which the number of keys is examined.
    const CHECKS_PER_SIZE_CHECK: usize = 1_000;

    pub(crate) fn new(quota: Quota) -> Self {
        let buckets = RwLock::new(Arc::new(RateLimiter::keyed(quota)));
        Self { quota, buckets, checks: AtomicUsize::new(0) }
    }

    /// Takes one token. The error is the number of seconds to wait.
    pub(crate) fn check(&self, key: &K) -> Result<(), u32> {
        self.check_many(key, NonZeroU32::MIN)
    }

    /// Takes several tokens, at most as many as a full bucket holds: more could never be taken.
    pub(crate) fn check_many(&self, key: &K, tokens: NonZeroU32) -> Result<(), u32> {
        if self.checks.fetch_add(1, Ordering::Relaxed).is_multiple_of(Self::CHECKS_PER_SIZE_CHECK) {
            self.limit_size();
        }
        let tokens = tokens.min(self.quota.burst_size());
        match self.buckets().check_key_n(key, tokens) {
            Ok(Err(until)) => Err(seconds(&until)),
            // The outer error means more tokens than a bucket holds, which `min` has excluded.
            Ok(Ok(())) | Err(_) => Ok(()),
        }
    }

    /// Removes keys whose bucket is full again.
    pub(crate) fn forget_idle(&self) {
        self.buckets().retain_recent();
    }

    /// Returns the number of remembered keys.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.buckets().len()
    }

    /// Removes keys whose bucket is full again if there are too many keys. If too many remain, removes all: a limit on
    /// each client cannot stop more clients than fit in memory.
    fn limit_size(&self) {
        let buckets = self.buckets();
        if buckets.len() < Self::MAX_KEYS {
            return;
        }
        buckets.retain_recent();
        if buckets.len() >= Self::MAX_KEYS {
            let mut current = self.buckets.write().unwrap_or_else(PoisonError::into_inner);
            *current = Arc::new(RateLimiter::keyed(self.quota));
        }
        self.buckets().shrink_to_fit();
    }

    fn buckets(&self) -> Arc<DefaultKeyedRateLimiter<K>> {
        Arc::clone(&self.buckets.read().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Returns the whole seconds to wait, at least one.
fn seconds(until: &NotUntil<<DefaultClock as Clock>::Instant>) -> u32 {
    let wait = until.wait_time_from(DefaultClock::default().now());
    u32::try_from((wait + Duration::from_millis(999)).as_secs()).unwrap_or(u32::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn million_clients_take_bounded_memory() {
        let limiter = KeyedRateLimiter::<u32>::new(Quota::per_minute(NonZeroU32::new(60).unwrap()));
        let mut max_keys = 0;
        for client in 0..1_000_000 {
            assert_eq!(limiter.check(&client), Ok(()));
            if client % 1000 == 0 {
                max_keys = max_keys.max(limiter.buckets().len());
            }
        }
        assert!(
            max_keys <= KeyedRateLimiter::<u32>::MAX_KEYS + KeyedRateLimiter::<u32>::CHECKS_PER_SIZE_CHECK,
            "{max_keys}"
        );
    }

    #[test]
    fn client_with_an_empty_bucket_must_wait_and_others_need_not() {
        // At one token an hour, a slow test machine changes nothing.
        let hour = Quota::with_period(Duration::from_hours(1)).unwrap();
        let limiter = KeyedRateLimiter::<u32>::new(hour.allow_burst(NonZeroU32::new(6).unwrap()));
        for _ in 0..6 {
            assert_eq!(limiter.check(&1), Ok(()));
        }
        let wait = limiter.check(&1).unwrap_err();
        assert!((3500..=3600).contains(&wait), "{wait}");
        assert_eq!(limiter.check(&2), Ok(()));
        // Counts as a full bucket, which can be taken once.
        let huge = NonZeroU32::new(1_000).unwrap();
        assert_eq!(limiter.check_many(&3, huge), Ok(()));
        assert!(limiter.check_many(&3, huge).is_err());
    }
}
