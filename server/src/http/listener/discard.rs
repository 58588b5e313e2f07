//! How much of refused requests is read and discarded for one client.

use std::num::NonZeroU32;
use std::sync::Arc;

use governor::Quota;

use crate::http::middleware::rate_limit::PerClient;
use crate::http::middleware::rate_limit_key::RateLimitKey;

/// MiB for each client in an hour. The largest body that any configuration allows fits eleven times.
const MEBIBYTES_PER_HOUR: NonZeroU32 = NonZeroU32::new(1024).unwrap();

/// The limits of all clients.
#[derive(Debug, Clone)]
pub(super) struct DiscardLimits(Arc<PerClient<RateLimitKey>>);

impl DiscardLimits {
    pub(super) fn new() -> Self {
        Self(Arc::new(PerClient::new(Quota::per_hour(MEBIBYTES_PER_HOUR))))
    }

    /// Forgets clients whose limit is full again.
    pub(super) fn forget_idle(&self) {
        self.0.forget_idle();
    }
}

/// The limit of one connection's client.
pub(super) struct DiscardBudget(Option<(DiscardLimits, RateLimitKey)>);

impl DiscardBudget {
    pub(super) const fn of(limits: DiscardLimits, client: RateLimitKey) -> Self {
        Self(Some((limits, client)))
    }

    /// For a proxy, whose connections belong to many clients.
    pub(super) const fn unlimited() -> Self {
        Self(None)
    }

    /// Takes 1 MiB, and reports whether it was there.
    pub(super) fn take(&self) -> bool {
        self.0.as_ref().is_none_or(|(limits, client)| limits.0.check(client).is_ok())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn client_is_forgotten_once_its_limit_is_full_again() {
        let limits = DiscardLimits::new();
        for address in ["192.0.2.1", "2001:db8::1", "198.51.100.7"] {
            let client = RateLimitKey::of_address(address.parse().unwrap());
            assert!(DiscardBudget::of(limits.clone(), client).take());
        }
        limits.forget_idle();
        assert_eq!(limits.0.len(), 3);
        let forgotten = async {
            while limits.0.len() > 0 {
                tokio::time::sleep(Duration::from_millis(200)).await;
                limits.forget_idle();
            }
        };
        // 1 MiB of 1 GiB an hour is there again after 3.6 seconds.
        let end = tokio::time::Instant::now() + Duration::from_mins(1);
        tokio::time::timeout_at(end, forgotten).await.unwrap();
    }
}
