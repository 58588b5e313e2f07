//! The database's files: made private, and rid of what was deleted.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions};
use sqlx::{AssertSqlSafe, Executor};
use tokio::sync::Notify;

use super::BUSY;
use super::writer::Writer;
use crate::store::failure::DatabaseFailure;
use crate::store::retry::TransactionError;

/// How long after a deletion the write-ahead log is emptied; PROTOCOL promises five seconds.
const CHECKPOINT_AFTER: Duration = Duration::from_millis(1500);
/// How long a log may become.
const LONG: u64 = 64 << 20;
/// How long until another look at it, and until another try where a reader was in the way.
const CHECKPOINT_AGAIN: Duration = Duration::from_millis(250);

/// Makes the folder and an empty file that nobody else on the machine can read.
pub(super) fn make_private(path: &Path) -> io::Result<()> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)?;
    }
    let mut options = std::fs::OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(|_| ())
}

/// Deleted pages are overwritten in the database, but what they held stays in the write-ahead log until
/// that is emptied: so it is, soon after every deletion. Where it has only grown it is written over from its beginning, and
/// the file keeps its length: to give it back and take it anew is a tenth of what a create costs.
///
/// Most of it goes into the database from a connection of its own, beside whoever writes. Only what has come since is left
/// for the moment in which nobody may write.
pub(super) fn keep_log_short(
    database: &Path,
    writer: &Writer,
    checkpointer: &SqlitePool,
    deleted: &Arc<Notify>,
) {
    let (writer, beside, deleted) = (writer.clone(), checkpointer.clone(), Arc::clone(deleted));
    let log = file_beside(database, "-wal");
    tokio::spawn(async move {
        while !writer.pool().is_closed() {
            tokio::select! {
                () = deleted.notified() => {
                    tokio::time::sleep(CHECKPOINT_AFTER).await;
                    while !writer.pool().is_closed() {
                        copy(&beside).await;
                        if checkpoint(&writer, Log::Emptied).await {
                            break;
                        }
                        tokio::time::sleep(CHECKPOINT_AGAIN).await;
                    }
                }
                () = grown(&log, &beside, writer.page_size()) => {
                    copy(&beside).await;
                    checkpoint(&writer, Log::Restarted).await;
                }
                () = writer.pool().close_event() => break,
            }
        }
    });
}

/// Returns a pool for the one connection that copies the log into the database while others write. It connects when it is
/// used first.
pub(super) fn checkpointer(options: SqliteConnectOptions) -> SqlitePool {
    let pool = SqlitePoolOptions::new().max_connections(1).idle_timeout(None).max_lifetime(None);
    pool.acquire_timeout(CHECKPOINT_AFTER).connect_lazy_with(options)
}

/// What becomes of a log whose whole content is in the database.
#[derive(Clone, Copy)]
enum Log {
    Emptied,
    Restarted,
}

/// A file that SQLite keeps with the database: where the database is a link, in the folder of its target.
pub(super) fn file_beside(database: &Path, end: &str) -> PathBuf {
    let real = std::fs::canonicalize(database).unwrap_or_else(|_| database.to_owned());
    let mut name = real.into_os_string();
    name.push(end);
    name.into()
}

/// Returns when the log is long, and not all of it is in the database already.
async fn grown(log: &Path, beside: &SqlitePool, page_size: usize) {
    loop {
        tokio::time::sleep(CHECKPOINT_AGAIN).await;
        // The file may be longer than what is in it.
        if std::fs::metadata(log).map_or(0, |file| file.len()) < LONG {
            continue;
        }
        match pages(beside).await {
            Ok((pages, copied)) if copied < pages && pages * page_size as u64 >= LONG => return,
            Ok(_) => {}
            Err(error) => warn(&error, "measured"),
        }
    }
}

/// How many pages are in the log, and how many of them are in the database too.
async fn pages(pool: &SqlitePool) -> Result<(u64, u64), DatabaseFailure> {
    let look = sqlx::query_as("PRAGMA wal_checkpoint(NOOP)").fetch_one(pool);
    let (_, pages, copied): (i64, i64, i64) = look.await?;
    Ok((u64::try_from(pages).unwrap_or_default(), u64::try_from(copied).unwrap_or_default()))
}

/// Copies what is in the log into the database, without keeping anybody waiting. Where that fails, or has not come to the
/// end, whoever checkpoints does the rest.
async fn copy(beside: &SqlitePool) {
    if let Err(error) = beside.execute("PRAGMA wal_checkpoint(PASSIVE)").await {
        warn(&error.into(), "copied");
    }
}

fn warn(error: &DatabaseFailure, what: &str) {
    tracing::warn!(error = %error.to_store_error(), "the write-ahead log could not be {what}");
}

/// Whether nothing is in the log any more.
async fn checkpoint(writer: &Writer, target: Log) -> bool {
    match end_log(writer, target).await {
        Ok(is_ended) => is_ended,
        // Whoever closes last has emptied it.
        Err(TransactionError::Database(failure)) if failure.is_pool_closed() => true,
        Err(trouble) => {
            tracing::warn!(error = %trouble.to_error(), "the write-ahead log could not be checkpointed");
            false
        }
    }
}

/// The same at the end, for a few seconds at most: another process that has the file open, as a server has beside
/// `admin burn`, does not know of what was deleted here.
pub(super) async fn checkpoint_at_the_end(writer: &Writer) {
    for _ in 0..12 {
        if checkpoint(writer, Log::Emptied).await {
            return;
        }
        tokio::time::sleep(CHECKPOINT_AGAIN).await;
    }
    tracing::warn!("somebody reads the database: what was deleted last may be in its log for a while");
}

/// A reader may be in the way for as long as a backup takes, and nobody can write while SQLite waits for it: so
/// it hardly waits.
async fn end_log(writer: &Writer, target: Log) -> Result<bool, TransactionError> {
    let ended = writer.work(move |connection| {
        Box::pin(async move {
            connection.execute("PRAGMA busy_timeout = 20").await?;
            let busy = sqlx::query_scalar::<_, i64>(match target {
                Log::Emptied => "PRAGMA wal_checkpoint(TRUNCATE)",
                Log::Restarted => "PRAGMA wal_checkpoint(RESTART)",
            });
            let busy = busy.fetch_one(&mut *connection).await;
            let patience = AssertSqlSafe(format!("PRAGMA busy_timeout = {}", BUSY.as_millis()));
            connection.execute(patience).await?;
            Ok(busy? == 0)
        })
    });
    ended.await
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn log_of_a_linked_database_is_beside_the_file_itself() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().canonicalize().unwrap();
        let (real, link) = (folder.join("real.sqlite"), folder.join("link.sqlite"));
        std::os::unix::fs::symlink(&real, &link).unwrap();
        // Nothing is there yet: SQLite makes it where the link points to, and so does `make_private`.
        make_private(&link).unwrap();
        assert_eq!(file_beside(&link, "-wal"), folder.join("real.sqlite-wal"));
        assert_eq!(file_beside(&real, "-shm"), folder.join("real.sqlite-shm"));
        assert_eq!(file_beside(&folder.join("none"), "-wal"), folder.join("none-wal"));
    }
}
