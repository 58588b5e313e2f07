//! Whether the database answers, asked a few times a second at most, however many probes there are.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use crate::finish::finish;

/// How long a result is used again.
const FRESH: Duration = Duration::from_millis(250);

/// The last result. Probes that arrive while the database is asked wait for the same result.
#[derive(Debug, Default)]
pub(crate) struct Readiness {
    last: Arc<Mutex<Option<(Instant, bool)>>>,
}

impl Readiness {
    /// Reports what `ping` says of the database now, or what it said a moment ago.
    pub(crate) async fn is_ready(&self, ping: impl Future<Output = bool> + Send + 'static) -> bool {
        let mut last = Arc::clone(&self.last).lock_owned().await;
        if let Some((at, ready)) = *last
            && at.elapsed() < FRESH
        {
            return ready;
        }
        // To its end, so that probes that hang up do not make the database be asked again and again.
        let asked = finish(async move {
            let ready = ping.await;
            *last = Some((Instant::now(), ready));
            ready
        });
        asked.await.unwrap_or(false)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::future::join_all;

    use super::*;

    #[tokio::test]
    async fn probes_share_one_ping_even_if_some_of_them_hang_up() {
        let (readiness, pings) = (Arc::new(Readiness::default()), Arc::new(AtomicUsize::new(0)));
        let ping = |is_ready: bool| {
            let pings = Arc::clone(&pings);
            async move {
                pings.fetch_add(1, Ordering::Relaxed);
                tokio::time::sleep(Duration::from_millis(20)).await;
                is_ready
            }
        };
        let probe = |is_ready| {
            let (readiness, ping) = (Arc::clone(&readiness), ping(is_ready));
            tokio::spawn(async move { readiness.is_ready(ping).await })
        };
        let hanging_up = probe(true);
        tokio::time::sleep(Duration::from_millis(5)).await;
        hanging_up.abort();
        let probes = join_all((0..100).map(|_| probe(false))).await;
        assert!(probes.into_iter().all(|ready| ready.unwrap()));
        assert_eq!(pings.load(Ordering::Relaxed), 1);
        // Later it is asked again.
        tokio::time::sleep(FRESH).await;
        assert!(!probe(false).await.unwrap());
        assert_eq!(pings.load(Ordering::Relaxed), 2);
    }
}
