//! Units of work: each comes to its end, which a client that hangs up cannot keep it from.

use std::time::Duration;

use vault::StoreError;

use super::failure::DatabaseFailure;
use crate::run_to_completion::run_to_completion;

/// How often a unit is tried whose failure says that nothing was done and that another try may pass.
const TRIES: u32 = 4;

/// How long a call of PostgreSQL may take. Every statement has a time-out of its own, set in the session: this one is
/// for a connection that died without a word.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

/// Why a unit ended without an answer.
#[derive(Debug)]
pub(super) enum TransactionError {
    Database(DatabaseFailure),
    /// Whether the transaction was committed is not known.
    Commit(DatabaseFailure),
    StaleSnapshot,
}

impl From<DatabaseFailure> for TransactionError {
    fn from(failure: DatabaseFailure) -> Self {
        Self::Database(failure)
    }
}

#[expect(clippy::disallowed_types, reason = "it is reduced here")]
impl From<sqlx::Error> for TransactionError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error.into())
    }
}

impl TransactionError {
    /// The failure of a commit.
    pub(super) fn commit(error: impl Into<DatabaseFailure>) -> Self {
        Self::Commit(error.into())
    }

    /// Whether it may be one caller's own, and the others of a batch would do well without it: the database
    /// answers, and certainly has done nothing.
    pub(super) fn is_request_specific(&self) -> bool {
        match self {
            Self::StaleSnapshot => true,
            Self::Commit(_) => false,
            Self::Database(failure) => failure.is_request_specific(),
        }
    }

    /// What a caller is told.
    pub(super) fn to_error(&self) -> StoreError {
        match self {
            Self::Database(failure) | Self::Commit(failure) => failure.to_store_error(),
            Self::StaleSnapshot => StoreError::Unavailable("what was read does not fit together".to_owned()),
        }
    }

    /// Whether the database rolled back for a reason that may have passed: PostgreSQL's serialization
    /// failure, deadlock and lock time-out, SQLite's BUSY with its variants.
    fn passes(&self) -> bool {
        match self {
            Self::StaleSnapshot => true,
            Self::Commit(_) => false,
            Self::Database(failure) => {
                matches!(failure.code(), Some("40001" | "40P01" | "55P03" | "5" | "261" | "517"))
            }
        }
    }
}

/// Runs a transaction to its end, again where a failure has passed.
///
/// In sqlx a cancelled `begin()` can leave a pooled connection inside a transaction: so nothing here is
/// cancelled, but together with its connection.
pub(super) async fn retry<T, F>(work: impl Fn() -> F + Send + 'static) -> Result<T, StoreError>
where
    T: Send + 'static,
    F: Future<Output = Result<T, TransactionError>> + Send,
{
    let ended = run_to_completion(async move {
        let mut tried = 1;
        loop {
            match work().await {
                Err(trouble) if trouble.passes() && tried < TRIES => {
                    tokio::time::sleep(Duration::from_millis(10 << tried)).await;
                    tried += 1;
                }
                ended => return ended.map_err(|trouble| trouble.to_error()),
            }
        }
    });
    ended.await.unwrap_or_else(|| Err(StoreError::Unavailable("a unit of work was aborted".to_owned())))
}
