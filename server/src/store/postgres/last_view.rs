//! The plain case, in one round trip: the last view of a secret that nobody has tried, with the right proofs.

use std::sync::Arc;

use shared_crypto::ServerShare;
use sqlx::Row as _;
use sqlx::postgres::PgConnection;
use vault::CLAIM_TTL;
use vault::RevealAttempt;

use crate::store::failure::DatabaseFailure;
use crate::store::retry::TransactionError;
use crate::store::row;

/// Grants what may be granted without looking closer, and says to whom: no two of one secret may ask.
///
/// Whoever is granted here is one to whom [`decide`](vault::decide) grants the last view, whatever else is in
/// the row: a test of it says so. Everything else is left as it is, for it to decide.
///
/// It is asked without a lock whether there is such a claim already, which is a trap otherwise. Here a claim cannot have
/// come in between: with it the views would have gone from two to one or from one to none, and neither the row that
/// was found nor the one that was locked would be a secret with one.
pub(super) async fn last_views(
    connection: &mut PgConnection,
    attempts: Vec<(usize, Arc<RevealAttempt>)>,
) -> Result<Vec<(usize, ServerShare)>, TransactionError> {
    let column = |field: fn(&RevealAttempt) -> &[u8]| {
        attempts.iter().map(|(_, attempt)| field(attempt)).collect::<Vec<_>>()
    };
    let rows = sqlx::query(
        "WITH v AS (
           SELECT q.n, q.claim_hash, s.id, s.share, date_trunc('milliseconds', clock_timestamp()) AS now
             FROM unnest($1::bytea[], $2::bytea[], $3::bytea[], $4::bytea[])
                    WITH ORDINALITY AS q(id, access_hash, reveal_hash, claim_hash, n)
                  JOIN secrets s ON s.id = q.id
            WHERE s.access_hash = q.access_hash AND s.reveal_hash = q.reveal_hash
              AND s.views_left = 1 AND s.bad_tries = 0 AND s.locked_until IS NULL AND s.expires_at > clock_timestamp()
              AND NOT EXISTS (SELECT FROM claims c WHERE c.claim_hash = q.claim_hash)
              FOR UPDATE OF s SKIP LOCKED
         ), gone AS (
           DELETE FROM secrets s USING v WHERE s.id = v.id
         ), claim AS (
           INSERT INTO claims (claim_hash, share, views_left, expires_at)
           SELECT v.claim_hash, v.share, 0, v.now + $5 * interval '1 second' FROM v
         ), told AS (
           UPDATE receipts r SET views_used = r.views_used + 1, viewed_at = r.viewed_at || v.now,
                                 state = 'viewed', ended_at = v.now
             FROM v WHERE r.id = v.id
         )
         SELECT n, share FROM v",
    )
    .bind(column(|attempt| attempt.id.as_bytes()))
    .bind(column(|attempt| &attempt.access_hash))
    .bind(column(|attempt| &attempt.reveal_hash))
    .bind(column(|attempt| &attempt.claim_hash))
    .bind(CLAIM_TTL.as_seconds_f64())
    // By itself a statement is a transaction, and this reads to its end: to the commit.
    .fetch_all(connection)
    .await?;
    let views = rows.into_iter().map(|row| {
        let number = usize::try_from(row.try_get::<i64, _>("n")?).unwrap_or_default();
        let asked = attempts
            .get(number.wrapping_sub(1))
            .ok_or_else(|| DatabaseFailure::row("a row has the number of no call"))?;
        Ok((asked.0, row::share(row.try_get("share")?)?))
    });
    // It is committed: whatever cannot be read of it now must not be done again.
    views.collect::<Result<_, DatabaseFailure>>().map_err(TransactionError::Commit)
}
