//! Checkpoints: copies the write-ahead log into the database, and removes deleted data from it.
//!
//! `secure_delete` overwrites deleted pages in the database, but what they contained stays in the write-ahead log until
//! the log is truncated. So it is truncated soon after every deletion. A log that has only grown is written from its
//! beginning again instead, and keeps its length: truncating and growing it takes a tenth of the time of a create.
//!
//! Most pages are copied through a connection of their own, while other connections write. Only the pages that were
//! written since are copied while writers wait.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions};
use sqlx::{AssertSqlSafe, Executor};
use tokio::sync::Notify;

use super::BUSY_TIMEOUT;
use super::file::with_suffix;
use super::writer::Writer;
use crate::store::failure::DatabaseFailure;
use crate::store::transaction_error::TransactionError;

/// How long after a deletion the log is truncated. The protocol promises five seconds.
const CHECKPOINT_DELAY: Duration = Duration::from_millis(1500);
/// The size at which a log is checkpointed although nothing was deleted.
const LARGE_LOG_BYTES: u64 = 64 << 20;
/// The pause between two looks at the size of the log, and between two attempts if a reader prevents a checkpoint.
const POLL_INTERVAL: Duration = Duration::from_millis(250);
/// How often the last checkpoint before the end of the process is attempted if a reader prevents it.
const LAST_CHECKPOINT_ATTEMPTS: usize = 12;
/// How long a checkpoint waits for readers, in milliseconds. Writers wait as long.
const READER_TIMEOUT_MILLIS: u64 = 20;

/// Checkpoints the log of one database.
#[derive(Clone)]
pub(super) struct Checkpointer {
    log: PathBuf,
    writer: Writer,
    /// A pool for the one connection that copies pages while others write. It connects when it is used first.
    copier: SqlitePool,
    rows_deleted: Arc<Notify>,
}

/// What happens to the log file after all of its pages were copied.
#[derive(Clone, Copy)]
enum Mode {
    Truncate,
    /// The next transaction writes from the beginning of the file.
    Restart,
}

impl Checkpointer {
    pub(super) fn new(options: SqliteConnectOptions, writer: Writer) -> Self {
        let log = with_suffix(options.get_filename(), "-wal");
        let copier = SqlitePoolOptions::new().max_connections(1).idle_timeout(None).max_lifetime(None);
        let copier = copier.acquire_timeout(CHECKPOINT_DELAY).connect_lazy_with(options);
        Self { log, writer, copier, rows_deleted: Arc::default() }
    }

    /// Reports that rows were deleted, so that the log is truncated soon.
    pub(super) fn notify_deletion(&self) {
        self.rows_deleted.notify_one();
    }

    /// Starts a task that checkpoints after deletions and when the log is large, until the writer is closed.
    pub(super) fn start(&self) {
        let this = self.clone();
        tokio::spawn(async move {
            while !this.is_closed() {
                tokio::select! {
                    () = this.rows_deleted.notified() => {
                        tokio::time::sleep(CHECKPOINT_DELAY).await;
                        this.truncate_until_done().await;
                    }
                    () = wait_until_large(&this.log, &this.copier, this.writer.page_size()) => {
                        copy_pages(&this.copier).await;
                        checkpoint(&this.writer, Mode::Restart).await;
                    }
                    () = this.writer.pool().close_event() => break,
                }
            }
        });
    }

    async fn truncate_until_done(&self) {
        while !self.is_closed() {
            copy_pages(&self.copier).await;
            if checkpoint(&self.writer, Mode::Truncate).await {
                break;
            }
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }

    /// Truncates the log before the process ends, for three seconds at most. Another process that has the database open,
    /// like the server during `admin burn`, does not know what was deleted here.
    pub(super) async fn truncate_before_close(&self) {
        for _ in 0..LAST_CHECKPOINT_ATTEMPTS {
            if checkpoint(&self.writer, Mode::Truncate).await {
                return;
            }
            tokio::time::sleep(POLL_INTERVAL).await;
        }
        tracing::warn!(
            "another process reads the database: rows that were deleted last may stay in the write-ahead log for a while"
        );
    }

    /// Closes the copying connection. The last connection that closes removes the log, so that the process must not end
    /// before.
    pub(super) async fn close(&self) {
        self.copier.close().await;
    }

    fn is_closed(&self) -> bool {
        self.writer.pool().is_closed()
    }
}

/// Returns when the log is large and not all of its pages are copied.
async fn wait_until_large(log: &Path, copier: &SqlitePool, page_size: usize) {
    loop {
        tokio::time::sleep(POLL_INTERVAL).await;
        // The file may be longer than its content.
        if std::fs::metadata(log).map_or(0, |file| file.len()) < LARGE_LOG_BYTES {
            continue;
        }
        match count_pages(copier).await {
            Ok((pages, done)) if done < pages && pages * page_size as u64 >= LARGE_LOG_BYTES => return,
            Ok(_) => {}
            Err(error) => warn(&error, "measured"),
        }
    }
}

/// Returns the number of pages in the log, and how many of them are copied into the database.
async fn count_pages(copier: &SqlitePool) -> Result<(u64, u64), DatabaseFailure> {
    let counts = sqlx::query_as("PRAGMA wal_checkpoint(NOOP)").fetch_one(copier);
    let (_, pages, done): (i64, i64, i64) = counts.await?;
    Ok((u64::try_from(pages).unwrap_or_default(), u64::try_from(done).unwrap_or_default()))
}

/// Copies pages of the log into the database while other connections read and write. The checkpoint that follows copies
/// the remaining pages, also after a failure.
async fn copy_pages(copier: &SqlitePool) {
    if let Err(error) = copier.execute("PRAGMA wal_checkpoint(PASSIVE)").await {
        warn(&error.into(), "copied");
    }
}

fn warn(error: &DatabaseFailure, action: &str) {
    tracing::warn!(error = %error.to_store_error(), "the write-ahead log could not be {action}");
}

/// Copies the remaining pages and ends the log, and returns whether the log is empty afterwards.
async fn checkpoint(writer: &Writer, mode: Mode) -> bool {
    match run_checkpoint(writer, mode).await {
        Ok(is_complete) => is_complete,
        // The connection that closed last has truncated the log.
        Err(TransactionError::Database(failure)) if failure.is_pool_closed() => true,
        Err(error) => {
            tracing::warn!(error = %error.to_store_error(), "the write-ahead log could not be checkpointed");
            false
        }
    }
}

/// Runs a checkpoint on the connection that writes. It hardly waits for readers: a backup reads for a long time, and no
/// transaction can be written while SQLite waits for it.
async fn run_checkpoint(writer: &Writer, mode: Mode) -> Result<bool, TransactionError> {
    let checkpoint = writer.run(move |connection| {
        Box::pin(async move {
            set_busy_timeout(connection, READER_TIMEOUT_MILLIS.into()).await?;
            let is_busy = sqlx::query_scalar::<_, i64>(match mode {
                Mode::Truncate => "PRAGMA wal_checkpoint(TRUNCATE)",
                Mode::Restart => "PRAGMA wal_checkpoint(RESTART)",
            });
            let is_busy = is_busy.fetch_one(&mut *connection).await;
            set_busy_timeout(connection, BUSY_TIMEOUT.as_millis()).await?;
            Ok(is_busy? == 0)
        })
    });
    checkpoint.await
}

async fn set_busy_timeout(
    connection: &mut sqlx::SqliteConnection,
    millis: u128,
) -> Result<(), DatabaseFailure> {
    connection.execute(AssertSqlSafe(format!("PRAGMA busy_timeout = {millis}"))).await?;
    Ok(())
}
