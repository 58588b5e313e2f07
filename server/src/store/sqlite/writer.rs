//! The one connection that writes.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::sqlite::{Sqlite, SqliteConnectOptions, SqliteConnection, SqlitePool, SqlitePoolOptions};
use sqlx::{Connection as _, Executor as _};
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout_at};

use super::BUSY;
use crate::store::failure::DatabaseFailure;
use crate::store::retry::TransactionError;

/// What is done on a connection.
pub(super) type Work<'c, T> = Pin<Box<dyn Future<Output = Result<T, TransactionError>> + Send + 'c>>;

/// Whoever writes has it alone, in the order of arrival.
///
/// It is kept for the next as long as all goes well: a pool would ask it after each use whether it is still there, and
/// each question to it takes two threads to be woken. After trouble the pool decides what becomes of it.
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
        let pool = pool.max_connections(1).acquire_timeout(BUSY).test_before_acquire(false);
        let pool = pool.after_release(|connection, _| {
            Box::pin(async move { Ok(fit_for_another_transaction(connection).await) })
        });
        let mut tries_left = 20;
        let pool = loop {
            // Two servers that start together may both be about to switch to the log, for which SQLite does not wait.
            match pool.clone().connect_with(options.clone()).await.map_err(DatabaseFailure::from) {
                Err(error) if tries_left > 0 && is_busy(&error) => {
                    tries_left -= 1;
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                connected => break connected?,
            }
        };
        let page_size: u32 = sqlx::query_scalar("PRAGMA page_size").fetch_one(&pool).await?;
        Ok(Self(Arc::new(Inner { pool, kept: Mutex::default(), page_size: page_size as usize })))
    }

    /// Bytes of a page, which a file keeps as it was made.
    pub(super) fn page_size(&self) -> usize {
        self.0.page_size
    }

    /// Works on it.
    pub(super) async fn work<T>(
        &self,
        work: impl for<'c> FnOnce(&'c mut SqliteConnection) -> Work<'c, T> + Send,
    ) -> Result<T, TransactionError> {
        let kept = timeout_at(Instant::now() + BUSY, self.0.kept.lock()).await;
        let mut kept = kept.map_err(|_| DatabaseFailure::pool_timed_out())?;
        let mut connection = match kept.take() {
            Some(connection) if !self.0.pool.is_closed() => connection,
            _ => self.0.pool.acquire().await?,
        };
        let done = work(&mut connection).await;
        if done.is_ok() {
            *kept = Some(connection);
        } else {
            connection.return_to_pool().await;
        }
        done
    }

    /// One transaction, with the write lock before anything is read: what is read in it stays true until the commit.
    pub(super) async fn transaction<T: Send>(
        &self,
        work: impl for<'c> FnOnce(&'c mut SqliteConnection) -> Work<'c, T> + Send + 'static,
    ) -> Result<T, TransactionError> {
        let transaction = self.work(|connection| {
            Box::pin(async move {
                let mut tx = connection.begin_with(BEGIN).await?;
                let done = work(&mut tx).await?;
                tx.commit().await.map_err(TransactionError::commit)?;
                Ok(done)
            })
        });
        transaction.await
    }

    /// The pool behind it, which has the connection only as long as nothing was written.
    pub(super) fn pool(&self) -> &SqlitePool {
        &self.0.pool
    }

    /// Whether it is kept, and nobody works on it.
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

/// Somebody else has the lock, in whatever variant of that.
pub(super) fn is_busy(error: &DatabaseFailure) -> bool {
    code(error).is_some_and(|code| code & 0xff == 5)
}

fn code(error: &DatabaseFailure) -> Option<u32> {
    error.code()?.parse().ok()
}

pub(super) const BEGIN: &str = "BEGIN IMMEDIATE";

/// What went wrong with statements that end with a COMMIT: nothing was done where a row was refused before it.
/// `SQLITE_CONSTRAINT` is 19, and 531 that of a commit hook.
pub(super) fn at_commit(error: impl Into<DatabaseFailure>) -> TransactionError {
    let error = error.into();
    match code(&error) {
        Some(code) if code & 0xff == 19 && code != 531 => TransactionError::Database(error),
        _ => TransactionError::Commit(error),
    }
}

/// Where a commit fails, SQLite rolls back by itself, and sqlx goes on to believe in a transaction: on such a
/// connection no other can begin. Of transactions that are begun and ended in one string sqlx knows nothing.
async fn fit_for_another_transaction(connection: &mut SqliteConnection) -> bool {
    // The rollback that sqlx has queued comes before this, which is refused where there is nothing to roll back.
    drop(connection.execute("ROLLBACK").await);
    !connection.is_in_transaction()
}
