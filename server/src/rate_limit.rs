//! How often a client may ask. Memory is bounded, whatever the number of clients.

use std::hash::Hash;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultDirectRateLimiter, DefaultKeyedRateLimiter, NotUntil, Quota, RateLimiter};

use crate::client::Client;
use crate::config::{ProtectionSettings, Switch};

/// The calls that are counted apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Call {
    Create,
    Open,
    Reveal,
    /// Burning too: it is asked with the same token.
    Receipt,
}

impl Call {
    /// What a path of the API is counted as.
    pub(crate) fn at(path: &str) -> Option<Self> {
        match path.strip_prefix("/api/v1/")? {
            "create" => Some(Self::Create),
            "open" => Some(Self::Open),
            "reveal" => Some(Self::Reveal),
            "receipt" | "burn" => Some(Self::Receipt),
            _ => None,
        }
    }
}

/// Every limit there is.
#[derive(Debug)]
pub(crate) struct RateLimits {
    create: PerClient<Client>,
    create_from_network: PerClient<Client>,
    create_bytes: PerClient<Client>,
    create_in_all: DefaultDirectRateLimiter,
    open: PerClient<Client>,
    reveal: PerClient<Client>,
    receipt: PerClient<Client>,
}

impl RateLimits {
    /// As configured; none where they are switched off.
    pub(crate) fn new(settings: &ProtectionSettings) -> Option<Self> {
        (settings.rate_limit == Switch::On).then(|| Self {
            create: PerClient::new(Quota::per_minute(settings.creates_per_minute)),
            create_from_network: PerClient::new(Quota::per_minute(
                settings.creates_per_minute.saturating_mul(NEIGHBOURS),
            )),
            create_bytes: PerClient::new(Quota::per_hour(settings.kibibytes_per_hour())),
            create_in_all: RateLimiter::direct(Quota::per_minute(settings.creates_per_minute_in_all)),
            open: PerClient::new(Quota::per_minute(settings.opens_per_minute)),
            reveal: PerClient::new(Quota::per_minute(settings.reveals_per_minute)),
            receipt: PerClient::new(Quota::per_minute(settings.receipts_per_minute)),
        })
    }

    /// Counts a call, or says after how many seconds it is worth asking again.
    pub(crate) fn check(&self, call: Call, client: Client) -> Result<(), u32> {
        match call {
            Call::Create => {
                self.create.check(&client)?;
                // Whoever has many addresses has them in one network, most of the time.
                self.create_from_network.check(&client.network())?;
                self.create_in_all.check().map_err(|until| seconds(&until))
            }
            Call::Open => self.open.check(&client),
            Call::Reveal => self.reveal.check(&client),
            Call::Receipt => self.receipt.check(&client),
        }
    }

    /// Counts the bytes of a create, likewise.
    pub(crate) fn check_bytes(&self, client: Client, bytes: usize) -> Result<(), u32> {
        let kibibytes = u32::try_from(bytes.div_ceil(1024)).unwrap_or(u32::MAX);
        self.create_bytes.check_many(&client, NonZeroU32::new(kibibytes).unwrap_or(NonZeroU32::MIN))
    }

    /// Forgets clients that have not asked for a while: their buckets are as good as new.
    pub(crate) fn forget(&self) {
        for limit in [
            &self.create,
            &self.create_from_network,
            &self.create_bytes,
            &self.open,
            &self.reveal,
            &self.receipt,
        ] {
            limit.buckets().retain_recent();
        }
    }
}

/// So many addresses of one network may create at the full rate at the same time.
const NEIGHBOURS: NonZeroU32 = NonZeroU32::new(10).unwrap();

/// One bucket a client.
#[derive(Debug)]
struct PerClient<K: Hash + Eq + Clone> {
    quota: Quota,
    buckets: RwLock<Arc<DefaultKeyedRateLimiter<K>>>,
    checks: AtomicUsize,
}

impl<K: Hash + Eq + Clone> PerClient<K> {
    /// Clients that are remembered at a time, some 100 bytes each.
    const MOST: usize = 50_000;
    /// So many checks come between two looks at the number of clients.
    const PAUSE: usize = 1_000;

    fn new(quota: Quota) -> Self {
        let buckets = RwLock::new(Arc::new(RateLimiter::keyed(quota)));
        Self { quota, buckets, checks: AtomicUsize::new(0) }
    }

    fn check(&self, client: &K) -> Result<(), u32> {
        self.check_many(client, NonZeroU32::MIN)
    }

    /// So many at once. What is more than a whole period's counts as that: else it would never pass.
    fn check_many(&self, client: &K, many: NonZeroU32) -> Result<(), u32> {
        if self.checks.fetch_add(1, Ordering::Relaxed).is_multiple_of(Self::PAUSE) {
            self.tidy();
        }
        let many = many.min(self.quota.burst_size());
        match self.buckets().check_key_n(client, many) {
            Ok(Err(until)) => Err(seconds(&until)),
            // More than a bucket holds was never asked for.
            Ok(Ok(())) | Err(_) => Ok(()),
        }
    }

    /// Forgets clients whose bucket is full again. Where that is not enough, all are forgotten: more
    /// clients than can be remembered are more than a limit for each could hold back.
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

/// Whole seconds to wait, one at least.
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
        let limiter = PerClient::<u32>::new(Quota::per_minute(NonZeroU32::new(6).unwrap()));
        for _ in 0..6 {
            assert_eq!(limiter.check(&1), Ok(()));
        }
        let wait = limiter.check(&1).unwrap_err();
        assert!((9..=10).contains(&wait), "{wait}");
        assert_eq!(limiter.check(&2), Ok(()));
        // As much as a full bucket, and not a second time.
        let huge = NonZeroU32::new(1_000).unwrap();
        assert_eq!(limiter.check_many(&3, huge), Ok(()));
        assert!(limiter.check_many(&3, huge).is_err());
    }
}
