//! SQLite, the embedded default. One writer, `BEGIN IMMEDIATE`, the clock read in the SQL.

mod admin;
mod cleanup;
mod create;
mod file_system;
mod files;
mod location;
mod migrate;
mod open;
mod permissions;
mod receipt;
mod reveal;
mod writer;

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use shared_crypto::{Digest, SecretId};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
    SqliteSynchronous,
};
use tokio::sync::Notify;
use vault::{
    CreateOutcome, DatabaseInfo, DeletedRows, NewSecret, OpenOutcome, Receipt, RevealAttempt, RevealOutcome,
    SecretStore, StorageStats, StoreError,
};

use super::ConnectError;
use super::batcher::{Batcher, Limits};
use super::failure::DatabaseFailure;
use super::migrations::LOCK_WAIT;
use super::retry::retry;
use crate::run_to_completion::run_to_completion;
use create::Creates;
use reveal::{ExistenceCheck, Reveals};
use writer::Writer;

pub use file_system::FileSystem;
pub use permissions::WideFile;

/// How long one connection waits for another process's write.
const BUSY: Duration = Duration::from_secs(5);

/// How long somebody waits who may be a stranger, until that is looked up beside whoever writes.
const STRANGER: Duration = Duration::from_millis(25);

/// Secrets in one SQLite file.
#[derive(Clone)]
pub struct SqliteStore {
    writer: Writer,
    readers: SqlitePool,
    checkpointer: SqlitePool,
    deleted: Arc<Notify>,
    creates: Arc<Batcher<Creates>>,
    known: Arc<Batcher<ExistenceCheck>>,
    reveals: Arc<Batcher<Reveals>>,
}

/// There is one writer: more lanes would wait for it, and a larger weight would keep others waiting for longer.
const CREATES: Limits = Limits { lanes: 1, callers: 64, weight: 1 << 20, own_thread: true };
const KNOWN: Limits = Limits { lanes: 2, callers: 64, weight: usize::MAX, own_thread: true };
const REVEALS: Limits = Limits { lanes: 1, callers: 64, weight: usize::MAX, own_thread: true };

impl SqliteStore {
    /// Opens or makes the file of `sqlite:PATH` and migrates it.
    pub async fn connect(url: &str) -> Result<Self, ConnectError> {
        Self::connect_with(Self::options(url)?, SqlitePoolOptions::new()).await
    }

    /// How every connection is set up.
    pub fn options(url: &str) -> Result<SqliteConnectOptions, ConnectError> {
        Ok(location::parse(url)?
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            // Overwrites what is deleted. FAST is not enough: it keeps whatever is longer than a page. Nor is ON
            // alone: see `padding` in the migrations.
            .pragma("secure_delete", "ON")
            // Of a new file. Most secrets are short, and each has pages to itself.
            .page_size(2048)
            .pragma("trusted_schema", "OFF")
            // Nothing of a statement that may have to be undone goes into a file of its own.
            .pragma("temp_store", "MEMORY")
            // 256 MiB of log for a new file, which is not reached: see `files::keep_log_short`. Whoever commits would
            // wait for it.
            .pragma("wal_autocheckpoint", "131072")
            // 16 MiB: ids are random, and so are the pages that they are found in.
            .pragma("cache_size", "-16384")
            // Every batch has a statement of its own length.
            .statement_cache_capacity(512)
            // All rows of a batch, so that nobody has to be woken for each few of them.
            .row_buffer_size(128)
            .busy_timeout(BUSY))
    }

    /// The same with the caller's own options, and its own pool for the writer.
    pub async fn connect_with(
        options: SqliteConnectOptions,
        writer: SqlitePoolOptions,
    ) -> Result<Self, ConnectError> {
        let file_system = FileSystem::of(options.get_filename());
        Self::connect_on(file_system, options, writer).await
    }

    async fn connect_on(
        file_system: FileSystem,
        options: SqliteConnectOptions,
        writer: SqlitePoolOptions,
    ) -> Result<Self, ConnectError> {
        file_system.can_hold_a_database()?;
        let file = options.get_filename();
        files::make_private(file)?;
        permissions::make_files_private(file);
        let store = Self::connect_existing_with(options.clone(), writer).await?;
        migrate::migrate(store.writer.pool(), LOCK_WAIT).await?;
        files::keep_log_short(options.get_filename(), &store.writer, &store.checkpointer, &store.deleted);
        // What a process that was killed has left in the log.
        store.deleted.notify_one();
        Ok(store)
    }

    /// Opens a file that is there, and leaves its tables as they are.
    pub async fn connect_existing(url: &str) -> Result<Self, ConnectError> {
        let options = Self::options(url)?;
        if !options.get_filename().exists() {
            return Err(ConnectError::Missing);
        }
        Self::connect_existing_on(FileSystem::of(options.get_filename()), options).await
    }

    async fn connect_existing_on(
        file_system: FileSystem,
        options: SqliteConnectOptions,
    ) -> Result<Self, ConnectError> {
        file_system.can_hold_a_database()?;
        let store = Self::connect_existing_with(options.clone(), SqlitePoolOptions::new()).await?;
        if !migrate::is_current(&mut *store.readers.acquire().await?).await? {
            return Err(ConnectError::Older);
        }
        files::keep_log_short(options.get_filename(), &store.writer, &store.checkpointer, &store.deleted);
        Ok(store)
    }

    /// What is below and around the file of a URL, whether it exists or not: its file system, and files of the database
    /// that other accounts of the machine have access to.
    pub fn inspect(url: &str) -> Result<(FileSystem, Vec<WideFile>), ConnectError> {
        let options = location::parse(url)?;
        let file = options.get_filename();
        Ok((FileSystem::of(file), permissions::wide_files(file)))
    }

    async fn connect_existing_with(
        options: SqliteConnectOptions,
        writer: SqlitePoolOptions,
    ) -> Result<Self, ConnectError> {
        let writer = Writer::connect(options.clone(), writer).await?;
        let checkpointer = files::checkpointer(options.clone());
        let readers = SqlitePoolOptions::new().max_connections(4).acquire_timeout(BUSY);
        let readers = readers.test_before_acquire(false).connect_lazy_with(options.read_only(true));
        let deleted = Arc::new(Notify::new());
        let creates = Batcher::new(CREATES, {
            let writer = writer.clone();
            move || Creates(writer.clone())
        });
        let one = Reveals { writer: writer.clone(), deleted: Arc::clone(&deleted) };
        let reveals = Batcher::new(REVEALS, move || one.clone());
        let known = Batcher::new(KNOWN, {
            let readers = readers.clone();
            move || ExistenceCheck(readers.clone())
        });
        let (creates, known, reveals) = (Arc::new(creates), Arc::new(known), Arc::new(reveals));
        Ok(Self { writer, readers, checkpointer, deleted, creates, known, reveals })
    }

    /// Where the one lock for all who write is not free for a while, a stranger is told so without it: neither waits
    /// for the other.
    async fn ask(self, attempt: Arc<RevealAttempt>) -> Result<RevealOutcome, StoreError> {
        let mut asking = pin!(self.reveals.call(Arc::clone(&attempt), 1));
        let soon = tokio::select! {
            said = &mut asking => Some(said?),
            () = tokio::time::sleep(STRANGER) => None,
        };
        let said = match soon {
            Some(said) => said,
            None if self.known.call(Arc::clone(&attempt), 1).await? == Some(false) => {
                return Ok(RevealOutcome::NotFound);
            }
            None => asking.await?,
        };
        if let Some(outcome) = said {
            return Ok(outcome);
        }
        let reveals = Reveals { writer: self.writer.clone(), deleted: Arc::clone(&self.deleted) };
        retry(move || reveal::reveal(reveals.clone(), Arc::clone(&attempt))).await
    }

    /// The pool of the one writer, for tests: it is there as long as nothing was written, and after trouble.
    pub fn pool(&self) -> &SqlitePool {
        self.writer.pool()
    }
}

#[async_trait]
impl SecretStore for SqliteStore {
    async fn create(&self, secret: NewSecret) -> Result<CreateOutcome, StoreError> {
        let secret = Arc::new(secret);
        if let Some(creation) = self.creates.call(Arc::clone(&secret), secret.envelope.len()).await? {
            return Ok(creation);
        }
        let writer = self.writer.clone();
        retry(move || create::create(writer.clone(), Arc::clone(&secret))).await
    }

    async fn open(&self, id: &SecretId, access_hash: &Digest) -> Result<Option<OpenOutcome>, StoreError> {
        let (readers, id, access_hash) = (self.readers.clone(), id.clone(), *access_hash);
        retry(move || open::open(readers.clone(), id.clone(), access_hash)).await
    }

    async fn reveal(&self, attempt: RevealAttempt) -> Result<RevealOutcome, StoreError> {
        // To its end: whoever hangs up in between has asked all the same.
        let asking = run_to_completion(self.clone().ask(Arc::new(attempt)));
        asking.await.unwrap_or_else(|| Err(StoreError::Unavailable("a reveal was aborted".to_owned())))
    }

    async fn receipt(&self, receipt_hash: &Digest) -> Result<Option<Receipt>, StoreError> {
        let (readers, receipt_hash) = (self.readers.clone(), *receipt_hash);
        retry(move || {
            let readers = readers.clone();
            async move { Ok(receipt::read_receipt(&mut *readers.acquire().await?, receipt_hash).await?) }
        })
        .await
    }

    async fn burn(&self, receipt_hash: &Digest) -> Result<Option<Receipt>, StoreError> {
        let (store, receipt_hash) = (self.clone(), *receipt_hash);
        retry(move || receipt::burn(store.clone(), receipt_hash)).await
    }

    async fn delete_expired(&self) -> Result<DeletedRows, StoreError> {
        let store = self.clone();
        retry(move || cleanup::delete_expired(store.clone())).await
    }

    async fn stats(&self) -> Result<StorageStats, StoreError> {
        let readers = self.readers.clone();
        retry(move || admin::stats(readers.clone())).await
    }

    async fn purge(&self, created_before: DateTime<Utc>) -> Result<u64, StoreError> {
        let store = self.clone();
        retry(move || admin::purge(store.clone(), created_before)).await
    }

    async fn burn_by_id(&self, id: &SecretId) -> Result<Option<Receipt>, StoreError> {
        let (store, id) = (self.clone(), id.clone());
        retry(move || admin::burn_by_id(store.clone(), id.clone())).await
    }

    async fn database_info(&self) -> Result<DatabaseInfo, StoreError> {
        let readers = self.readers.clone();
        retry(move || admin::database_info(readers.clone())).await
    }

    fn connections(&self) -> (u32, u32) {
        let (busy, idle) = super::connections([self.writer.pool(), &self.readers]);
        // What is kept the pool takes for busy.
        let kept = u32::from(self.writer.is_idle());
        (busy.saturating_sub(kept), idle + kept)
    }

    async fn close(&self) {
        self.known.close().await;
        self.creates.close().await;
        self.reveals.close().await;
        self.readers.close().await;
        files::checkpoint_at_the_end(&self.writer).await;
        // The last connection that closes removes the log: the process must not end before it has.
        self.checkpointer.close().await;
        self.writer.close().await;
    }

    async fn ping(&self) -> Result<(), StoreError> {
        let readers = self.readers.clone();
        retry(move || {
            let readers = readers.clone();
            async move { Ok(sqlx::query("SELECT 1").execute(&readers).await.map(|_| ())?) }
        })
        .await
    }
}

async fn now(tx: &mut SqliteConnection) -> Result<i64, DatabaseFailure> {
    let now = sqlx::query_scalar("SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER)").fetch_one(tx);
    Ok(now.await?)
}

#[cfg(test)]
mod tests;
