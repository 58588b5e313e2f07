//! How much is stored, measured from time to time.

use std::sync::Arc;
use std::time::{Duration, Instant};

use vault::SecretStore;
use vault::StorageQuota;

use crate::telemetry::metrics::Metrics;

/// Shortest pause between two measurements.
const PAUSE: Duration = Duration::from_secs(5);
/// A measurement may take up to this part of the time.
const SHARE: u32 = 20;

/// Measures until it is aborted. What is created in between the quota counts itself.
pub(crate) async fn measure(store: Arc<dyn SecretStore>, quota: Arc<StorageQuota>, metrics: Arc<Metrics>) {
    loop {
        let started = Instant::now();
        match store.stats().await {
            Ok(stats) => {
                quota.set_measured(stats.bytes);
                metrics.stored(stats);
            }
            Err(error) => tracing::warn!(%error, "what is stored could not be measured"),
        }
        tokio::time::sleep(PAUSE.max(started.elapsed() * SHARE)).await;
    }
}
