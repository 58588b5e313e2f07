//! PostgreSQL. `READ COMMITTED`, row locks, and its own clock: `clock_timestamp()`, read after the lock.

mod admin;
mod create;
mod open;
mod receipt;
mod reveal;
mod sweep;

use std::sync::Arc;
use std::time::Duration;

use app::store::{
    About, Attempt, Creation, NewSecret, Opened, Outcome, Receipt, SecretStore, Stats, StoreError, Swept,
};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use shared_crypto::{Digest, SecretId};
use sqlx::Executor;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};

use super::ConnectError;
use super::unit::unit;

/// What a connection is set to, whatever the server's own settings are.
const SESSION: &str = "SET synchronous_commit = on;
    SET default_transaction_isolation = 'read committed';
    SET lock_timeout = '5s';
    SET statement_timeout = '10s';
    SET idle_in_transaction_session_timeout = '15s';
    -- No value of a row in the log of statements, where whoever runs PostgreSQL lets us say so.
    DO $$ BEGIN SET log_parameter_max_length = 0; EXCEPTION WHEN insufficient_privilege THEN NULL; END $$";

/// How long a database is waited for that starts beside the server.
const STARTING: Duration = Duration::from_secs(10);

/// Secrets in PostgreSQL, which several servers may share.
#[derive(Debug, Clone)]
pub struct PostgresStore {
    pool: PgPool,
}

impl PostgresStore {
    /// Connects and migrates; servers that start together wait for each other.
    pub async fn connect(url: &str) -> Result<Self, ConnectError> {
        let pool = PgPoolOptions::new().max_connections(20);
        Self::connect_with(url.parse()?, pool).await
    }

    /// The same, with the caller's own pool.
    pub async fn connect_with(options: PgConnectOptions, pool: PgPoolOptions) -> Result<Self, ConnectError> {
        // A connection of its own: waiting for another server's migration may take longer than a statement may.
        let migrating = PgPoolOptions::new().max_connections(1).acquire_timeout(STARTING);
        let migrating = migrating.connect_with(options.clone()).await?;
        sqlx::migrate!("migrations/postgres").run(&migrating).await?;
        migrating.close().await;
        Self::attach_with(options, pool).await
    }

    /// Connects, and leaves the tables as they are.
    pub async fn attach(url: &str) -> Result<Self, ConnectError> {
        Self::attach_with(url.parse()?, PgPoolOptions::new().max_connections(1)).await
    }

    async fn attach_with(options: PgConnectOptions, pool: PgPoolOptions) -> Result<Self, ConnectError> {
        let pool = pool
            .acquire_timeout(Duration::from_secs(5))
            .after_connect(|connection, _| {
                Box::pin(async move { connection.execute(SESSION).await.map(|_| ()) })
            })
            .connect_with(options)
            .await?;
        Ok(Self { pool })
    }

    /// The pool, for tests that look at the rows.
    pub const fn pool(&self) -> &PgPool {
        &self.pool
    }
}

#[async_trait]
impl SecretStore for PostgresStore {
    async fn create(&self, secret: NewSecret) -> Result<Creation, StoreError> {
        let (pool, secret) = (self.pool.clone(), Arc::new(secret));
        unit(move || create::create(pool.clone(), Arc::clone(&secret))).await
    }

    async fn open(&self, id: &SecretId, access_hash: &Digest) -> Result<Option<Opened>, StoreError> {
        let (pool, id, access_hash) = (self.pool.clone(), id.clone(), *access_hash);
        unit(move || open::open(pool.clone(), id.clone(), access_hash)).await
    }

    async fn reveal(&self, attempt: Attempt) -> Result<Outcome, StoreError> {
        let (pool, attempt) = (self.pool.clone(), Arc::new(attempt));
        unit(move || reveal::reveal(pool.clone(), Arc::clone(&attempt))).await
    }

    async fn receipt(&self, receipt_hash: &Digest) -> Result<Option<Receipt>, StoreError> {
        let (pool, receipt_hash) = (self.pool.clone(), *receipt_hash);
        unit(move || {
            let pool = pool.clone();
            async move { Ok(receipt::read_receipt(&mut *pool.acquire().await?, receipt_hash).await?) }
        })
        .await
    }

    async fn burn(&self, receipt_hash: &Digest) -> Result<Option<Receipt>, StoreError> {
        let (pool, receipt_hash) = (self.pool.clone(), *receipt_hash);
        unit(move || receipt::burn(pool.clone(), receipt_hash)).await
    }

    async fn sweep(&self) -> Result<Swept, StoreError> {
        let pool = self.pool.clone();
        unit(move || sweep::sweep(pool.clone())).await
    }

    async fn stats(&self) -> Result<Stats, StoreError> {
        let pool = self.pool.clone();
        unit(move || admin::stats(pool.clone())).await
    }

    async fn purge(&self, created_before: DateTime<Utc>) -> Result<u64, StoreError> {
        let pool = self.pool.clone();
        unit(move || admin::purge(pool.clone(), created_before)).await
    }

    async fn burn_id(&self, id: &SecretId) -> Result<Option<Receipt>, StoreError> {
        let (pool, id) = (self.pool.clone(), id.clone());
        unit(move || admin::burn_id(pool.clone(), id.clone())).await
    }

    async fn about(&self) -> Result<About, StoreError> {
        let pool = self.pool.clone();
        unit(move || admin::about(pool.clone())).await
    }

    fn connections(&self) -> (u32, u32) {
        super::connections([&self.pool])
    }

    async fn close(&self) {
        self.pool.close().await;
    }

    async fn ping(&self) -> Result<(), StoreError> {
        let pool = self.pool.clone();
        unit(move || {
            let pool = pool.clone();
            async move { Ok(sqlx::query("SELECT 1").execute(&pool).await.map(|_| ())?) }
        })
        .await
    }
}
