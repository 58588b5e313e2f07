//! Whether the database answers, asked a few times a second at most, however many probes there are.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use crate::run_to_completion::run_to_completion;

/// How long a result is used again.
const FRESH: Duration = Duration::from_millis(250);

/// The last result. Probes that arrive while the database is asked wait for the same result.
#[derive(Debug)]
pub(crate) struct Readiness {
    last: Arc<Mutex<Option<(Instant, bool)>>>,
    fresh: Duration,
}

impl Default for Readiness {
    fn default() -> Self {
        Self::reusing_for(FRESH)
    }
}

impl Readiness {
    /// Uses a result again for this long.
    fn reusing_for(fresh: Duration) -> Self {
        Self { last: Arc::default(), fresh }
    }

    /// Reports what `ping` says of the database now, or what it said a moment ago.
    pub(crate) async fn is_ready(&self, ping: impl Future<Output = bool> + Send + 'static) -> bool {
        let mut last = Arc::clone(&self.last).lock_owned().await;
        if let Some((at, ready)) = *last
            && at.elapsed() < self.fresh
        {
            return ready;
        }
        // To its end, so that probes that hang up do not make the database be asked again and again.
        let asked = run_to_completion(async move {
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
    use tokio::sync::Semaphore;

    use super::*;

    /// A database that answers a ping once it may, and how often it was asked.
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
    async fn probes_share_one_ping_even_if_some_of_them_hang_up() {
        let readiness = Arc::new(Readiness::reusing_for(Duration::from_hours(1)));
        let database = Database::new();
        let probe = |is_ready| {
            let (readiness, ping) = (Arc::clone(&readiness), Arc::clone(&database).ping(is_ready));
            tokio::spawn(async move { readiness.is_ready(ping).await })
        };
        let hanging_up = probe(false);
        while database.pings.load(Ordering::Relaxed) == 0 {
            tokio::task::yield_now().await;
        }
        hanging_up.abort();
        assert!(hanging_up.await.unwrap_err().is_cancelled());
        let probes = join_all((0..100).map(|_| probe(true)));
        database.may_answer.add_permits(1);
        assert!(probes.await.into_iter().all(|ready| !ready.unwrap()), "the first ping answers all of them");
        assert_eq!(database.pings.load(Ordering::Relaxed), 1);
    }

    #[tokio::test]
    async fn stale_result_is_not_used_again() {
        let (readiness, database) = (Readiness::reusing_for(Duration::ZERO), Database::new());
        database.may_answer.add_permits(1);
        for (pings, is_ready) in [(1, true), (2, false), (3, true)] {
            assert_eq!(readiness.is_ready(Arc::clone(&database).ping(is_ready)).await, is_ready);
            assert_eq!(database.pings.load(Ordering::Relaxed), pings);
        }
    }
}
