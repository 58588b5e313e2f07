//! SQLite: a file in a folder of its own for every test.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use server::store::SqliteStore;
use shared_crypto::SecretId;
use sqlx::AssertSqlSafe;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions};
use tempfile::TempDir;
use vault::SecretStore;

use super::database::{Database, Lock, hex};

/// A fresh file; the folder goes with the value.
pub(crate) struct Sqlite {
    pub(crate) folder: TempDir,
    /// Connections that the store knows nothing of.
    pub(crate) raw: SqlitePool,
    broken: Arc<AtomicBool>,
}

impl Sqlite {
    pub(crate) fn fresh() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let raw = SqlitePoolOptions::new().max_connections(3).connect_lazy_with(options_in(&folder));
        Self { folder, raw, broken: Arc::default() }
    }

    pub(crate) fn options(&self) -> SqliteConnectOptions {
        options_in(&self.folder)
    }

    /// The database and whatever SQLite keeps beside it.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        std::fs::read_dir(self.folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect()
    }

    /// A store that asks before every commit, which is refused where the answer is `false`.
    async fn connect_asking<F>(&self, may_commit: F) -> Arc<dyn SecretStore>
    where
        F: FnMut() -> bool + Clone + Send + Sync + 'static,
    {
        let writer = SqlitePoolOptions::new().after_connect(move |connection, _| {
            let may_commit = may_commit.clone();
            Box::pin(async move {
                connection.lock_handle().await?.set_commit_hook(may_commit);
                Ok(())
            })
        });
        Arc::new(SqliteStore::connect_with(self.options(), writer).await.unwrap())
    }
}

fn url_in(folder: &TempDir) -> String {
    format!("sqlite:{}", folder.path().join("ikrypt.db").display())
}

fn options_in(folder: &TempDir) -> SqliteConnectOptions {
    SqliteStore::options(&url_in(folder)).unwrap()
}

#[async_trait]
impl Database for Sqlite {
    fn url(&self) -> String {
        url_in(&self.folder)
    }

    async fn another(&self) -> Box<dyn Database> {
        Box::new(Self::fresh())
    }

    async fn connect(&self) -> Arc<dyn SecretStore> {
        Arc::new(SqliteStore::connect_with(self.options(), SqlitePoolOptions::new()).await.unwrap())
    }

    async fn connect_slow(&self) -> Arc<dyn SecretStore> {
        // In the thread of the connection, where nothing else runs.
        let pause = || std::thread::sleep(Duration::from_millis(5));
        self.connect_asking(move || {
            pause();
            true
        })
        .await
    }

    async fn connect_broken(&self) -> Arc<dyn SecretStore> {
        let broken = Arc::clone(&self.broken);
        let store = self.connect_asking(move || !broken.load(Ordering::SeqCst)).await;
        self.broken.store(true, Ordering::SeqCst);
        store
    }

    async fn repair(&self) {
        self.broken.store(false, Ordering::SeqCst);
    }

    async fn execute(&self, sql: String) -> Result<u64, sqlx::Error> {
        Ok(sqlx::raw_sql(AssertSqlSafe(sql)).execute(&self.raw).await?.rows_affected())
    }

    async fn number(&self, sql: String) -> i64 {
        sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&self.raw).await.unwrap()
    }

    async fn lock(&self, id: &SecretId) -> Lock {
        let mut tx = self.raw.begin_with("BEGIN IMMEDIATE").await.unwrap();
        sqlx::query("UPDATE secrets SET bad_tries = bad_tries WHERE id = ?")
            .bind(id.as_bytes().as_slice())
            .execute(&mut *tx)
            .await
            .unwrap();
        Lock::Sqlite(tx)
    }

    async fn until_waiting(&self, _: i64) {
        // SQLite does not tell who waits: whoever does polls, and this is long enough to begin with it.
        tokio::time::sleep(Duration::from_millis(100)).await;
    }

    fn moment(&self, millis: i64) -> String {
        format!("(CAST(unixepoch('subsec') * 1000 AS INTEGER) + {millis})")
    }

    fn bytes(&self, bytes: &[u8]) -> String {
        format!("x'{}'", hex(bytes))
    }

    async fn remove(&self) {
        self.raw.close().await;
    }
}
