//! Limits on what clients hold at the same time: connections, requests in flight, bytes of request bodies.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::rate_limit_key::RateLimitKey;
use crate::config::{ProtectionSettings, RateLimiting, to_usize};

/// Minimum memory for the bodies of all requests in flight.
const MIN_BODY_MEMORY: usize = 64 << 20;
/// Minimum number of requests that a client and a network may have in flight.
const MIN_IN_FLIGHT: usize = 16;

/// The maximum amounts at one time. Bodies are counted in bytes, everything else in items.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ConcurrencyLimits {
    pub(crate) per_client: usize,
    pub(crate) per_network: usize,
    pub(crate) total: usize,
}

impl ConcurrencyLimits {
    /// Returns the limits on connections. A network leaves a quarter of all connections to others, unless the operator
    /// allows a single client more.
    pub(crate) fn for_connections(per_client: usize, total: usize) -> Self {
        Self { per_client, per_network: per_client.max(total - total / 4), total: usize::MAX }
    }

    /// Returns the limits on requests in flight: for a client a quarter of its connections, for a network half of all
    /// connections. `None` if limits are off.
    pub(crate) fn for_requests(settings: &ProtectionSettings) -> Option<Self> {
        let part = |number: NonZeroU32, divisor: usize| (to_usize(number) / divisor).max(MIN_IN_FLIGHT);
        (settings.rate_limit == RateLimiting::On).then(|| Self {
            per_client: part(settings.max_connections_per_address, 4),
            per_network: part(settings.max_connections, 2),
            total: usize::MAX,
        })
    }

    /// Returns the limits on the memory of request bodies. At least four bodies of `max_body_bytes` fit, one of a
    /// client or network.
    pub(crate) fn for_body_memory(settings: &ProtectionSettings, max_body_bytes: usize) -> Self {
        let total = MIN_BODY_MEMORY.max(max_body_bytes.saturating_mul(4));
        match settings.rate_limit {
            RateLimiting::On => Self { per_client: total / 4, per_network: total / 4, total },
            RateLimiting::Off => Self { per_client: total, per_network: total, total },
        }
    }
}

/// The limit that would be exceeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LimitExceeded {
    /// The limit of the client or of its network.
    PerClient,
    /// The limit of all clients together.
    Total,
}

/// Counts what each client, each network and all clients together hold, and enforces limits on it.
///
/// `tower`'s concurrency limit has one semaphore for all callers; this one counts by client and network.
#[derive(Debug)]
pub(crate) struct ConcurrencyLimiter {
    limits: ConcurrencyLimits,
    usage: Mutex<Usage>,
}

#[derive(Debug, Default)]
struct Usage {
    clients: HashMap<RateLimitKey, usize>,
    networks: HashMap<RateLimitKey, usize>,
    total: usize,
}

impl ConcurrencyLimiter {
    pub(crate) fn new(limits: ConcurrencyLimits) -> Arc<Self> {
        Arc::new(Self { limits, usage: Mutex::default() })
    }

    /// Acquires an amount for a client. Without a key, only the total limit applies.
    pub(crate) fn acquire(
        self: &Arc<Self>,
        key: Option<RateLimitKey>,
        amount: usize,
    ) -> Result<ConcurrencyPermit, LimitExceeded> {
        let mut permit = self.empty_permit(key);
        permit.grow(amount)?;
        Ok(permit)
    }

    /// Returns a permit with an amount of zero.
    pub(crate) fn empty_permit(self: &Arc<Self>, key: Option<RateLimitKey>) -> ConcurrencyPermit {
        ConcurrencyPermit { limiter: Arc::clone(self), key, amount: 0 }
    }

    fn add(&self, key: Option<RateLimitKey>, amount: usize) -> Result<(), LimitExceeded> {
        let ConcurrencyLimits { per_client, per_network, total } = self.limits;
        let mut usage = self.usage();
        if let Some(key) = key {
            let fits = |used: Option<&usize>, limit: usize| {
                used.copied().unwrap_or_default().saturating_add(amount) <= limit
            };
            if !fits(usage.clients.get(&key), per_client)
                || !fits(usage.networks.get(&key.network()), per_network)
            {
                return Err(LimitExceeded::PerClient);
            }
        }
        if usage.total.saturating_add(amount) > total {
            return Err(LimitExceeded::Total);
        }
        usage.total += amount;
        if let Some(key) = key {
            *usage.clients.entry(key).or_default() += amount;
            *usage.networks.entry(key.network()).or_default() += amount;
        }
        Ok(())
    }

    fn remove(&self, key: Option<RateLimitKey>, amount: usize) {
        let mut usage = self.usage();
        usage.total -= amount;
        if let Some(key) = key {
            subtract(&mut usage.clients, key, amount);
            subtract(&mut usage.networks, key.network(), amount);
        }
    }

    fn usage(&self) -> MutexGuard<'_, Usage> {
        self.usage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Subtracts an amount, and removes keys that hold nothing, so that memory is bounded by what clients hold.
fn subtract(usage: &mut HashMap<RateLimitKey, usize>, key: RateLimitKey, amount: usize) {
    if let Some(count) = usage.get_mut(&key) {
        *count -= amount;
        if *count == 0 {
            usage.remove(&key);
        }
    }
}

/// The amount that one client has acquired. Dropping the permit releases it.
#[derive(Debug)]
pub(crate) struct ConcurrencyPermit {
    limiter: Arc<ConcurrencyLimiter>,
    key: Option<RateLimitKey>,
    amount: usize,
}

impl ConcurrencyPermit {
    /// Acquires a further amount.
    pub(crate) fn grow(&mut self, amount: usize) -> Result<(), LimitExceeded> {
        if amount > 0 {
            self.limiter.add(self.key, amount)?;
            self.amount += amount;
        }
        Ok(())
    }
}

impl Drop for ConcurrencyPermit {
    fn drop(&mut self) {
        if self.amount > 0 {
            self.limiter.remove(self.key, self.amount);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(address: &str) -> RateLimitKey {
        RateLimitKey::of_address(address.parse().unwrap())
    }

    #[test]
    fn ipv6_subnet_is_one_client_and_a_network_leaves_room_for_others() {
        let limiter = ConcurrencyLimiter::new(ConcurrencyLimits { per_client: 6, per_network: 8, total: 10 });
        let acquire = |addresses: &mut dyn Iterator<Item = String>| {
            addresses.map_while(|address| limiter.acquire(Some(key(&address)), 1).ok()).collect::<Vec<_>>()
        };
        let one = acquire(&mut (0..100).map(|host| format!("2001:db8:1:1::{host}")));
        assert_eq!(one.len(), 6);
        let neighbours = acquire(&mut (0..100).map(|subnet| format!("2001:db8:1:a{subnet}::1")));
        assert_eq!(neighbours.len(), 2);
        let others = [
            limiter.acquire(Some(key("2001:db8:2::1")), 1).unwrap(),
            limiter.acquire(Some(key("192.0.2.1")), 1).unwrap(),
        ];
        assert_eq!(limiter.acquire(Some(key("203.0.113.1")), 1).unwrap_err(), LimitExceeded::Total);
        assert_eq!(limiter.acquire(None, 1).unwrap_err(), LimitExceeded::Total);
        drop((one, neighbours, others));
        let usage = limiter.usage();
        assert_eq!((usage.clients.len(), usage.networks.len(), usage.total), (0, 0, 0));
    }

    #[test]
    fn refused_amount_is_not_counted() {
        let limiter =
            ConcurrencyLimiter::new(ConcurrencyLimits { per_client: 10, per_network: 15, total: 20 });
        let mut first = limiter.acquire(Some(key("192.0.2.1")), 8).unwrap();
        assert_eq!(first.grow(3), Err(LimitExceeded::PerClient));
        assert_eq!(limiter.acquire(Some(key("192.0.2.2")), 8).unwrap_err(), LimitExceeded::PerClient);
        let second = limiter.acquire(Some(key("192.0.2.2")), 7).unwrap();
        assert_eq!(limiter.acquire(Some(key("198.51.100.1")), 6).unwrap_err(), LimitExceeded::Total);
        drop(second);
        assert_eq!(first.grow(2), Ok(()));
        assert!(limiter.acquire(Some(key("198.51.100.1")), 10).is_ok());
    }
}
