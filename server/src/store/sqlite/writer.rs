//! The one connection that writes.

use std::sync::Arc;
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::sqlite::{Sqlite, SqliteConnectOptions, SqliteConnection, SqlitePool, SqlitePoolOptions};
use sqlx::{Connection as _, Executor as _};
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout_at};

use super::BUSY_TIMEOUT;
use crate::store::failure::DatabaseFailure;
use crate::store::transaction_error::{TransactionError, TransactionFuture};

/// Begins a transaction with the write lock.
pub(super) const BEGIN: &str = "BEGIN IMMEDIATE";
/// How often a start repeats opening the connection if another process has the lock, and the pause between.
const CONNECT_RETRIES: u32 = 20;
const CONNECT_PAUSE: Duration = Duration::from_millis(50);

/// Gives the connection to one transaction at a time, in order of arrival.
#[derive(Clone)]
pub(super) struct Writer(Arc<Inner>);

struct Inner {
    pool: SqlitePool,
    kept: Mutex<Option<PoolConnection<Sqlite>>>,
    page_size: usize,
}

impl Writer {
    pub(super) async fn connect(
        options: SqliteConnectOptions,
        pool: SqlitePoolOptions,
    ) -> Result<Self, DatabaseFailure> {
        let pool = pool.max_connections(1).acquire_timeout(BUSY_TIMEOUT).test_before_acquire(false);
        let pool = pool.after_release(|connection, _| {
            Box::pin(async move { Ok(can_begin_transaction(connection).await) })
        });
        let mut retries_left = CONNECT_RETRIES;
        let pool = loop {
            // Two servers that start together may both switch to the write-ahead log, for which SQLite does not wait.
            match pool.clone().connect_with(options.clone()).await.map_err(DatabaseFailure::from) {
                Err(error) if retries_left > 0 && is_busy(&error) => {
                    retries_left -= 1;
                    tokio::time::sleep(CONNECT_PAUSE).await;
                }
                connected => break connected?,
            }
        };
        let page_size: u32 = sqlx::query_scalar("PRAGMA page_size").fetch_one(&pool).await?;
        Ok(Self(Arc::new(Inner { pool, kept: Mutex::default(), page_size: page_size as usize })))
    }

    /// Returns the bytes of a page, which are fixed when a database is created.
    pub(super) fn page_size(&self) -> usize {
        self.0.page_size
    }

    /// Runs statements on the connection, which no other caller has meanwhile.
    pub(super) async fn run<T>(
        &self,
        work: impl for<'c> FnOnce(&'c mut SqliteConnection) -> TransactionFuture<'c, T> + Send,
    ) -> Result<T, TransactionError> {
        let kept = timeout_at(Instant::now() + BUSY_TIMEOUT, self.0.kept.lock()).await;
        let mut kept = kept.map_err(|_| DatabaseFailure::pool_timed_out())?;
        let mut connection = match kept.take() {
            Some(connection) if !self.0.pool.is_closed() => connection,
            _ => self.0.pool.acquire().await?,
        };
        let result = work(&mut connection).await;
        Self::release(connection, &mut kept, result.is_ok()).await;
        result
    }

    /// Keeps the connection for the next caller after a success, and returns it to the pool after a failure. The pool
    /// closes it if no transaction can begin on it.
    ///
    /// Fast path: the pool asks a returned connection whether it still works, and each question wakes two threads. It
    /// changes which connection the next transaction gets, and no decision: `it store::commit` checks transactions after a
    /// failed commit. To switch it off, return the connection to the pool in both cases.
    async fn release(
        mut connection: PoolConnection<Sqlite>,
        kept: &mut Option<PoolConnection<Sqlite>>,
        has_succeeded: bool,
    ) {
        if has_succeeded {
            *kept = Some(connection);
        } else {
            connection.return_to_pool().await;
        }
    }

    /// Runs a transaction that has the write lock before it reads, so that its reads stay true until the commit.
    pub(super) async fn transaction<T: Send>(
        &self,
        work: impl for<'c> FnOnce(&'c mut SqliteConnection) -> TransactionFuture<'c, T> + Send + 'static,
    ) -> Result<T, TransactionError> {
        let transaction = self.run(|connection| {
            Box::pin(async move {
                let mut tx = connection.begin_with(BEGIN).await?;
                let result = work(&mut tx).await?;
                tx.commit().await.map_err(TransactionError::unknown_outcome)?;
                Ok(result)
            })
        });
        transaction.await
    }

    /// Returns the pool, which lacks the connection while it is kept.
    pub(super) fn pool(&self) -> &SqlitePool {
        &self.0.pool
    }

    /// Returns whether the connection is kept and no caller uses it.
    pub(super) fn is_idle(&self) -> bool {
        self.0.kept.try_lock().is_ok_and(|kept| kept.is_some())
    }

    pub(super) async fn close(&self) {
        let kept = self.0.kept.lock().await.take();
        if let Some(mut connection) = kept {
            connection.return_to_pool().await;
        }
        self.0.pool.close().await;
    }
}

/// Returns whether another connection has the lock: `SQLITE_BUSY` with its variants.
pub(super) fn is_busy(error: &DatabaseFailure) -> bool {
    code(error).is_some_and(|code| code & 0xff == 5)
}

fn code(error: &DatabaseFailure) -> Option<u32> {
    error.code()?.parse().ok()
}

/// Converts the error of a string of statements that ends with `COMMIT`. A constraint refuses a row before the commit, so
/// that nothing was written: its code is `SQLITE_CONSTRAINT`, 19, but not 531, which is that of a commit hook. After any
/// other error the outcome is unknown.
pub(super) fn commit_error(error: impl Into<DatabaseFailure>) -> TransactionError {
    let error = error.into();
    match code(&error) {
        Some(code) if code & 0xff == 19 && code != 531 => TransactionError::Database(error),
        _ => TransactionError::UnknownOutcome(error),
    }
}

/// Rolls back, and returns whether another transaction can begin on the connection.
///
/// After a failed commit SQLite rolls back by itself, and sqlx still assumes a transaction, so that no other can begin. A
/// transaction that begins and ends in one string of statements is unknown to sqlx.
async fn can_begin_transaction(connection: &mut SqliteConnection) -> bool {
    // Runs after the rollback that sqlx has queued, and fails if there is no transaction.
    drop(connection.execute("ROLLBACK").await);
    !connection.is_in_transaction()
}
