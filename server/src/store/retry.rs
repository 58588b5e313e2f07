//! Runs store calls: to completion, and again after a transient failure.

use std::time::Duration;

use backon::{ExponentialBuilder, Retryable as _};
use vault::StoreError;

use super::transaction_error::TransactionError;
use crate::run_to_completion::run_to_completion;

/// How often a transaction is repeated if it was rolled back for a transient reason.
const MAX_RETRIES: usize = 3;
/// The pause before the first retry. Each following pause is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(20);

/// Runs a store call to completion, even if the caller is dropped; a panic becomes an error.
///
/// Every started call passes through here: [`transaction`] and [`Batcher::call`](super::batcher::Batcher::call) protect
/// the transaction, and the metrics use it once more, so that a call is counted after its client has disconnected. In
/// sqlx a cancelled `begin()` can leave a pooled connection inside a transaction, so that the next caller's changes are
/// lost (`it store::anomalies::cancelled_begin`).
pub(crate) async fn uncancelled<T: Send + 'static>(
    call: impl Future<Output = Result<T, StoreError>> + Send + 'static,
) -> Result<T, StoreError> {
    let result = run_to_completion(call).await;
    result.unwrap_or_else(|| Err(StoreError::Unavailable("a store call panicked".to_owned())))
}

/// Runs a transaction to completion, with retries.
pub(super) async fn transaction<T, F>(run: impl Fn() -> F + Send + 'static) -> Result<T, StoreError>
where
    T: Send + 'static,
    F: Future<Output = Result<T, TransactionError>> + Send + 'static,
{
    uncancelled(retry(run)).await
}

/// Runs a transaction, and repeats it as long as its error is transient: four attempts, with pauses of 20, 40 and 80 ms.
pub(super) async fn retry<T, F>(run: impl Fn() -> F) -> Result<T, StoreError>
where
    F: Future<Output = Result<T, TransactionError>>,
{
    let pauses = ExponentialBuilder::new().with_min_delay(FIRST_PAUSE).with_max_times(MAX_RETRIES);
    let result = run.retry(pauses).when(TransactionError::is_transient).await;
    result.map_err(|error| error.to_store_error())
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use tokio::time::Instant;

    use super::*;
    use crate::store::failure::DatabaseFailure;

    /// Returns how often a transaction that always fails with this error was run, and for how long.
    async fn attempts(error: fn() -> TransactionError) -> (u32, Duration) {
        let (runs, started) = (Cell::new(0), Instant::now());
        let result = retry(|| {
            runs.set(runs.get() + 1);
            async move { Err::<(), _>(error()) }
        });
        assert!(result.await.is_err());
        (runs.get(), started.elapsed())
    }

    #[tokio::test]
    async fn transient_error_is_retried_three_times_with_growing_pauses() {
        let (runs, took) = attempts(|| TransactionError::StaleSnapshot).await;
        assert_eq!(runs, 4);
        assert!(took >= Duration::from_millis(20 + 40 + 80), "{took:?}");
    }

    #[tokio::test]
    async fn unknown_outcome_and_other_errors_are_not_retried() {
        assert_eq!(attempts(|| DatabaseFailure::timed_out().into()).await.0, 1);
        assert_eq!(attempts(|| TransactionError::unknown_outcome(DatabaseFailure::timed_out())).await.0, 1);
    }

    #[tokio::test]
    async fn transaction_that_succeeds_at_the_second_attempt_returns_its_result() {
        let runs = Cell::new(0);
        let result = retry(|| {
            runs.set(runs.get() + 1);
            let run = runs.get();
            async move { if run == 2 { Ok(run) } else { Err(TransactionError::StaleSnapshot) } }
        });
        assert_eq!(result.await.unwrap(), 2);
    }
}
