//! Connections that are given up when they say nothing for too long.

use std::pin::Pin;
use std::time::{Duration, Instant};

use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool};
use sqlx::{Connection as _, Executor as _};

use super::SESSION;
use crate::store::failure::DatabaseFailure;
use crate::store::retry::{PATIENCE, TransactionError};

/// Longer than this without work, and a connection is asked whether it is still there.
pub(super) const FRESH: Duration = Duration::from_secs(1);
/// How long it has for that.
const ALIVE: Duration = Duration::from_secs(1);
/// How long a new connection is waited for.
pub(super) const CONNECT: Duration = Duration::from_secs(5);

/// How the statements of batches are planned. Where such settings are not known it goes without.
#[derive(Clone, Copy)]
pub(super) enum Plans {
    /// Nothing is looked up but in what the statement itself holds.
    Insert,
    /// Each row is looked up by its key, whatever the tables were like when the plan was made.
    ByKey,
}

impl Plans {
    const fn settings(self) -> &'static str {
        match self {
            Self::Insert => {
                "DO $$ BEGIN
                   SET jit = off;
                   SET plan_cache_mode = force_generic_plan;
                   EXCEPTION WHEN OTHERS THEN NULL; END $$"
            }
            Self::ByKey => {
                "DO $$ BEGIN
                   SET jit = off;
                   SET plan_cache_mode = force_generic_plan;
                   SET enable_seqscan = off;
                   SET enable_hashjoin = off;
                   SET enable_mergejoin = off;
                   SET enable_material = off;
                   EXCEPTION WHEN OTHERS THEN NULL; END $$"
            }
        }
    }
}

/// What is done on a connection.
pub(super) type Work<'c, T> = Pin<Box<dyn Future<Output = Result<T, TransactionError>> + Send + 'c>>;

/// Works on a connection of the pool. One that died without a word is closed and not given back: a pool that waits
/// for it would wait for as long as the operating system does, a quarter of an hour.
pub(super) async fn pooled<T>(
    pool: &PgPool,
    limit: Duration,
    work: impl for<'c> FnOnce(&'c mut PgConnection) -> Work<'c, T> + Send,
) -> Result<T, TransactionError> {
    let mut connection = pool.acquire().await?;
    let Some(ended) = within(limit, work(&mut connection)).await else {
        drop(connection.detach());
        return Err(DatabaseFailure::timed_out().into());
    };
    // sqlx asks it for a sign of life, and would wait for that without end.
    tokio::spawn(async move { within(ALIVE, connection.return_to_pool()).await });
    ended
}

/// Whether somebody is there.
pub(super) async fn alive(connection: &mut PgConnection) -> Result<(), DatabaseFailure> {
    let answered = within(ALIVE, connection.ping()).await;
    answered.map_or_else(|| Err(DatabaseFailure::timed_out()), |answered| Ok(answered?))
}

/// A connection of its own for one batch after the other. The pool would ask it after each whether it is still there:
/// a round trip more.
pub(super) struct BatchConnection {
    options: PgConnectOptions,
    plans: Plans,
    kept: Option<Kept>,
}

struct Kept {
    connection: PgConnection,
    used: Instant,
    /// Batches since it was made.
    batches: u64,
}

impl BatchConnection {
    pub(super) const fn to(options: PgConnectOptions, plans: Plans) -> Self {
        Self { options, plans, kept: None }
    }

    /// Works on it. Whatever may leave it in the middle of something closes it, and the next gets another.
    pub(super) async fn work<T>(
        &mut self,
        work: impl for<'c> FnOnce(&'c mut PgConnection) -> Work<'c, T> + Send,
    ) -> Result<T, TransactionError> {
        let mut kept = self.ready().await?;
        let ended = within(PATIENCE, work(&mut kept.connection)).await;
        let ended = ended.unwrap_or_else(|| Err(DatabaseFailure::timed_out().into()));
        if matches!(ended, Ok(_) | Err(TransactionError::StaleSnapshot)) {
            self.kept = Some(Kept { used: Instant::now(), batches: kept.batches + 1, ..kept });
        }
        ended
    }

    async fn ready(&mut self) -> Result<Kept, DatabaseFailure> {
        if let Some(mut kept) = self.kept.take()
            && (kept.used.elapsed() < FRESH || alive(&mut kept.connection).await.is_ok())
        {
            // A plan is made for tables as large as they are then: so it is made again as they grow.
            if kept.batches.is_power_of_two() {
                let forget = within(ALIVE, kept.connection.clear_cached_statements()).await;
                if !matches!(forget, Some(Ok(()))) {
                    return self.connect().await;
                }
            }
            return Ok(kept);
        }
        self.connect().await
    }

    async fn connect(&self) -> Result<Kept, DatabaseFailure> {
        let connect = async {
            let mut connection = PgConnection::connect_with(&self.options).await?;
            connection.execute(SESSION).await?;
            connection.execute(self.plans.settings()).await?;
            Ok(Kept { connection, used: Instant::now(), batches: 0 })
        };
        within(CONNECT, connect).await.unwrap_or_else(|| Err(DatabaseFailure::timed_out()))
    }
}

#[expect(clippy::disallowed_methods, reason = "what is cancelled here is closed, and goes back to no pool")]
pub(super) async fn within<T>(limit: Duration, work: impl Future<Output = T>) -> Option<T> {
    tokio::time::timeout(limit, work).await.ok()
}
