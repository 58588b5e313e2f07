//! What tests do to a database behind the store's back.

use std::sync::Arc;

use async_trait::async_trait;
use shared_crypto::SecretId;
use sqlx::Transaction;
use vault::SecretStore;

/// A fresh database, each in its own dialect.
#[async_trait]
pub(crate) trait Database: Send + Sync {
    /// One more of this kind, with nothing in it.
    async fn another(&self) -> Box<dyn Database>;

    /// What a server in another process is told.
    fn url(&self) -> String;

    /// A store with a pool of its own, as every server has.
    async fn connect(&self) -> Arc<dyn SecretStore>;

    /// A store each of whose commits takes 5 ms.
    async fn connect_slow(&self) -> Arc<dyn SecretStore>;

    /// A store none of whose commits succeeds, until `repair`.
    async fn connect_broken(&self) -> Arc<dyn SecretStore>;

    /// Ends what `connect_broken` began.
    async fn repair(&self);

    /// Runs a statement, and says how many rows it touched.
    async fn execute(&self, sql: String) -> Result<u64, sqlx::Error>;

    /// The one number that a query answers.
    async fn number(&self, sql: String) -> i64;

    /// Takes the lock that a reveal of this secret needs, and changes the row without a difference.
    async fn lock(&self, id: &SecretId) -> Lock;

    /// Returns when this many callers wait for a lock, as far as the database can tell.
    async fn until_waiting(&self, callers: i64);

    /// The database's clock, so many milliseconds from now, as an expression.
    fn moment(&self, millis: i64) -> String;

    /// A byte string as an expression.
    fn bytes(&self, bytes: &[u8]) -> String;

    /// Removes the database. What a failed test leaves behind stays to be looked at.
    async fn remove(&self);
}

/// A transaction of somebody else's, who holds a secret's lock.
pub(crate) enum Lock {
    Postgres(Transaction<'static, sqlx::Postgres>),
    Sqlite(Transaction<'static, sqlx::Sqlite>),
}

impl Lock {
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

pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}
