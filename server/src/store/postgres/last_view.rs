//! Fast path: grants the last view of a secret without wrong passphrases, in one round trip.
//!
//! Most secrets have one view, and are revealed once with the right proofs. One statement finds these, deletes them and
//! inserts their claims, where the plain path reads, decides and writes in two round trips.
//!
//! [`decide`](vault::decide) grants every attempt that this statement grants, whatever else the rows contain: the test
//! `last_view_without_wrong_passphrases_is_granted_to_the_right_proof` in `vault/src/reveal/tests.rs` checks it.
//! Every other attempt is left unchanged, and decided on the plain path (`it store::batches`, the tests of last views). To switch
//! it off, remove the call in `RevealExecutor`.

use std::sync::Arc;

use shared_crypto::ServerShare;
use sqlx::Row as _;
use sqlx::postgres::{PgConnection, PgRow};
use vault::{CLAIM_RETRY_WINDOW, RevealAttempt};

use crate::store::failure::DatabaseFailure;
use crate::store::match_rows::optional_row_per_call;
use crate::store::row;
use crate::store::transaction_error::TransactionError;

/// Grants the last views that need no decision, and returns the share for each granted attempt. There must be at most
/// one attempt for each secret.
///
/// The statement checks without a lock that the claim does not exist yet. That is safe here only: inserting the claim
/// uses a view, so that either the row that was found or the one that was then locked would not have exactly one view
/// left.
pub(super) async fn grant_last_views(
    connection: &mut PgConnection,
    attempts: &[Arc<RevealAttempt>],
) -> Result<Vec<Option<ServerShare>>, TransactionError> {
    let column = |field: fn(&RevealAttempt) -> &[u8]| {
        attempts.iter().map(|attempt| field(attempt)).collect::<Vec<_>>()
    };
    let rows = sqlx::query(
        "WITH granted AS (
           SELECT attempt.n, attempt.claim_hash, s.id, s.share, date_trunc('milliseconds', clock_timestamp()) AS now
             FROM unnest($1::bytea[], $2::bytea[], $3::bytea[], $4::bytea[])
                    WITH ORDINALITY AS attempt(id, access_hash, reveal_hash, claim_hash, n)
                  JOIN secrets s ON s.id = attempt.id
            WHERE s.access_hash = attempt.access_hash AND s.reveal_hash = attempt.reveal_hash
              AND s.views_left = 1 AND s.bad_tries = 0 AND s.locked_until IS NULL AND s.expires_at > clock_timestamp()
              AND NOT EXISTS (SELECT FROM claims c WHERE c.claim_hash = attempt.claim_hash)
              FOR UPDATE OF s SKIP LOCKED
         ), deleted_secrets AS (
           DELETE FROM secrets s USING granted WHERE s.id = granted.id
         ), inserted_claims AS (
           INSERT INTO claims (claim_hash, share, views_left, expires_at)
           SELECT granted.claim_hash, granted.share, 0, granted.now + $5 * interval '1 second' FROM granted
         ), updated_receipts AS (
           UPDATE receipts r SET views_used = r.views_used + 1, viewed_at = r.viewed_at || granted.now,
                                 state = 'viewed', ended_at = granted.now
             FROM granted WHERE r.id = granted.id
         )
         SELECT n - 1 AS n, share FROM granted",
    )
    .bind(column(|attempt| attempt.id.as_bytes()))
    .bind(column(|attempt| &attempt.access_hash))
    .bind(column(|attempt| &attempt.reveal_hash))
    .bind(column(|attempt| &attempt.claim_hash))
    .bind(CLAIM_RETRY_WINDOW.as_seconds_f64())
    // The statement is a transaction by itself; this reads to its end, which is after the commit.
    .fetch_all(connection)
    .await?;
    // After the commit: an unreadable row must not lead to another attempt.
    let shares = optional_row_per_call(attempts.len(), rows.iter().map(numbered_share));
    shares.map_err(TransactionError::UnknownOutcome)
}

fn numbered_share(row: &PgRow) -> Result<(i64, ServerShare), DatabaseFailure> {
    Ok((row.try_get("n")?, row::share(row.try_get("share")?)?))
}
