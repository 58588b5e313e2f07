//! Numbers for Prometheus: how much is done, how it ends, how long it takes. None of them names a secret, an
//! id or an address.

mod listener;
mod store;

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use axum::http::StatusCode;
use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::{Family, MetricConstructor};
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use vault::{CreateOutcome, DeletedRows, RevealOutcome, StorageStats, StoreError};

pub(crate) use listener::serve;
pub(crate) use store::InstrumentedStore;

/// From a millisecond to ten seconds, as latencies are looked at.
const SECONDS: [f64; 14] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabel {
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct KindLabel {
    kind: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StateLabel {
    state: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    route: String,
    status: u16,
}

/// A histogram whose buckets are [`SECONDS`].
#[derive(Debug, Clone)]
struct Latency;

impl MetricConstructor<Histogram> for Latency {
    fn new_metric(&self) -> Histogram {
        Histogram::new(SECONDS)
    }
}

type Float = Gauge<f64, AtomicU64>;

/// Everything that is counted; cheap to share, and counted whether anybody asks or not.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    creates: Family<OutcomeLabel, Counter>,
    reveals: Family<OutcomeLabel, Counter>,
    burns: Family<OutcomeLabel, Counter>,
    locks: Counter,
    requests: Family<RequestLabels, Histogram, Latency>,
    store: Family<KindLabel, Histogram, Latency>,
    secrets: Gauge,
    bytes: Gauge,
    sweeps: Family<OutcomeLabel, Counter>,
    swept: Family<KindLabel, Counter>,
    sweep_lag: Float,
    pool: Family<StateLabel, Gauge>,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("ikrypt"),
            creates: Family::default(),
            reveals: Family::default(),
            burns: Family::default(),
            locks: Counter::default(),
            requests: Family::new_with_constructor(Latency),
            store: Family::new_with_constructor(Latency),
            secrets: Gauge::default(),
            bytes: Gauge::default(),
            sweeps: Family::default(),
            swept: Family::default(),
            sweep_lag: Float::default(),
            pool: Family::default(),
        };
        metrics.register();
        metrics
    }
}

impl Metrics {
    fn register(&mut self) {
        let registry = &mut self.registry;
        registry.register("creates", "Creates, by outcome", self.creates.clone());
        registry.register("reveals", "Reveals, by outcome", self.reveals.clone());
        registry.register("burns", "Burns, by outcome", self.burns.clone());
        registry.register("locks", "Wrong passphrases that locked a secret", self.locks.clone());
        registry.register_with_unit(
            "request_duration",
            "From the request's head to its answer, by route and status",
            Unit::Seconds,
            self.requests.clone(),
        );
        registry.register_with_unit(
            "store_duration",
            "What the database takes for it, by call",
            Unit::Seconds,
            self.store.clone(),
        );
        registry.register(
            "live_secrets",
            "Secrets that are stored, measured now and then",
            self.secrets.clone(),
        );
        registry.register_with_unit(
            "stored",
            "Bytes that they, all receipts and all claims take",
            Unit::Bytes,
            self.bytes.clone(),
        );
        registry.register("sweeps", "Batches of sweeping, by outcome", self.sweeps.clone());
        registry.register("swept", "What they removed, by kind", self.swept.clone());
        registry.register_with_unit(
            "sweep_lag",
            "For how long the oldest expired secret has been waiting for the sweeper",
            Unit::Seconds,
            self.sweep_lag.clone(),
        );
        registry.register("pool_connections", "Connections to the database, by state", self.pool.clone());
    }

    /// Everything, as Prometheus reads it.
    pub(crate) fn text(&self, (busy, idle): (u32, u32)) -> String {
        for (state, number) in [("busy", busy), ("idle", idle)] {
            self.pool.get_or_create(&StateLabel { state }).set(number.into());
        }
        let mut text = String::new();
        // Writing into a string does not fail.
        text::encode(&mut text, &self.registry).unwrap_or_default();
        text
    }

    /// A request was answered.
    pub(crate) fn answered(&self, route: &str, status: StatusCode, took: Duration) {
        let asked = RequestLabels { route: route.to_owned(), status: status.as_u16() };
        self.requests.get_or_create(&asked).observe(took.as_secs_f64());
    }

    /// What is stored was measured.
    pub(crate) fn stored(&self, stats: StorageStats) {
        self.secrets.set(stats.secrets.try_into().unwrap_or(i64::MAX));
        self.bytes.set(stats.bytes.try_into().unwrap_or(i64::MAX));
        #[expect(clippy::cast_precision_loss, reason = "seconds, and not for longer than there are clocks")]
        self.sweep_lag.set(stats.sweep_lag_seconds as f64);
    }

    fn timed(&self, kind: &'static str, took: Duration) {
        self.store.get_or_create(&KindLabel { kind }).observe(took.as_secs_f64());
    }

    fn created(&self, result: &Result<CreateOutcome, StoreError>) {
        let outcome = match result {
            Ok(CreateOutcome::Created { .. }) => "created",
            Ok(CreateOutcome::Conflict) => "conflict",
            Ok(CreateOutcome::StorageFull) => "no_room",
            Err(error) => failed(error),
        };
        self.creates.get_or_create(&OutcomeLabel { outcome }).inc();
    }

    fn revealed(&self, result: &Result<RevealOutcome, StoreError>) {
        let outcome = match result {
            Ok(RevealOutcome::Granted { .. }) => "granted",
            Ok(RevealOutcome::WrongPassphrase { wait, .. }) => {
                if wait.is_some() {
                    self.locks.inc();
                }
                "wrong_passphrase"
            }
            Ok(RevealOutcome::Locked { .. }) => "locked",
            Ok(RevealOutcome::Gone(_)) => "gone",
            Ok(RevealOutcome::NotFound) => "unavailable",
            Err(error) => failed(error),
        };
        self.reveals.get_or_create(&OutcomeLabel { outcome }).inc();
    }

    fn burned<T>(&self, result: &Result<Option<T>, StoreError>) {
        let outcome = match result {
            Ok(Some(_)) => "answered",
            Ok(None) => "unavailable",
            Err(error) => failed(error),
        };
        self.burns.get_or_create(&OutcomeLabel { outcome }).inc();
    }

    fn swept(&self, result: &Result<DeletedRows, StoreError>) {
        let outcome = match result {
            Ok(_) => "done",
            Err(error) => failed(error),
        };
        self.sweeps.get_or_create(&OutcomeLabel { outcome }).inc();
        if let Ok(swept) = result {
            for (kind, number) in
                [("secrets", swept.secrets), ("claims", swept.claims), ("receipts", swept.receipts)]
            {
                self.swept.get_or_create(&KindLabel { kind }).inc_by(number);
            }
        }
    }
}

const fn failed(error: &StoreError) -> &'static str {
    match error {
        StoreError::Unavailable(_) => "failed",
        StoreError::Full => "full",
    }
}

/// Shared by everything that counts.
pub(crate) type Shared = Arc<Metrics>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dashboard_asks_for_nothing_that_is_not_counted() {
        let metrics = Metrics::default();
        // What has not happened yet is not mentioned.
        metrics.answered("/", StatusCode::OK, Duration::ZERO);
        metrics.timed("create", Duration::ZERO);
        metrics.created(&Ok(CreateOutcome::Conflict));
        metrics.revealed(&Ok(RevealOutcome::NotFound));
        metrics.burned::<()>(&Ok(None));
        metrics.swept(&Ok(DeletedRows::default()));
        let text = metrics.text((0, 0));
        let counted: Vec<_> =
            text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()).collect();
        let dashboard = include_str!("../../../deploy/grafana.json");
        let asked = dashboard.split("ikrypt_").skip(1).map(|rest| {
            let end = rest.find(|c: char| !c.is_ascii_lowercase() && c != '_').unwrap_or(rest.len());
            format!("ikrypt_{}", &rest[..end])
        });
        for name in asked {
            let plain = ["_total", "_bucket", "_count"].into_iter().find_map(|end| name.strip_suffix(end));
            assert!(counted.contains(&plain.unwrap_or(&name)), "{name}\n{text}");
        }
        assert!(counted.len() > 10);
    }
}
