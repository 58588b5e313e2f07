//! Deletes expired rows. Several servers may do so at once. A secret expires at its time, whether or not it was
//! deleted.

use std::sync::Arc;
use std::time::{Duration, Instant};

use vault::SecretStore;

/// Length of the pause after a batch, as a multiple of the time that the batch took: requests have the disk for most of
/// the time, however many rows have expired.
const PAUSE_FACTOR: u32 = 4;
/// Longest pause, so that one batch that waited for a lock does not delay the others.
const MAX_PAUSE: Duration = Duration::from_secs(1);

/// Deletes expired rows at every interval. Never returns.
pub async fn delete_expired(store: Arc<dyn SecretStore>, interval: Duration) {
    let mut ticks = tokio::time::interval(interval);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        // Batch by batch, so that no request waits long for a lock.
        loop {
            let started = Instant::now();
            match store.delete_expired().await {
                Ok(deleted) if deleted.is_empty() => break,
                Ok(deleted) => {
                    tracing::debug!(
                        secrets = deleted.secrets,
                        claims = deleted.claims,
                        receipts = deleted.receipts,
                        "deleted expired rows"
                    );
                    tokio::time::sleep(MAX_PAUSE.min(started.elapsed() * PAUSE_FACTOR)).await;
                }
                Err(error) => {
                    tracing::warn!(%error, "expired rows could not be deleted; the next run tries again");
                    break;
                }
            }
        }
    }
}
