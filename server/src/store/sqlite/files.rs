//! The database's files: made private, migrated, and rid of what was deleted.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sqlx::sqlite::SqlitePool;
use sqlx::{AssertSqlSafe, Executor};
use tokio::sync::Notify;

use super::BUSY;
use crate::store::ConnectError;

/// How long after a deletion the write-ahead log is emptied; PROTOCOL promises five seconds.
const CHECKPOINT_AFTER: Duration = Duration::from_millis(1500);
/// How long until another try, where a reader was in the way.
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

/// Brings the tables up to date. Two servers that start together on one file may both try: SQLite has
/// no lock for that, so the one that comes second finds the work done when it looks again.
pub(super) async fn migrate(writer: &SqlitePool) -> Result<(), ConnectError> {
    let migrator = sqlx::migrate!("migrations/sqlite");
    let mut tries_left = 10;
    loop {
        match migrator.run(writer).await {
            Err(_) if tries_left > 0 => {
                tries_left -= 1;
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            ended => return Ok(ended?),
        }
    }
}

/// Deleted pages are overwritten in the database, but what they held stays in the write-ahead log until
/// that is emptied: so it is, soon after every deletion.
pub(super) fn checkpoint_after_deletions(writer: &SqlitePool, deleted: &Arc<Notify>) {
    let (writer, deleted) = (writer.clone(), Arc::clone(deleted));
    tokio::spawn(async move {
        while !writer.is_closed() {
            tokio::select! {
                () = deleted.notified() => {}
                () = writer.close_event() => return,
            }
            tokio::time::sleep(CHECKPOINT_AFTER).await;
            while !checkpoint(&writer).await && !writer.is_closed() {
                tokio::time::sleep(CHECKPOINT_AGAIN).await;
            }
        }
    });
}

/// Whether the log is empty now.
async fn checkpoint(writer: &SqlitePool) -> bool {
    match empty_log(writer).await {
        Ok(is_empty) => is_empty,
        // Whoever closes last has emptied it.
        Err(sqlx::Error::PoolClosed) => true,
        Err(error) => {
            tracing::warn!(error = %crate::store::unavailable(&error), "the write-ahead log could not be emptied");
            false
        }
    }
}

/// The same at the end, for a few seconds at most: another process that has the file open, as a server has beside
/// `admin burn`, does not know of what was deleted here.
pub(super) async fn checkpoint_at_the_end(writer: &SqlitePool) {
    for _ in 0..12 {
        if checkpoint(writer).await {
            return;
        }
        tokio::time::sleep(CHECKPOINT_AGAIN).await;
    }
    tracing::warn!("somebody reads the database: what was deleted last may be in its log for a while");
}

/// A reader may be in the way for as long as a backup takes, and nobody can write while SQLite waits for it: so
/// it hardly waits.
async fn empty_log(writer: &SqlitePool) -> Result<bool, sqlx::Error> {
    let mut connection = writer.acquire().await?;
    connection.execute("PRAGMA busy_timeout = 20").await?;
    let busy =
        sqlx::query_scalar::<_, i64>("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(&mut *connection).await;
    connection.execute(AssertSqlSafe(format!("PRAGMA busy_timeout = {}", BUSY.as_millis()))).await?;
    Ok(busy? == 0)
}
