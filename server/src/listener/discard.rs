//! How much of refused requests is read and discarded for one client.

use std::num::NonZeroU32;
use std::sync::Arc;

use governor::Quota;

use crate::client::Client;
use crate::rate_limit::PerClient;

/// MiB for each client in an hour. The largest body that any configuration allows fits eleven times.
const MEBIBYTES_PER_HOUR: NonZeroU32 = NonZeroU32::new(1024).unwrap();

/// The limits of all clients.
pub(super) fn discard_limits() -> Arc<PerClient<Client>> {
    Arc::new(PerClient::new(Quota::per_hour(MEBIBYTES_PER_HOUR)))
}

/// The limit of one connection's client.
pub(super) struct DiscardBudget(Option<(Arc<PerClient<Client>>, Client)>);

impl DiscardBudget {
    pub(super) const fn of(limits: Arc<PerClient<Client>>, client: Client) -> Self {
        Self(Some((limits, client)))
    }

    /// For a proxy, whose connections belong to many clients.
    pub(super) const fn unlimited() -> Self {
        Self(None)
    }

    /// Takes 1 MiB, and reports whether it was there.
    pub(super) fn take(&self) -> bool {
        self.0.as_ref().is_none_or(|(limits, client)| limits.check(client).is_ok())
    }
}
