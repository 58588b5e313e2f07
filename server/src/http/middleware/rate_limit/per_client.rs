//! A token bucket for each key, in bounded memory.

use std::hash::Hash;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, NotUntil, Quota, RateLimiter};

/// One bucket for each client, network or other key.
#[derive(Debug)]
pub(crate) struct PerClient<K: Hash + Eq + Clone> {
    quota: Quota,
    buckets: RwLock<Arc<DefaultKeyedRateLimiter<K>>>,
    checks: AtomicUsize,
}

impl<K: Hash + Eq + Clone> PerClient<K> {
    /// Most keys remembered at a time, some 100 bytes each.
    const MOST: usize = 50_000;
    /// Checks between two looks at the number of keys.
    const PAUSE: usize = 1_000;

    pub(crate) fn new(quota: Quota) -> Self {
        let buckets = RwLock::new(Arc::new(RateLimiter::keyed(quota)));
        Self { quota, buckets, checks: AtomicUsize::new(0) }
    }

    /// Takes one token. `Err` holds the seconds to wait.
    pub(crate) fn check(&self, key: &K) -> Result<(), u32> {
        self.check_many(key, NonZeroU32::MIN)
    }

    /// Takes several tokens. More than a full bucket holds counts as a full bucket: otherwise it would never pass.
    pub(crate) fn check_many(&self, key: &K, many: NonZeroU32) -> Result<(), u32> {
        if self.checks.fetch_add(1, Ordering::Relaxed).is_multiple_of(Self::PAUSE) {
            self.tidy();
        }
        let many = many.min(self.quota.burst_size());
        match self.buckets().check_key_n(key, many) {
            Ok(Err(until)) => Err(seconds(&until)),
            // The second error means more than a bucket holds, which was excluded above.
            Ok(Ok(())) | Err(_) => Ok(()),
        }
    }

    /// Forgets keys whose bucket is full again.
    pub(crate) fn forget_idle(&self) {
        self.buckets().retain_recent();
    }

    /// How many keys are remembered.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.buckets().len()
    }

    /// Forgets keys whose bucket is full again. If too many are left, all are forgotten: a limit for each client
    /// cannot hold back more clients than can be remembered.
    fn tidy(&self) {
        let buckets = self.buckets();
        if buckets.len() < Self::MOST {
            return;
        }
        buckets.retain_recent();
        if buckets.len() >= Self::MOST {
            let mut current = self.buckets.write().unwrap_or_else(PoisonError::into_inner);
            *current = Arc::new(RateLimiter::keyed(self.quota));
        }
        self.buckets().shrink_to_fit();
    }

    fn buckets(&self) -> Arc<DefaultKeyedRateLimiter<K>> {
        Arc::clone(&self.buckets.read().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Whole seconds to wait, at least one.
fn seconds(until: &NotUntil<<DefaultClock as Clock>::Instant>) -> u32 {
    let wait = until.wait_time_from(DefaultClock::default().now());
    u32::try_from((wait + Duration::from_millis(999)).as_secs()).unwrap_or(u32::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_million_clients_are_held_in_bounded_memory() {
        let limiter = PerClient::<u32>::new(Quota::per_minute(NonZeroU32::new(60).unwrap()));
        let mut most = 0;
        for client in 0..1_000_000 {
            assert_eq!(limiter.check(&client), Ok(()));
            if client % 1000 == 0 {
                most = most.max(limiter.buckets().len());
            }
        }
        assert!(most <= PerClient::<u32>::MOST + PerClient::<u32>::PAUSE, "{most}");
    }

    #[test]
    fn each_client_has_its_own_bucket_and_is_told_how_long_to_wait() {
        // One token in an hour: a busy machine makes no difference.
        let hour = Quota::with_period(Duration::from_hours(1)).unwrap();
        let limiter = PerClient::<u32>::new(hour.allow_burst(NonZeroU32::new(6).unwrap()));
        for _ in 0..6 {
            assert_eq!(limiter.check(&1), Ok(()));
        }
        let wait = limiter.check(&1).unwrap_err();
        assert!((3500..=3600).contains(&wait), "{wait}");
        assert_eq!(limiter.check(&2), Ok(()));
        // As much as a full bucket, and not a second time.
        let huge = NonZeroU32::new(1_000).unwrap();
        assert_eq!(limiter.check_many(&3, huge), Ok(()));
        assert!(limiter.check_many(&3, huge).is_err());
    }
}
