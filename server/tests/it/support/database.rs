//! Operations of the tests on a database, without the store.

use std::sync::Arc;

use async_trait::async_trait;
use shared_crypto::SecretId;
use sqlx::Transaction;
use vault::SecretStore;

/// A new database. Each implementation writes SQL in its own dialect.
#[async_trait]
pub(crate) trait Database: Send + Sync {
    /// Creates another empty database of the same kind.
    async fn create_another(&self) -> Box<dyn Database>;

    /// Returns the URL for a server in another process.
    fn url(&self) -> String;

    /// Connects a store with its own pool, as every server does.
    async fn connect(&self) -> Arc<dyn SecretStore>;

    /// Connects a store whose commits take 5 ms each.
    async fn connect_with_slow_commits(&self) -> Arc<dyn SecretStore>;

    /// Connects a store whose commits fail until [`Self::allow_commits`] is called.
    async fn connect_with_failing_commits(&self) -> Arc<dyn SecretStore>;

    /// Lets the commits of `connect_with_failing_commits` succeed again.
    async fn allow_commits(&self);

    /// Runs a statement and returns the number of affected rows.
    async fn execute(&self, sql: String) -> Result<u64, sqlx::Error>;

    /// Runs a query that returns one number.
    async fn query_number(&self, sql: String) -> i64;

    /// Takes the lock that a reveal of this secret needs, by an update that changes no value.
    async fn lock(&self, id: &SecretId) -> RowLock;

    /// Waits until this many calls wait for a lock. SQLite cannot tell, so there it is a fixed delay.
    async fn wait_until_blocked(&self, calls: i64);

    /// Returns an SQL expression for the time `millis` milliseconds from now, by the database's clock.
    fn sql_time(&self, millis: i64) -> String;

    /// Returns a byte string as an SQL expression.
    fn sql_bytes(&self, bytes: &[u8]) -> String;

    /// Removes the database. A failed test does not get here, and leaves its database for inspection.
    async fn remove(&self);
}

/// A foreign transaction that holds the lock of a secret's row.
pub(crate) enum RowLock {
    Postgres(Transaction<'static, sqlx::Postgres>),
    Sqlite(Transaction<'static, sqlx::Sqlite>),
}

impl RowLock {
    pub(crate) async fn commit(self) {
        match self {
            Self::Postgres(tx) => tx.commit().await.unwrap(),
            Self::Sqlite(tx) => tx.commit().await.unwrap(),
        }
    }

    pub(crate) async fn roll_back(self) {
        match self {
            Self::Postgres(tx) => tx.rollback().await.unwrap(),
            Self::Sqlite(tx) => tx.rollback().await.unwrap(),
        }
    }
}

/// Encodes bytes in lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}
