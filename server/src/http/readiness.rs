//! Checks whether the database responds, at most a few times a second for any number of probes.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use crate::run_to_completion::run_to_completion;

/// Time for which a result is reused.
const RESULT_LIFETIME: Duration = Duration::from_millis(250);

/// The last result. Probes that arrive during a check wait for its result.
#[derive(Debug)]
pub(crate) struct Readiness {
    last: Arc<Mutex<Option<(Instant, bool)>>>,
    lifetime: Duration,
}

impl Default for Readiness {
    fn default() -> Self {
        Self::with_lifetime(RESULT_LIFETIME)
    }
}

impl Readiness {
    /// Reuses a result for this time.
    fn with_lifetime(lifetime: Duration) -> Self {
        Self { last: Arc::default(), lifetime }
    }

    /// Returns the last result if it is recent, and otherwise that of `ping`.
    pub(crate) async fn is_ready(&self, ping: impl Future<Output = bool> + Send + 'static) -> bool {
        let mut last = Arc::clone(&self.last).lock_owned().await;
        if let Some((at, ready)) = *last
            && at.elapsed() < self.lifetime
        {
            return ready;
        }
        // Runs to completion, so that probes that disconnect early do not cause a new ping each.
        let result = run_to_completion(async move {
            let ready = ping.await;
            *last = Some((Instant::now(), ready));
            ready
        });
        result.await.unwrap_or(false)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::future::join_all;
    use tokio::sync::Semaphore;

    use super::*;

    /// A database that counts pings, and responds to them once `may_answer` has a permit.
    struct Database {
        pings: AtomicUsize,
        may_answer: Semaphore,
    }

    impl Database {
        fn new() -> Arc<Self> {
            Arc::new(Self { pings: AtomicUsize::new(0), may_answer: Semaphore::new(0) })
        }

        async fn ping(self: Arc<Self>, is_ready: bool) -> bool {
            self.pings.fetch_add(1, Ordering::Relaxed);
            drop(self.may_answer.acquire().await);
            is_ready
        }
    }

    #[tokio::test]
    async fn probes_share_one_ping_even_if_some_of_them_disconnect() {
        let readiness = Arc::new(Readiness::with_lifetime(Duration::from_hours(1)));
        let database = Database::new();
        let probe = |is_ready| {
            let (readiness, ping) = (Arc::clone(&readiness), Arc::clone(&database).ping(is_ready));
            tokio::spawn(async move { readiness.is_ready(ping).await })
        };
        let disconnecting = probe(false);
        while database.pings.load(Ordering::Relaxed) == 0 {
            tokio::task::yield_now().await;
        }
        disconnecting.abort();
        assert!(disconnecting.await.unwrap_err().is_cancelled());
        let probes = join_all((0..100).map(|_| probe(true)));
        database.may_answer.add_permits(1);
        assert!(
            probes.await.into_iter().all(|ready| !ready.unwrap()),
            "the first ping decides for all of them"
        );
        assert_eq!(database.pings.load(Ordering::Relaxed), 1);
    }

    #[tokio::test]
    async fn expired_result_is_not_reused() {
        let (readiness, database) = (Readiness::with_lifetime(Duration::ZERO), Database::new());
        database.may_answer.add_permits(1);
        for (pings, is_ready) in [(1, true), (2, false), (3, true)] {
            assert_eq!(readiness.is_ready(Arc::clone(&database).ping(is_ready)).await, is_ready);
            assert_eq!(database.pings.load(Ordering::Relaxed), pings);
        }
    }
}
