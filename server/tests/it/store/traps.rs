//! The protocol's list of traps: each naive statement in the situation in which it goes wrong, and beside it the
//! store in the same one.

mod arms;
mod cancelled;
mod claim;
mod clock;
mod early;

use sqlx::{PgPool, Postgres, Transaction};
use vault::RevealAttempt;

use crate::support::Sample;

/// A view that somebody else's transaction has used, and not committed yet.
pub(super) async fn view_under_way(
    raw: &PgPool,
    sample: &Sample,
    attempt: &RevealAttempt,
) -> Transaction<'static, Postgres> {
    let mut tx = raw.begin().await.unwrap();
    for statement in [
        "UPDATE secrets SET views_left = views_left - 1 WHERE id = $1 AND $2 <> ''",
        "INSERT INTO claims (claim_hash, share, views_left, expires_at)
         SELECT $2, share, views_left, clock_timestamp() + interval '5 minutes' FROM secrets WHERE id = $1",
        "UPDATE receipts SET views_used = views_used + 1, viewed_at = viewed_at || clock_timestamp()
          WHERE id = $1 AND $2 <> ''",
    ] {
        sqlx::query(statement)
            .bind(sample.id.as_bytes().as_slice())
            .bind(attempt.claim_hash.as_slice())
            .execute(&mut *tx)
            .await
            .unwrap();
    }
    tx
}

/// What a naive statement releases, how many rows; it is taken back at once.
async fn naive(raw: PgPool, statement: &'static str, sample: Sample, attempt: RevealAttempt) -> usize {
    let mut tx = raw.begin().await.unwrap();
    let released = sqlx::query(statement)
        .bind(sample.id.as_bytes().as_slice())
        .bind(attempt.claim_hash.as_slice())
        .fetch_all(&mut *tx)
        .await
        .unwrap();
    tx.rollback().await.unwrap();
    released.len()
}
