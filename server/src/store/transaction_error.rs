//! The future of a transaction, the reason for which it failed, and what follows from that.

use std::pin::Pin;

use vault::{StaleSnapshot, StoreError};

use super::failure::DatabaseFailure;

/// The future of a transaction, which may borrow its connection.
pub(super) type TransactionFuture<'c, T> =
    Pin<Box<dyn Future<Output = Result<T, TransactionError>> + Send + 'c>>;

/// Why a transaction failed.
#[derive(Debug)]
pub(super) enum TransactionError {
    /// The database refused a statement or did not answer. Nothing was written.
    Database(DatabaseFailure),
    /// The commit failed. Whether the changes were written is unknown.
    UnknownOutcome(DatabaseFailure),
    /// The rows that were read contradict each other, or have changed since. Nothing was written.
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

impl From<StaleSnapshot> for TransactionError {
    fn from(StaleSnapshot: StaleSnapshot) -> Self {
        Self::StaleSnapshot
    }
}

impl TransactionError {
    /// Creates the error for a failed commit.
    pub(super) fn unknown_outcome(error: impl Into<DatabaseFailure>) -> Self {
        Self::UnknownOutcome(error.into())
    }

    /// Returns whether one call of a batch may have caused the error, so that the others may succeed without it: the
    /// database answered, and certainly wrote nothing.
    pub(super) fn is_request_specific(&self) -> bool {
        match self {
            Self::StaleSnapshot => true,
            Self::UnknownOutcome(_) => false,
            Self::Database(failure) => failure.is_request_specific(),
        }
    }

    /// Returns whether the database rolled back for a reason that may have passed: PostgreSQL's serialization failure,
    /// deadlock and lock timeout, SQLite's `BUSY` with its variants.
    pub(super) fn is_transient(&self) -> bool {
        match self {
            Self::StaleSnapshot => true,
            Self::UnknownOutcome(_) => false,
            Self::Database(failure) => {
                matches!(failure.code(), Some("40001" | "40P01" | "55P03" | "5" | "261" | "517"))
            }
        }
    }

    /// Reduces the error to what a caller of the store receives.
    pub(super) fn to_store_error(&self) -> StoreError {
        match self {
            Self::Database(failure) | Self::UnknownOutcome(failure) => failure.to_store_error(),
            Self::StaleSnapshot => {
                StoreError::Unavailable("the rows that were read contradict each other".to_owned())
            }
        }
    }
}
