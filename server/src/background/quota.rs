//! Measures how much is stored, for the storage quota and the metrics.

use std::sync::Arc;
use std::time::{Duration, Instant};

use vault::SecretStore;
use vault::StorageQuota;

use crate::telemetry::metrics::Metrics;

/// Shortest pause between two measurements.
const MIN_PAUSE: Duration = Duration::from_secs(5);
/// Length of the pause as a multiple of the time that a measurement took: measuring takes at most 5 % of the time.
const PAUSE_FACTOR: u32 = 20;

/// Measures the stored bytes again and again. Never returns. Between two measurements the quota counts new secrets
/// itself.
pub(crate) async fn measure_storage(
    store: Arc<dyn SecretStore>,
    quota: Arc<StorageQuota>,
    metrics: Arc<Metrics>,
) {
    loop {
        let started = Instant::now();
        match store.stats().await {
            Ok(stats) => {
                quota.set_measured(stats.bytes);
                metrics.record_storage(stats);
            }
            Err(error) => tracing::warn!(%error, "the stored bytes could not be measured"),
        }
        tokio::time::sleep(MIN_PAUSE.max(started.elapsed() * PAUSE_FACTOR)).await;
    }
}
