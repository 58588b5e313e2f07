//! Concurrency anomalies that the protocol lists: each naive statement in the situation in which it fails, and the store in
//! the same situation.

mod cancelled_begin;
mod duplicate_claim;
mod stale_clock;
mod uncommitted_rows;
mod update_or_delete;

use sqlx::{PgPool, Postgres, Transaction};
use vault::RevealAttempt;

use crate::support::TestSecret;

/// Starts a foreign transaction that has used a view and is not committed.
pub(super) async fn uncommitted_view(
    pool: &PgPool,
    secret: &TestSecret,
    attempt: &RevealAttempt,
) -> Transaction<'static, Postgres> {
    let mut tx = pool.begin().await.unwrap();
    for statement in [
        "UPDATE secrets SET views_left = views_left - 1 WHERE id = $1 AND $2 <> ''",
        "INSERT INTO claims (claim_hash, share, views_left, expires_at)
         SELECT $2, share, views_left, clock_timestamp() + interval '5 minutes' FROM secrets WHERE id = $1",
        "UPDATE receipts SET views_used = views_used + 1, viewed_at = viewed_at || clock_timestamp()
          WHERE id = $1 AND $2 <> ''",
    ] {
        sqlx::query(statement)
            .bind(secret.id.as_bytes().as_slice())
            .bind(attempt.claim_hash.as_slice())
            .execute(&mut *tx)
            .await
            .unwrap();
    }
    tx
}

/// Runs a naive statement, rolls it back, and returns how many rows it released.
async fn run_naive(
    pool: PgPool,
    statement: &'static str,
    secret: TestSecret,
    attempt: RevealAttempt,
) -> usize {
    let mut tx = pool.begin().await.unwrap();
    let released = sqlx::query(statement)
        .bind(secret.id.as_bytes().as_slice())
        .bind(attempt.claim_hash.as_slice())
        .fetch_all(&mut *tx)
        .await
        .unwrap();
    tx.rollback().await.unwrap();
    released.len()
}
