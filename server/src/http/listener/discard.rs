//! Limits how many bytes of refused requests are read and discarded for each client.

use std::num::NonZeroU32;
use std::sync::Arc;

use governor::Quota;

use crate::http::protection::rate_limit::KeyedRateLimiter;
use crate::http::protection::rate_limit_key::RateLimitKey;

/// MiB of each client in an hour: eleven times the largest body that any configuration allows.
const MEBIBYTES_PER_HOUR: NonZeroU32 = NonZeroU32::new(1024).unwrap();

/// The limits of all clients.
#[derive(Debug, Clone)]
pub(super) struct DiscardLimits(Arc<KeyedRateLimiter<RateLimitKey>>);

impl DiscardLimits {
    pub(super) fn new() -> Self {
        Self(Arc::new(KeyedRateLimiter::new(Quota::per_hour(MEBIBYTES_PER_HOUR))))
    }

    /// Removes clients whose limit is full again.
    pub(super) fn forget_idle(&self) {
        self.0.forget_idle();
    }
}

/// The limit of one connection's client.
pub(super) struct DiscardBudget(Option<(DiscardLimits, RateLimitKey)>);

impl DiscardBudget {
    pub(super) const fn new(limits: DiscardLimits, key: RateLimitKey) -> Self {
        Self(Some((limits, key)))
    }

    /// Returns the budget of a proxy, whose connections belong to many clients.
    pub(super) const fn unlimited() -> Self {
        Self(None)
    }

    /// Takes 1 MiB, and reports whether it was available.
    pub(super) fn take(&self) -> bool {
        self.0.as_ref().is_none_or(|(limits, key)| limits.0.check(key).is_ok())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn client_is_removed_once_its_limit_is_full_again() {
        let limits = DiscardLimits::new();
        for address in ["192.0.2.1", "2001:db8::1", "198.51.100.7"] {
            let key = RateLimitKey::of_address(address.parse().unwrap());
            assert!(DiscardBudget::new(limits.clone(), key).take());
        }
        limits.forget_idle();
        assert_eq!(limits.0.len(), 3);
        let removed = async {
            while limits.0.len() > 0 {
                tokio::time::sleep(Duration::from_millis(200)).await;
                limits.forget_idle();
            }
        };
        // At 1 GiB an hour, 1 MiB is available again after 3.6 seconds.
        let end = tokio::time::Instant::now() + Duration::from_mins(1);
        tokio::time::timeout_at(end, removed).await.unwrap();
    }
}
