//! A new SQLite file for every test, in a temporary folder.

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

use super::database::{Database, RowLock, hex};

/// A new database file. Its folder is removed when the value is dropped.
pub(crate) struct Sqlite {
    pub(crate) folder: TempDir,
    /// Connections of the test, separate from those of the store.
    pub(crate) pool: SqlitePool,
    commits_fail: Arc<AtomicBool>,
}

impl Sqlite {
    /// Prepares the folder. The first connection creates the file.
    pub(crate) fn create() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let pool = SqlitePoolOptions::new().max_connections(3).connect_lazy_with(options_in(&folder));
        Self { folder, pool, commits_fail: Arc::default() }
    }

    pub(crate) fn options(&self) -> SqliteConnectOptions {
        options_in(&self.folder)
    }

    /// Lists the database file, its write-ahead log and the index of the log, as far as they exist.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        std::fs::read_dir(self.folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect()
    }

    /// Connects a store that calls `may_commit` before every commit and rolls back if it returns `false`.
    async fn connect_with_commit_hook<F>(&self, may_commit: F) -> Arc<dyn SecretStore>
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

    async fn create_another(&self) -> Box<dyn Database> {
        Box::new(Self::create())
    }

    async fn connect(&self) -> Arc<dyn SecretStore> {
        Arc::new(SqliteStore::connect_with(self.options(), SqlitePoolOptions::new()).await.unwrap())
    }

    async fn connect_with_slow_commits(&self) -> Arc<dyn SecretStore> {
        // The hook runs in the thread of the connection, which runs nothing else.
        let pause = || std::thread::sleep(Duration::from_millis(5));
        self.connect_with_commit_hook(move || {
            pause();
            true
        })
        .await
    }

    async fn connect_with_failing_commits(&self) -> Arc<dyn SecretStore> {
        let commits_fail = Arc::clone(&self.commits_fail);
        let store = self.connect_with_commit_hook(move || !commits_fail.load(Ordering::SeqCst)).await;
        self.commits_fail.store(true, Ordering::SeqCst);
        store
    }

    async fn allow_commits(&self) {
        self.commits_fail.store(false, Ordering::SeqCst);
    }

    async fn execute(&self, sql: String) -> Result<u64, sqlx::Error> {
        Ok(sqlx::raw_sql(AssertSqlSafe(sql)).execute(&self.pool).await?.rows_affected())
    }

    async fn query_number(&self, sql: String) -> i64 {
        sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&self.pool).await.unwrap()
    }

    async fn lock(&self, id: &SecretId) -> RowLock {
        let mut tx = self.pool.begin_with("BEGIN IMMEDIATE").await.unwrap();
        sqlx::query("UPDATE secrets SET bad_tries = bad_tries WHERE id = ?")
            .bind(id.as_bytes().as_slice())
            .execute(&mut *tx)
            .await
            .unwrap();
        RowLock::Sqlite(tx)
    }

    async fn wait_until_blocked(&self, _: i64) {
        // SQLite does not report waiting connections. They poll, and start to do so within this time.
        tokio::time::sleep(Duration::from_millis(100)).await;
    }

    fn sql_time(&self, millis: i64) -> String {
        format!("(CAST(unixepoch('subsec') * 1000 AS INTEGER) + {millis})")
    }

    fn sql_bytes(&self, bytes: &[u8]) -> String {
        format!("x'{}'", hex(bytes))
    }

    async fn remove(&self) {
        self.pool.close().await;
    }
}
