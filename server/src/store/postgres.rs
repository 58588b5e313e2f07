//! PostgreSQL, which several servers may share: `READ COMMITTED`, with row locks or optimistic concurrency.

mod admin;
mod batch_connection;
mod cleanup;
mod connection;
mod create;
mod create_new;
mod last_view;
mod migrate;
mod open;
mod pooler;
mod receipt;
mod reveal;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use shared_crypto::{Digest, SecretId};
use sqlx::Connection as _;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions};
use vault::{
    CreateOutcome, DatabaseInfo, DeletedRows, NewSecret, OpenOutcome, Receipt, RevealAttempt, RevealOutcome,
    SecretStore, StorageStats, StoreError,
};

use super::ConnectError;
use super::batcher::{BatchLimits, Batcher};
use super::database_url::postgres_options;
use super::migrations::LOCK_WAIT_TIMEOUT;
use super::retry::transaction;
use super::transaction_error::TransactionFuture;
use batch_connection::{BatchConnection, Planning};
use connection::{CALL_TIMEOUT, on_pool};
use create::CreateExecutor;
use reveal::RevealExecutor;

/// One worker: two would write half of the calls each, in batches that take almost as long.
const CREATE_LIMITS: BatchLimits = BatchLimits { workers: 1, calls: 64, bytes: 1 << 20, own_thread: false };
/// An envelope longer than this keeps a connection busy for a while, and would delay the small ones.
const LARGE_ENVELOPE: usize = 64 << 10;
const LARGE_CREATE_LIMITS: BatchLimits = BatchLimits { workers: 2, ..CREATE_LIMITS };
/// One worker, which decides the attempts at one secret in order of arrival.
const REVEAL_LIMITS: BatchLimits =
    BatchLimits { workers: 1, calls: 64, bytes: usize::MAX, own_thread: false };

/// Stores secrets in PostgreSQL.
#[derive(Clone)]
pub struct PostgresStore {
    pool: PgPool,
    creates: Batcher<CreateExecutor>,
    large_creates: Batcher<CreateExecutor>,
    reveals: Batcher<RevealExecutor>,
}

impl PostgresStore {
    /// Connects and migrates. Servers that start at the same time wait for each other.
    pub async fn connect(url: &str) -> Result<Self, ConnectError> {
        let pool = PgPoolOptions::new().max_connections(16);
        let store = Self::connect_with(postgres_options(url)?, pool).await;
        store.map_err(|error| error.without_password(url))
    }

    /// Connects with the caller's pool, and migrates.
    pub async fn connect_with(options: PgConnectOptions, pool: PgPoolOptions) -> Result<Self, ConnectError> {
        Self::connect_within(options, pool, LOCK_WAIT_TIMEOUT).await
    }

    /// Connects with the caller's pool, and waits at most `limit` for the locks that migrations need.
    pub async fn connect_within(
        options: PgConnectOptions,
        pool: PgPoolOptions,
        limit: Duration,
    ) -> Result<Self, ConnectError> {
        let options = for_poolers(options);
        Box::pin(migrate::migrate(&options, limit)).await?;
        Box::pin(Self::open_connections(options, pool)).await
    }

    /// Connects without migrating. Fails if the schema is out of date.
    pub async fn connect_existing(url: &str) -> Result<Self, ConnectError> {
        let options = for_poolers(postgres_options(url)?);
        let store = async {
            if !Box::pin(migrate::is_current(&options)).await? {
                return Err(ConnectError::SchemaOutdated);
            }
            Box::pin(Self::open_connections(options, PgPoolOptions::new().max_connections(1))).await
        };
        store.await.map_err(|error| error.without_password(url))
    }

    async fn open_connections(options: PgConnectOptions, pool: PgPoolOptions) -> Result<Self, ConnectError> {
        let pool = connection::open_pool(options.clone(), pool).await?;
        let creates = |limits| {
            let (options, pool) = (options.clone(), pool.clone());
            Batcher::new(
                limits,
                move || CreateExecutor(BatchConnection::new(options.clone(), Planning::Insert)),
                move |secret| {
                    let pool = pool.clone();
                    async move {
                        on_pool(&pool, CALL_TIMEOUT, |connection| {
                            Box::pin(create::create(connection, secret))
                        })
                        .await
                    }
                },
            )
        };
        let (creates, large_creates) = (creates(CREATE_LIMITS), creates(LARGE_CREATE_LIMITS));
        let reveals = {
            let pool = pool.clone();
            Batcher::new(
                REVEAL_LIMITS,
                move || RevealExecutor(BatchConnection::new(options.clone(), Planning::LookupByKey)),
                move |attempt| {
                    let pool = pool.clone();
                    async move {
                        on_pool(&pool, CALL_TIMEOUT, |connection| {
                            Box::pin(reveal::reveal(connection, attempt))
                        })
                        .await
                    }
                },
            )
        };
        Ok(Self { pool, creates, large_creates, reveals })
    }

    /// Runs a transaction on a connection of the pool, to completion and with retries.
    async fn transaction<T: Send + 'static>(
        &self,
        limit: Duration,
        work: impl for<'c> Fn(&'c mut PgConnection) -> TransactionFuture<'c, T> + Send + Sync + 'static,
    ) -> Result<T, StoreError> {
        let (pool, work) = (self.pool.clone(), Arc::new(work));
        transaction(move || {
            let (pool, work) = (pool.clone(), Arc::clone(&work));
            async move { on_pool(&pool, limit, |connection| work(connection)).await }
        })
        .await
    }

    /// Returns the pool, for tests that read the tables.
    pub const fn pool(&self) -> &PgPool {
        &self.pool
    }
}

/// Leaves out the startup parameter `extra_float_digits`, which sqlx sends by default and PgBouncer refuses. It is for
/// floating-point numbers, and the tables have none.
fn for_poolers(options: PgConnectOptions) -> PgConnectOptions {
    options.extra_float_digits(None)
}

#[async_trait]
impl SecretStore for PostgresStore {
    async fn create(&self, secret: NewSecret) -> Result<CreateOutcome, StoreError> {
        let is_large = secret.envelope.len() > LARGE_ENVELOPE;
        if is_large { self.large_creates.call(secret).await } else { self.creates.call(secret).await }
    }

    async fn open(&self, id: &SecretId, access_hash: &Digest) -> Result<Option<OpenOutcome>, StoreError> {
        let (id, access_hash) = (id.clone(), *access_hash);
        self.transaction(CALL_TIMEOUT, move |connection| {
            Box::pin(open::open(connection, id.clone(), access_hash))
        })
        .await
    }

    async fn reveal(&self, attempt: RevealAttempt) -> Result<RevealOutcome, StoreError> {
        self.reveals.call(attempt).await
    }

    async fn receipt(&self, receipt_hash: &Digest) -> Result<Option<Receipt>, StoreError> {
        let receipt_hash = *receipt_hash;
        self.transaction(CALL_TIMEOUT, move |connection| {
            Box::pin(receipt::read_receipt(connection, receipt_hash))
        })
        .await
    }

    async fn burn(&self, receipt_hash: &Digest) -> Result<Option<Receipt>, StoreError> {
        let receipt_hash = *receipt_hash;
        self.transaction(CALL_TIMEOUT, move |connection| Box::pin(receipt::burn(connection, receipt_hash)))
            .await
    }

    async fn delete_expired(&self) -> Result<DeletedRows, StoreError> {
        self.transaction(CALL_TIMEOUT, |connection| Box::pin(cleanup::delete_expired(connection))).await
    }

    async fn stats(&self) -> Result<StorageStats, StoreError> {
        self.transaction(admin::STATS_TIMEOUT, |connection| Box::pin(admin::stats(connection))).await
    }

    async fn purge(&self, created_before: DateTime<Utc>) -> Result<u64, StoreError> {
        let pool = self.pool.clone();
        transaction(move || admin::purge(pool.clone(), created_before)).await
    }

    async fn burn_by_id(&self, id: &SecretId) -> Result<Option<Receipt>, StoreError> {
        let (pool, id) = (self.pool.clone(), id.clone());
        transaction(move || admin::burn_by_id(pool.clone(), id.clone())).await
    }

    async fn database_info(&self) -> Result<DatabaseInfo, StoreError> {
        let pool = self.pool.clone();
        transaction(move || admin::database_info(pool.clone())).await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.transaction(CALL_TIMEOUT, |connection| Box::pin(async move { Ok(connection.ping().await?) }))
            .await
    }

    fn connections(&self) -> (u32, u32) {
        let workers = [self.creates.workers(), self.large_creates.workers(), self.reveals.workers()];
        let pool = super::connections([&self.pool]);
        workers.iter().fold(pool, |(busy, idle), workers| (busy + workers.0, idle + workers.1))
    }

    async fn close(&self) {
        self.creates.close().await;
        self.large_creates.close().await;
        self.reveals.close().await;
        self.pool.close().await;
    }
}
