//! PostgreSQL. `READ COMMITTED`, row locks or a comparison with what was read, and its own clock.

mod admin;
mod batch;
mod cleanup;
mod connection;
mod create;
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
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions};
use sqlx::{Connection as _, Executor as _};
use vault::{
    CreateOutcome, DatabaseInfo, DeletedRows, NewSecret, OpenOutcome, Receipt, RevealAttempt, RevealOutcome,
    SecretStore, StorageStats, StoreError,
};

use super::ConnectError;
use super::batcher::{Batcher, Limits};
use super::database_url::postgres_options;
use super::migrations::LOCK_WAIT;
use super::retry::{PATIENCE, retry};
use batch::{Creates, Reveals};
use connection::{BatchConnection, CONNECT, FRESH, Plans, Work, alive, pooled};

/// What a connection is set to, whatever the server's own settings are.
const SESSION: &str = "SET synchronous_commit = on;
    SET default_transaction_isolation = 'read committed';
    SET lock_timeout = '5s';
    SET statement_timeout = '10s';
    SET idle_in_transaction_session_timeout = '15s';
    -- No value of a row in the database's own log, where its operator allows these settings: neither of a statement
    -- nor of a row that a constraint refuses.
    DO $$ BEGIN SET log_parameter_max_length = 0; EXCEPTION WHEN insufficient_privilege THEN NULL; END $$;
    DO $$ BEGIN SET log_error_verbosity = terse; EXCEPTION WHEN insufficient_privilege THEN NULL; END $$";

/// Secrets in PostgreSQL, which several servers may share.
#[derive(Clone)]
pub struct PostgresStore {
    pool: PgPool,
    creates: Arc<Batcher<Creates>>,
    large_creates: Arc<Batcher<Creates>>,
    reveals: Arc<Batcher<Reveals>>,
}

/// One batch at a time: of two each would have half of the callers, and what a batch costs is hardly less.
const CREATES: Limits = Limits { lanes: 1, callers: 64, weight: 1 << 20, own_thread: false };
/// A secret larger than this keeps a connection busy for a while, and does not go with the others.
const LARGE: usize = 64 << 10;
const LARGE_CREATES: Limits = Limits { lanes: 2, callers: 64, weight: 1 << 20, own_thread: false };
/// One too: who asks for the same secret is decided in the order of arrival.
const REVEALS: Limits = Limits { lanes: 1, callers: 64, weight: usize::MAX, own_thread: false };

impl PostgresStore {
    /// Connects and migrates; servers that start together wait for each other.
    pub async fn connect(url: &str) -> Result<Self, ConnectError> {
        let pool = PgPoolOptions::new().max_connections(16);
        let store = Self::connect_with(postgres_options(url)?, pool).await;
        store.map_err(|error| error.without_password(url))
    }

    /// The same, with the caller's own pool.
    pub async fn connect_with(options: PgConnectOptions, pool: PgPoolOptions) -> Result<Self, ConnectError> {
        Self::connect_within(options, pool, LOCK_WAIT).await
    }

    /// The same, and waits for the locks that migrations need for `limit` at most.
    pub async fn connect_within(
        options: PgConnectOptions,
        pool: PgPoolOptions,
        limit: Duration,
    ) -> Result<Self, ConnectError> {
        let options = for_poolers(options);
        Box::pin(migrate::migrate(&options, limit)).await?;
        Box::pin(Self::connect_existing_with(options, pool)).await
    }

    /// Connects, and leaves the tables as they are.
    pub async fn connect_existing(url: &str) -> Result<Self, ConnectError> {
        let options = for_poolers(postgres_options(url)?);
        let store = async {
            if !Box::pin(migrate::is_current(&options)).await? {
                return Err(ConnectError::Older);
            }
            Box::pin(Self::connect_existing_with(options, PgPoolOptions::new().max_connections(1))).await
        };
        store.await.map_err(|error| error.without_password(url))
    }

    async fn connect_existing_with(
        options: PgConnectOptions,
        pool: PgPoolOptions,
    ) -> Result<Self, ConnectError> {
        let pool = pool
            .acquire_timeout(CONNECT)
            .after_connect(|connection, _| {
                Box::pin(async move { connection.execute(SESSION).await.map(|_| ()) })
            })
            .test_before_acquire(false)
            .before_acquire(|connection, about| {
                Box::pin(async move {
                    if about.idle_for > FRESH {
                        alive(connection).await.map_err(|_| sqlx::Error::WorkerCrashed)?;
                    }
                    Ok(true)
                })
            })
            .connect_with(options.clone())
            .await?;
        let line = move |plans| BatchConnection::to(options.clone(), plans);
        let creates = |limits| {
            let line = line.clone();
            Arc::new(Batcher::new(limits, move || Creates(line(Plans::Insert))))
        };
        let (creates, large_creates) = (creates(CREATES), creates(LARGE_CREATES));
        let reveals = Arc::new(Batcher::new(REVEALS, move || Reveals(line(Plans::ByKey))));
        Ok(Self { pool, creates, large_creates, reveals })
    }

    /// One call on a connection of the pool, again where a failure has passed.
    async fn call<T: Send + 'static>(
        &self,
        work: impl for<'c> Fn(&'c mut PgConnection) -> Work<'c, T> + Send + Sync + 'static,
    ) -> Result<T, StoreError> {
        self.call_within(PATIENCE, work).await
    }

    async fn call_within<T: Send + 'static>(
        &self,
        limit: Duration,
        work: impl for<'c> Fn(&'c mut PgConnection) -> Work<'c, T> + Send + Sync + 'static,
    ) -> Result<T, StoreError> {
        let (pool, work) = (self.pool.clone(), Arc::new(work));
        retry(move || {
            let (pool, work) = (pool.clone(), Arc::clone(&work));
            async move { pooled(&pool, limit, |connection| work(connection)).await }
        })
        .await
    }

    /// The pool, for tests that look at the rows.
    pub const fn pool(&self) -> &PgPool {
        &self.pool
    }
}

/// Leaves out the startup parameter that sqlx sends by default and PgBouncer refuses. It is about floating-point
/// numbers, of which there are none.
fn for_poolers(options: PgConnectOptions) -> PgConnectOptions {
    options.extra_float_digits(None)
}

#[async_trait]
impl SecretStore for PostgresStore {
    async fn create(&self, secret: NewSecret) -> Result<CreateOutcome, StoreError> {
        let secret = Arc::new(secret);
        let creates = if secret.envelope.len() > LARGE { &self.large_creates } else { &self.creates };
        if let Some(creation) = creates.call(Arc::clone(&secret), secret.envelope.len()).await? {
            return Ok(creation);
        }
        self.call(move |connection| {
            let secret = Arc::clone(&secret);
            Box::pin(async move { create::create(connection, &secret).await })
        })
        .await
    }

    async fn open(&self, id: &SecretId, access_hash: &Digest) -> Result<Option<OpenOutcome>, StoreError> {
        let (id, access_hash) = (id.clone(), *access_hash);
        self.call(move |connection| {
            let id = id.clone();
            Box::pin(async move { open::open(connection, &id, access_hash).await })
        })
        .await
    }

    async fn reveal(&self, attempt: RevealAttempt) -> Result<RevealOutcome, StoreError> {
        let attempt = Arc::new(attempt);
        if let Some(outcome) = self.reveals.call(Arc::clone(&attempt), 1).await? {
            return Ok(outcome);
        }
        self.call(move |connection| {
            let attempt = Arc::clone(&attempt);
            Box::pin(reveal::reveal(connection, attempt))
        })
        .await
    }

    async fn receipt(&self, receipt_hash: &Digest) -> Result<Option<Receipt>, StoreError> {
        let receipt_hash = *receipt_hash;
        self.call(move |connection| {
            Box::pin(async move { Ok(receipt::read_receipt(connection, receipt_hash).await?) })
        })
        .await
    }

    async fn burn(&self, receipt_hash: &Digest) -> Result<Option<Receipt>, StoreError> {
        let receipt_hash = *receipt_hash;
        self.call(move |connection| Box::pin(receipt::burn(connection, receipt_hash))).await
    }

    async fn delete_expired(&self) -> Result<DeletedRows, StoreError> {
        self.call(|connection| Box::pin(cleanup::delete_expired(connection))).await
    }

    async fn stats(&self) -> Result<StorageStats, StoreError> {
        self.call_within(admin::COUNTING, |connection| Box::pin(admin::stats(connection))).await
    }

    async fn purge(&self, created_before: DateTime<Utc>) -> Result<u64, StoreError> {
        let pool = self.pool.clone();
        retry(move || admin::purge(pool.clone(), created_before)).await
    }

    async fn burn_by_id(&self, id: &SecretId) -> Result<Option<Receipt>, StoreError> {
        let (pool, id) = (self.pool.clone(), id.clone());
        retry(move || admin::burn_by_id(pool.clone(), id.clone())).await
    }

    async fn database_info(&self) -> Result<DatabaseInfo, StoreError> {
        let pool = self.pool.clone();
        retry(move || admin::database_info(pool.clone())).await
    }

    fn connections(&self) -> (u32, u32) {
        let lanes = [self.creates.lanes(), self.large_creates.lanes(), self.reveals.lanes()];
        let pool = super::connections([&self.pool]);
        lanes.iter().fold(pool, |(busy, idle), lane| (busy + lane.0, idle + lane.1))
    }

    async fn close(&self) {
        self.creates.close().await;
        self.large_creates.close().await;
        self.reveals.close().await;
        self.pool.close().await;
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.call(|connection| Box::pin(async move { Ok(connection.ping().await?) })).await
    }
}
