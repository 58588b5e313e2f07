//! Units of work: each runs in a task of its own, which a client that hangs up cannot cancel.

use std::time::Duration;

use app::store::StoreError;
use app::vault::ReadAgain;

use super::unavailable;

/// How often a unit is tried whose failure says that nothing was done and that another try may pass.
const TRIES: u32 = 4;

/// Why a unit ended without an answer.
#[derive(Debug)]
pub(super) enum Trouble {
    Database(sqlx::Error),
    ReadAgain,
}

impl From<sqlx::Error> for Trouble {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

impl From<ReadAgain> for Trouble {
    fn from(_: ReadAgain) -> Self {
        Self::ReadAgain
    }
}

impl Trouble {
    /// Whether the database rolled back for a reason that may have passed: PostgreSQL's serialization
    /// failure, deadlock and lock time-out, SQLite's BUSY with its variants.
    fn passes(&self) -> bool {
        match self {
            Self::ReadAgain => true,
            Self::Database(error) => error
                .as_database_error()
                .and_then(sqlx::error::DatabaseError::code)
                .is_some_and(|code| matches!(&*code, "40001" | "40P01" | "55P03" | "5" | "261" | "517")),
        }
    }
}

impl From<Trouble> for StoreError {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Database(error) => unavailable(&error),
            Trouble::ReadAgain => Self::Unavailable("what was read does not fit together".to_owned()),
        }
    }
}

/// Runs a transaction to its end, again where a failure has passed.
///
/// In sqlx a cancelled `begin()` can leave a pooled connection inside a transaction: so nothing here is
/// cancelled from outside, and the time-outs are the database's own.
pub(super) async fn unit<T, F>(work: impl Fn() -> F + Send + 'static) -> Result<T, StoreError>
where
    T: Send + 'static,
    F: Future<Output = Result<T, Trouble>> + Send,
{
    let task = tokio::spawn(async move {
        let mut tried = 1;
        loop {
            match work().await {
                Err(trouble) if trouble.passes() && tried < TRIES => {
                    tokio::time::sleep(Duration::from_millis(10 << tried)).await;
                    tried += 1;
                }
                ended => return ended.map_err(StoreError::from),
            }
        }
    });
    task.await.unwrap_or_else(|_| Err(StoreError::Unavailable("a unit of work was aborted".to_owned())))
}
