//! Limits on what clients hold at one moment: connections, requests in flight, bytes of request bodies.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::http::middleware::rate_limit_key::RateLimitKey;

/// Counts what each client, each network and all of them together hold.
#[derive(Debug)]
pub(crate) struct ConcurrencyLimit {
    most: Most,
    held: Mutex<StoredSecret>,
}

/// The most that may be held at a time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Most {
    pub(crate) per_client: usize,
    pub(crate) per_network: usize,
    pub(crate) in_all: usize,
}

#[derive(Debug, Default)]
struct StoredSecret {
    clients: HashMap<RateLimitKey, usize>,
    networks: HashMap<RateLimitKey, usize>,
    in_all: usize,
}

/// Which limit was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exceeded {
    /// That of the client or of its network.
    ByClient,
    /// That of all clients together.
    InAll,
}

impl ConcurrencyLimit {
    pub(crate) fn new(most: Most) -> Arc<Self> {
        Arc::new(Self { most, held: Mutex::default() })
    }

    /// Takes some for a client. Without a client only the limit of all together counts.
    pub(crate) fn take(
        self: &Arc<Self>,
        client: Option<RateLimitKey>,
        amount: usize,
    ) -> Result<ConcurrencyPermit, Exceeded> {
        let mut permit = self.empty_permit(client);
        permit.grow(amount)?;
        Ok(permit)
    }

    /// A permit that holds nothing yet.
    pub(crate) fn empty_permit(self: &Arc<Self>, client: Option<RateLimitKey>) -> ConcurrencyPermit {
        ConcurrencyPermit { limit: Arc::clone(self), client, amount: 0 }
    }

    fn add(&self, client: Option<RateLimitKey>, amount: usize) -> Result<(), Exceeded> {
        let Most { per_client, per_network, in_all } = self.most;
        let mut held = self.held();
        if let Some(client) = client {
            let fits = |held: Option<&usize>, most: usize| {
                held.copied().unwrap_or_default().saturating_add(amount) <= most
            };
            if !fits(held.clients.get(&client), per_client)
                || !fits(held.networks.get(&client.network()), per_network)
            {
                return Err(Exceeded::ByClient);
            }
        }
        if held.in_all.saturating_add(amount) > in_all {
            return Err(Exceeded::InAll);
        }
        held.in_all += amount;
        if let Some(client) = client {
            *held.clients.entry(client).or_default() += amount;
            *held.networks.entry(client.network()).or_default() += amount;
        }
        Ok(())
    }

    fn remove(&self, client: Option<RateLimitKey>, amount: usize) {
        let mut held = self.held();
        held.in_all -= amount;
        if let Some(client) = client {
            subtract(&mut held.clients, client, amount);
            subtract(&mut held.networks, client.network(), amount);
        }
    }

    fn held(&self) -> MutexGuard<'_, StoredSecret> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Keys that hold nothing are forgotten, so that memory is bounded by what is held.
fn subtract(held: &mut HashMap<RateLimitKey, usize>, key: RateLimitKey, amount: usize) {
    if let Some(count) = held.get_mut(&key) {
        *count -= amount;
        if *count == 0 {
            held.remove(&key);
        }
    }
}

/// What one holder has taken. It is returned when this is dropped.
#[derive(Debug)]
pub(crate) struct ConcurrencyPermit {
    limit: Arc<ConcurrencyLimit>,
    client: Option<RateLimitKey>,
    amount: usize,
}

impl ConcurrencyPermit {
    /// Takes some more.
    pub(crate) fn grow(&mut self, amount: usize) -> Result<(), Exceeded> {
        if amount > 0 {
            self.limit.add(self.client, amount)?;
            self.amount += amount;
        }
        Ok(())
    }
}

impl Drop for ConcurrencyPermit {
    fn drop(&mut self) {
        if self.amount > 0 {
            self.limit.remove(self.client, self.amount);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(address: &str) -> RateLimitKey {
        RateLimitKey::of_address(address.parse().unwrap())
    }

    #[test]
    fn an_ipv6_subnet_is_one_client_and_a_network_leaves_room_for_others() {
        let limit = ConcurrencyLimit::new(Most { per_client: 6, per_network: 8, in_all: 10 });
        let taken = |addresses: &mut dyn Iterator<Item = String>| {
            addresses.map_while(|address| limit.take(Some(client(&address)), 1).ok()).collect::<Vec<_>>()
        };
        let one = taken(&mut (0..100).map(|host| format!("2001:db8:1:1::{host}")));
        assert_eq!(one.len(), 6);
        let neighbours = taken(&mut (0..100).map(|subnet| format!("2001:db8:1:a{subnet}::1")));
        assert_eq!(neighbours.len(), 2);
        let others = [
            limit.take(Some(client("2001:db8:2::1")), 1).unwrap(),
            limit.take(Some(client("192.0.2.1")), 1).unwrap(),
        ];
        assert_eq!(limit.take(Some(client("203.0.113.1")), 1).unwrap_err(), Exceeded::InAll);
        assert_eq!(limit.take(None, 1).unwrap_err(), Exceeded::InAll);
        drop((one, neighbours, others));
        let held = limit.held();
        assert_eq!((held.clients.len(), held.networks.len(), held.in_all), (0, 0, 0));
    }

    #[test]
    fn what_does_not_fit_takes_nothing() {
        let limit = ConcurrencyLimit::new(Most { per_client: 10, per_network: 15, in_all: 20 });
        let mut first = limit.take(Some(client("192.0.2.1")), 8).unwrap();
        assert_eq!(first.grow(3), Err(Exceeded::ByClient));
        assert_eq!(limit.take(Some(client("192.0.2.2")), 8).unwrap_err(), Exceeded::ByClient);
        let second = limit.take(Some(client("192.0.2.2")), 7).unwrap();
        assert_eq!(limit.take(Some(client("198.51.100.1")), 6).unwrap_err(), Exceeded::InAll);
        drop(second);
        assert_eq!(first.grow(2), Ok(()));
        assert!(limit.take(Some(client("198.51.100.1")), 10).is_ok());
    }
}
