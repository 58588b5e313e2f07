//! Fast path: tells a client without the link that its secret does not exist, without the write lock.
//!
//! SQLite has one write lock, and a reveal takes it. A client that guesses links would wait for it, and make all others
//! wait. If a reveal has not ended after [`EXISTENCE_CHECK_DELAY`], one of the connections that read looks for the receipt.
//!
//! It answers *not found* only, for an id and an access proof that no receipt has, as [`decide`](vault::decide) does
//! (`missing_secret_is_gone_as_its_receipt_says` in `vault/src/reveal/tests.rs`). Every other attempt waits for its reveal.
//! `it store::brute_force` sends 500 such attempts at once. To switch the check off, let `SqliteStore::reveal` call the
//! batcher directly.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use sqlx::QueryBuilder;
use sqlx::sqlite::{Sqlite, SqlitePool};
use vault::{RevealAttempt, RevealOutcome, StoreError};

use super::SqliteStore;
use crate::store::batcher::BatchExecutor;
use crate::store::match_rows::row_per_call;
use crate::store::transaction_error::TransactionError;

/// How long a reveal may take before the check starts.
const EXISTENCE_CHECK_DELAY: Duration = Duration::from_millis(25);

impl SqliteStore {
    /// Reveals in a batch or in a fallback transaction. If the batch waits for the write lock, an attempt without the link
    /// is answered without it, and gets no fallback.
    pub(super) async fn reveal_if_it_exists(
        self,
        attempt: Arc<RevealAttempt>,
    ) -> Result<RevealOutcome, StoreError> {
        let mut batch = pin!(self.reveals.call_in_batch(Arc::clone(&attempt)));
        let first = tokio::select! {
            outcome = &mut batch => Some(outcome?),
            () = tokio::time::sleep(EXISTENCE_CHECK_DELAY) => None,
        };
        let outcome = match first {
            Some(outcome) => outcome,
            None if self.existence_checks.call(RevealAttempt::clone(&attempt)).await? => batch.await?,
            None => return Ok(RevealOutcome::NotFound),
        };
        match outcome {
            Some(outcome) => Ok(outcome),
            None => self.reveals.call_fallback(attempt).await,
        }
    }
}

/// Checks for each attempt of a batch whether a receipt has its id and access proof.
pub(super) struct ExistenceCheck(pub(super) SqlitePool);

impl BatchExecutor for ExistenceCheck {
    type Call = RevealAttempt;
    type Outcome = bool;

    async fn execute(
        &mut self,
        attempts: &[Arc<RevealAttempt>],
        outcomes: &mut [Option<bool>],
    ) -> Result<(), TransactionError> {
        let mut query = QueryBuilder::<Sqlite>::new("WITH attempt(n, id, access_hash) AS (");
        query.push_values(attempts.iter().zip(0_i64..), |mut row, (attempt, n)| {
            row.push_bind(n)
                .push_bind(attempt.id.as_bytes().to_vec())
                .push_bind(attempt.access_hash.to_vec());
        });
        query.push(
            ") SELECT attempt.n, r.id IS NOT NULL
                 FROM attempt LEFT JOIN receipts r ON r.access_hash = attempt.access_hash AND r.id = attempt.id",
        );
        let rows: Vec<(i64, bool)> = query.build_query_as().fetch_all(&self.0).await?;
        let exists = row_per_call(attempts.len(), rows.into_iter().map(Ok))?;
        outcomes.iter_mut().zip(exists).for_each(|(outcome, exists)| *outcome = Some(exists));
        Ok(())
    }
}
