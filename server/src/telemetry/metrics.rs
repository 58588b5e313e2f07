//! Metrics for Prometheus: counts, outcomes and durations. No label contains an id or an address.
//!
//! `axum-prometheus` would bring the `metrics` facade for the one HTTP histogram; its metrics and labels have other
//! names than those that dashboards already read.

mod store;

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

pub(crate) use store::InstrumentedStore;

/// Upper bounds of the histograms' buckets, in seconds.
const LATENCY_BUCKETS: [f64; 14] =
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

/// Creates histograms with [`LATENCY_BUCKETS`].
#[derive(Debug, Clone)]
struct LatencyHistogram;

impl MetricConstructor<Histogram> for LatencyHistogram {
    fn new_metric(&self) -> Histogram {
        Histogram::new(LATENCY_BUCKETS)
    }
}

type FloatGauge = Gauge<f64, AtomicU64>;

/// All metrics of this process. They are recorded whether or not they are served.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    creates: Family<OutcomeLabel, Counter>,
    reveals: Family<OutcomeLabel, Counter>,
    burns: Family<OutcomeLabel, Counter>,
    locks: Counter,
    requests: Family<RequestLabels, Histogram, LatencyHistogram>,
    store: Family<KindLabel, Histogram, LatencyHistogram>,
    secrets: Gauge,
    bytes: Gauge,
    sweeps: Family<OutcomeLabel, Counter>,
    swept: Family<KindLabel, Counter>,
    sweep_lag: FloatGauge,
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
            requests: Family::new_with_constructor(LatencyHistogram),
            store: Family::new_with_constructor(LatencyHistogram),
            secrets: Gauge::default(),
            bytes: Gauge::default(),
            sweeps: Family::default(),
            swept: Family::default(),
            sweep_lag: FloatGauge::default(),
            pool: Family::default(),
        };
        metrics.register();
        metrics
    }
}

impl Metrics {
    fn register(&mut self) {
        let registry = &mut self.registry;
        registry.register("creates", "Attempts to create a secret, by outcome", self.creates.clone());
        registry.register("reveals", "Attempts to reveal a secret, by outcome", self.reveals.clone());
        registry.register("burns", "Attempts to burn a secret, by outcome", self.burns.clone());
        registry.register("locks", "Wrong passphrases that locked a secret for a while", self.locks.clone());
        registry.register_with_unit(
            "request_duration",
            "Time from the head of a request to its response, by route and status",
            Unit::Seconds,
            self.requests.clone(),
        );
        registry.register_with_unit(
            "store_duration",
            "Time that a call of the database takes, by kind",
            Unit::Seconds,
            self.store.clone(),
        );
        registry.register(
            "live_secrets",
            "Secrets that are stored, as of the last measurement",
            self.secrets.clone(),
        );
        registry.register_with_unit(
            "stored",
            "Bytes that secrets, receipts and claims take, as of the last measurement",
            Unit::Bytes,
            self.bytes.clone(),
        );
        registry.register("sweeps", "Batches that delete expired rows, by outcome", self.sweeps.clone());
        registry.register("swept", "Expired rows that were deleted, by kind", self.swept.clone());
        registry.register_with_unit(
            "sweep_lag",
            "Time since the oldest secret expired that is not yet deleted",
            Unit::Seconds,
            self.sweep_lag.clone(),
        );
        registry.register("pool_connections", "Connections to the database, by state", self.pool.clone());
    }

    /// Returns all metrics in the `OpenMetrics` text format. `busy` and `idle` are numbers of database connections.
    pub(crate) fn text(&self, (busy, idle): (u32, u32)) -> String {
        for (state, number) in [("busy", busy), ("idle", idle)] {
            self.pool.get_or_create(&StateLabel { state }).set(number.into());
        }
        let mut text = String::new();
        // Writing to a string does not fail.
        text::encode(&mut text, &self.registry).unwrap_or_default();
        text
    }

    /// Records a request and the time to its response.
    pub(crate) fn record_request(&self, route: &str, status: StatusCode, duration: Duration) {
        let labels = RequestLabels { route: route.to_owned(), status: status.as_u16() };
        self.requests.get_or_create(&labels).observe(duration.as_secs_f64());
    }

    /// Records a measurement of the database.
    pub(crate) fn record_storage(&self, stats: StorageStats) {
        self.secrets.set(stats.secrets.try_into().unwrap_or(i64::MAX));
        self.bytes.set(stats.bytes.try_into().unwrap_or(i64::MAX));
        #[expect(
            clippy::cast_precision_loss,
            reason = "an f64 holds whole seconds exactly for 285 million years"
        )]
        self.sweep_lag.set(stats.sweep_lag_seconds as f64);
    }

    fn record_store_call(&self, kind: &'static str, duration: Duration) {
        self.store.get_or_create(&KindLabel { kind }).observe(duration.as_secs_f64());
    }

    fn record_create(&self, result: &Result<CreateOutcome, StoreError>) {
        let outcome = match result {
            Ok(CreateOutcome::Created { .. }) => "created",
            Ok(CreateOutcome::Conflict) => "conflict",
            Ok(CreateOutcome::StorageFull) => "no_room",
            Err(error) => error_outcome(error),
        };
        self.creates.get_or_create(&OutcomeLabel { outcome }).inc();
    }

    fn record_reveal(&self, result: &Result<RevealOutcome, StoreError>) {
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
            Err(error) => error_outcome(error),
        };
        self.reveals.get_or_create(&OutcomeLabel { outcome }).inc();
    }

    fn record_burn<T>(&self, result: &Result<Option<T>, StoreError>) {
        let outcome = match result {
            Ok(Some(_)) => "answered",
            Ok(None) => "unavailable",
            Err(error) => error_outcome(error),
        };
        self.burns.get_or_create(&OutcomeLabel { outcome }).inc();
    }

    fn record_cleanup(&self, result: &Result<DeletedRows, StoreError>) {
        let outcome = match result {
            Ok(_) => "done",
            Err(error) => error_outcome(error),
        };
        self.sweeps.get_or_create(&OutcomeLabel { outcome }).inc();
        if let Ok(deleted) = result {
            for (kind, number) in
                [("secrets", deleted.secrets), ("claims", deleted.claims), ("receipts", deleted.receipts)]
            {
                self.swept.get_or_create(&KindLabel { kind }).inc_by(number);
            }
        }
    }
}

/// Returns the label of a failed call.
const fn error_outcome(error: &StoreError) -> &'static str {
    match error {
        StoreError::Unavailable(_) => "failed",
        StoreError::Full => "full",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dashboard_uses_only_metrics_that_exist() {
        let metrics = Metrics::default();
        // A family without a value is not in the text.
        metrics.record_request("/", StatusCode::OK, Duration::ZERO);
        metrics.record_store_call("create", Duration::ZERO);
        metrics.record_create(&Ok(CreateOutcome::Conflict));
        metrics.record_reveal(&Ok(RevealOutcome::NotFound));
        metrics.record_burn::<()>(&Ok(None));
        metrics.record_cleanup(&Ok(DeletedRows::default()));
        let text = metrics.text((0, 0));
        let exported: Vec<_> =
            text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()).collect();
        let dashboard = include_str!("../../../deploy/grafana.json");
        let used = dashboard.split("ikrypt_").skip(1).map(|rest| {
            let end = rest.find(|c: char| !c.is_ascii_lowercase() && c != '_').unwrap_or(rest.len());
            format!("ikrypt_{}", &rest[..end])
        });
        for name in used {
            let plain = ["_total", "_bucket", "_count"].into_iter().find_map(|end| name.strip_suffix(end));
            assert!(exported.contains(&plain.unwrap_or(&name)), "{name}\n{text}");
        }
        assert!(exported.len() > 10);
    }
}
