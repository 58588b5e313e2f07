//! Whether the database answers, asked a few times a second at most, however many probes there are.

use std::sync::Arc;
use std::time::{Duration, Instant};

use app::store::SecretStore;
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
    /// Reports whether the database answers now, or did so a moment ago.
    pub(crate) async fn is_ready(&self, store: Arc<dyn SecretStore>) -> bool {
        let mut last = Arc::clone(&self.last).lock_owned().await;
        if let Some((at, ready)) = *last
            && at.elapsed() < FRESH
        {
            return ready;
        }
        // To its end, so that probes that hang up do not make the database be asked again and again.
        let asked = finish(async move {
            let ready = store.ping().await.is_ok();
            *last = Some((Instant::now(), ready));
            ready
        });
        asked.await.unwrap_or(false)
    }
}
