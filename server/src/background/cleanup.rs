//! Deletes what has expired. Several servers may sweep at once; expiry itself waits for nobody.

use std::sync::Arc;
use std::time::{Duration, Instant};

use vault::SecretStore;

/// After each batch it rests for so many times as long as that took: readers have the disk for most of the time,
/// however much there is to sweep.
const PAUSE: u32 = 4;
/// The longest rest: a batch that had to wait itself does not delay all the others.
const LONGEST: Duration = Duration::from_secs(1);

/// Sweeps until it is aborted.
pub async fn delete_expired(store: Arc<dyn SecretStore>, every: Duration) {
    let mut ticks = tokio::time::interval(every);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        // A batch at a time, so that nobody waits long for a lock.
        loop {
            let started = Instant::now();
            match store.delete_expired().await {
                Ok(swept) if swept.is_empty() => break,
                Ok(swept) => {
                    tracing::debug!(
                        secrets = swept.secrets,
                        claims = swept.claims,
                        receipts = swept.receipts,
                        "swept"
                    );
                    tokio::time::sleep(LONGEST.min(started.elapsed() * PAUSE)).await;
                }
                Err(error) => {
                    tracing::warn!(%error, "the sweep failed and will be repeated");
                    break;
                }
            }
        }
    }
}
