//! Fast path: a connection that a worker keeps from one batch to the next.
//!
//! A pool checks with a round trip after each use whether the connection still works, which a batch would pay once more
//! than needed. The connection is outside the pool instead, and is closed after every error that may leave it in the
//! middle of a transaction. It changes which connection executes a batch, and no decision: `it store::batches` and
//! `it store::commit` cut it at and before commits. To switch it off, drop `self.kept` at the end of
//! [`BatchConnection::run`], so that every batch connects anew, or let `run` call [`on_pool`](super::connection::on_pool).

use std::time::Instant;

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{Connection as _, Executor as _};

use super::connection::{
    CALL_TIMEOUT, CONNECT_TIMEOUT, IDLE_WITHOUT_PING, PING_TIMEOUT, SESSION, ping, within,
};
use crate::store::failure::DatabaseFailure;
use crate::store::transaction_error::{TransactionError, TransactionFuture};

/// How PostgreSQL plans the statements of a batch. A server that does not know a setting keeps its defaults.
#[derive(Clone, Copy)]
pub(super) enum Planning {
    /// Plans inserts once, and not for each call.
    Insert,
    /// Plans lookups once, through the primary keys: a plan that was made for small tables stays right as they grow.
    LookupByKey,
}

impl Planning {
    const fn settings(self) -> &'static str {
        match self {
            Self::Insert => {
                "DO $$ BEGIN
                   SET jit = off;
                   SET plan_cache_mode = force_generic_plan;
                   EXCEPTION WHEN OTHERS THEN NULL; END $$"
            }
            Self::LookupByKey => {
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

/// The connection of one worker.
pub(super) struct BatchConnection {
    options: PgConnectOptions,
    planning: Planning,
    kept: Option<KeptConnection>,
}

struct KeptConnection {
    connection: PgConnection,
    used_at: Instant,
    /// Batches since the connection was opened.
    batches: u64,
}

impl BatchConnection {
    /// Creates a connection that connects when it is used first.
    pub(super) const fn new(options: PgConnectOptions, planning: Planning) -> Self {
        Self { options, planning, kept: None }
    }

    /// Runs a transaction. An error that may leave the connection in the middle of it closes the connection, and the next
    /// call opens another one.
    pub(super) async fn run<T>(
        &mut self,
        work: impl for<'c> FnOnce(&'c mut PgConnection) -> TransactionFuture<'c, T> + Send,
    ) -> Result<T, TransactionError> {
        let mut kept = self.take().await?;
        let result = within(CALL_TIMEOUT, work(&mut kept.connection)).await;
        let result = result.unwrap_or_else(|| Err(DatabaseFailure::timed_out().into()));
        if matches!(result, Ok(_) | Err(TransactionError::StaleSnapshot)) {
            self.kept = Some(KeptConnection { used_at: Instant::now(), batches: kept.batches + 1, ..kept });
        }
        result
    }

    /// Takes the kept connection if it still works, or opens another one.
    async fn take(&mut self) -> Result<KeptConnection, DatabaseFailure> {
        let Some(mut kept) = self.kept.take() else { return self.connect().await };
        if kept.used_at.elapsed() >= IDLE_WITHOUT_PING && ping(&mut kept.connection).await.is_err() {
            return self.connect().await;
        }
        // A plan is made for tables as large as they are at that time, so that it is made again as they grow.
        if kept.batches.is_power_of_two() && !forget_plans(&mut kept.connection).await {
            return self.connect().await;
        }
        Ok(kept)
    }

    async fn connect(&self) -> Result<KeptConnection, DatabaseFailure> {
        let connect = async {
            let mut connection = PgConnection::connect_with(&self.options).await?;
            connection.execute(SESSION).await?;
            connection.execute(self.planning.settings()).await?;
            Ok(KeptConnection { connection, used_at: Instant::now(), batches: 0 })
        };
        within(CONNECT_TIMEOUT, connect).await.unwrap_or_else(|| Err(DatabaseFailure::timed_out()))
    }
}

/// Drops the prepared statements with their plans, and returns whether that worked in time.
async fn forget_plans(connection: &mut PgConnection) -> bool {
    matches!(within(PING_TIMEOUT, connection.clear_cached_statements()).await, Some(Ok(())))
}
