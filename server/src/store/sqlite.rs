//! SQLite, the embedded default: one connection that writes, with `BEGIN IMMEDIATE`, and several that read.

mod admin;
mod cleanup;
mod create;
mod existence_check;
mod file;
mod file_system;
mod location;
mod migrate;
mod open;
mod receipt;
mod reveal;
mod wal;
mod writer;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use shared_crypto::{Digest, SecretId};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
    SqliteSynchronous,
};
use vault::{
    CreateOutcome, DatabaseInfo, DeletedRows, NewSecret, OpenOutcome, Receipt, RevealAttempt, RevealOutcome,
    SecretStore, StorageStats, StoreError,
};

use super::ConnectError;
use super::batcher::{BatchLimits, Batcher};
use super::failure::DatabaseFailure;
use super::migrations::LOCK_WAIT_TIMEOUT;
use super::retry::{transaction, uncancelled};
use create::CreateExecutor;
use existence_check::ExistenceCheck;
use reveal::RevealExecutor;
use wal::Checkpointer;
use writer::Writer;

pub use file::ExposedFile;
pub use file_system::FileSystem;

/// How long a connection waits for the lock of another process.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// One worker, because there is one write lock. More bytes would delay the calls behind them.
const CREATE_LIMITS: BatchLimits = BatchLimits { workers: 1, calls: 64, bytes: 1 << 20, own_thread: true };
const REVEAL_LIMITS: BatchLimits = BatchLimits { bytes: usize::MAX, ..CREATE_LIMITS };
const EXISTENCE_CHECK_LIMITS: BatchLimits = BatchLimits { workers: 2, ..REVEAL_LIMITS };

/// Stores secrets in one SQLite file.
#[derive(Clone)]
pub struct SqliteStore {
    writer: Writer,
    readers: SqlitePool,
    checkpointer: Checkpointer,
    creates: Batcher<CreateExecutor>,
    reveals: Batcher<RevealExecutor>,
    existence_checks: Batcher<ExistenceCheck>,
}

impl SqliteStore {
    /// Opens or creates the file of `sqlite:PATH`, and migrates it.
    pub async fn connect(url: &str) -> Result<Self, ConnectError> {
        Self::connect_with(Self::options(url)?, SqlitePoolOptions::new()).await
    }

    /// Returns the options of every connection.
    pub fn options(url: &str) -> Result<SqliteConnectOptions, ConnectError> {
        Ok(location::parse(url)?
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            // Overwrites deleted data. FAST would leave overflow pages, and ON alone is not enough either: see `padding`
            // in the migrations.
            .pragma("secure_delete", "ON")
            // For a new file. Most secrets are short, and each has pages of its own.
            .page_size(2048)
            .pragma("trusted_schema", "OFF")
            // Keeps the journal of a statement that may be undone out of the file system.
            .pragma("temp_store", "MEMORY")
            // 256 MiB of log for a new file. It is not reached, because `wal` checkpoints before; a checkpoint at a
            // commit would delay that commit.
            .pragma("wal_autocheckpoint", "131072")
            // 16 MiB, because hashes are random and so are the pages of their index entries.
            .pragma("cache_size", "-16384")
            // Statements differ for each size of a batch.
            .statement_cache_capacity(512)
            // All rows of a batch, so that SQLite's thread does not wait for the reader of the rows.
            .row_buffer_size(128)
            .busy_timeout(BUSY_TIMEOUT))
    }

    /// Opens or creates a file with the caller's options and the caller's pool for the writer, and migrates it.
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
        file::create_private(options.get_filename())?;
        file::make_files_private(options.get_filename());
        let store = Self::open_connections(options, writer).await?;
        migrate::migrate(store.writer.pool(), LOCK_WAIT_TIMEOUT).await?;
        store.checkpointer.start();
        // Removes deleted rows that a killed process has left in the log.
        store.checkpointer.notify_deletion();
        Ok(store)
    }

    /// Opens an existing file without migrating it. Fails if the schema is out of date.
    pub async fn connect_existing(url: &str) -> Result<Self, ConnectError> {
        let options = Self::options(url)?;
        if !options.get_filename().exists() {
            return Err(ConnectError::DatabaseMissing);
        }
        Self::connect_existing_on(FileSystem::of(options.get_filename()), options).await
    }

    async fn connect_existing_on(
        file_system: FileSystem,
        options: SqliteConnectOptions,
    ) -> Result<Self, ConnectError> {
        file_system.can_hold_a_database()?;
        let store = Self::open_connections(options, SqlitePoolOptions::new()).await?;
        if !migrate::is_current(&mut *store.readers.acquire().await?).await? {
            return Err(ConnectError::SchemaOutdated);
        }
        store.checkpointer.start();
        Ok(store)
    }

    /// Returns the file system of a URL's file, which need not exist, and the database files that other accounts of the
    /// machine can access.
    pub fn inspect(url: &str) -> Result<(FileSystem, Vec<ExposedFile>), ConnectError> {
        let options = location::parse(url)?;
        let database = options.get_filename();
        Ok((FileSystem::of(database), file::exposed_files(database)))
    }

    async fn open_connections(
        options: SqliteConnectOptions,
        writer: SqlitePoolOptions,
    ) -> Result<Self, ConnectError> {
        let writer = Writer::connect(options.clone(), writer).await?;
        let checkpointer = Checkpointer::new(options.clone(), writer.clone());
        let readers = SqlitePoolOptions::new().max_connections(4).acquire_timeout(BUSY_TIMEOUT);
        let readers = readers.test_before_acquire(false).connect_lazy_with(options.read_only(true));
        let creates = {
            let (batch_writer, fallback_writer) = (writer.clone(), writer.clone());
            Batcher::new(
                CREATE_LIMITS,
                move || CreateExecutor(batch_writer.clone()),
                move |secret| create::create(fallback_writer.clone(), secret),
            )
        };
        let reveals = {
            let batch = RevealExecutor { writer: writer.clone(), checkpointer: checkpointer.clone() };
            let fallback = batch.clone();
            Batcher::new(
                REVEAL_LIMITS,
                move || batch.clone(),
                move |attempt| reveal::reveal(fallback.clone(), attempt),
            )
        };
        let existence_checks = {
            let readers = readers.clone();
            // If the check fails, the secret may exist.
            let fallback = |_| async { Ok(true) };
            Batcher::new(EXISTENCE_CHECK_LIMITS, move || ExistenceCheck(readers.clone()), fallback)
        };
        Ok(Self { writer, readers, checkpointer, creates, reveals, existence_checks })
    }

    /// Returns the pool of the writer, for tests. It has a connection before the first transaction, and after a failed
    /// one.
    pub fn pool(&self) -> &SqlitePool {
        self.writer.pool()
    }
}

#[async_trait]
impl SecretStore for SqliteStore {
    async fn create(&self, secret: NewSecret) -> Result<CreateOutcome, StoreError> {
        self.creates.call(secret).await
    }

    async fn open(&self, id: &SecretId, access_hash: &Digest) -> Result<Option<OpenOutcome>, StoreError> {
        let (readers, id, access_hash) = (self.readers.clone(), id.clone(), *access_hash);
        transaction(move || open::open(readers.clone(), id.clone(), access_hash)).await
    }

    async fn reveal(&self, attempt: RevealAttempt) -> Result<RevealOutcome, StoreError> {
        let store = self.clone();
        uncancelled(async move { store.reveal_if_it_exists(Arc::new(attempt)).await }).await
    }

    async fn receipt(&self, receipt_hash: &Digest) -> Result<Option<Receipt>, StoreError> {
        let (readers, receipt_hash) = (self.readers.clone(), *receipt_hash);
        transaction(move || {
            let readers = readers.clone();
            async move { receipt::read_receipt(&mut *readers.acquire().await?, receipt_hash).await }
        })
        .await
    }

    async fn burn(&self, receipt_hash: &Digest) -> Result<Option<Receipt>, StoreError> {
        let (store, receipt_hash) = (self.clone(), *receipt_hash);
        transaction(move || receipt::burn(store.clone(), receipt_hash)).await
    }

    async fn delete_expired(&self) -> Result<DeletedRows, StoreError> {
        let store = self.clone();
        transaction(move || cleanup::delete_expired(store.clone())).await
    }

    async fn stats(&self) -> Result<StorageStats, StoreError> {
        let readers = self.readers.clone();
        transaction(move || admin::stats(readers.clone())).await
    }

    async fn purge(&self, created_before: DateTime<Utc>) -> Result<u64, StoreError> {
        let store = self.clone();
        transaction(move || admin::purge(store.clone(), created_before)).await
    }

    async fn burn_by_id(&self, id: &SecretId) -> Result<Option<Receipt>, StoreError> {
        let (store, id) = (self.clone(), id.clone());
        transaction(move || admin::burn_by_id(store.clone(), id.clone())).await
    }

    async fn database_info(&self) -> Result<DatabaseInfo, StoreError> {
        let readers = self.readers.clone();
        transaction(move || admin::database_info(readers.clone())).await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        let readers = self.readers.clone();
        transaction(move || {
            let readers = readers.clone();
            async move { Ok(sqlx::query("SELECT 1").execute(&readers).await.map(|_| ())?) }
        })
        .await
    }

    fn connections(&self) -> (u32, u32) {
        let (busy, idle) = super::connections([self.writer.pool(), &self.readers]);
        // The pool counts the kept connection as busy.
        let kept = u32::from(self.writer.is_idle());
        (busy.saturating_sub(kept), idle + kept)
    }

    async fn close(&self) {
        self.existence_checks.close().await;
        self.creates.close().await;
        self.reveals.close().await;
        self.readers.close().await;
        self.checkpointer.truncate_before_close().await;
        self.checkpointer.close().await;
        self.writer.close().await;
    }
}

/// Reads the database's clock, in milliseconds since 1970.
async fn now(tx: &mut SqliteConnection) -> Result<i64, DatabaseFailure> {
    let now = sqlx::query_scalar("SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER)").fetch_one(tx);
    Ok(now.await?)
}

#[cfg(test)]
mod tests;
