//! Decides who gets a view, and writes what follows from it.
//!
//! A batch takes no lock while it decides. It writes with optimistic concurrency instead: the statement names the version
//! of each secret that was read, and changes only rows that still have it and that no other transaction has locked. At
//! the moment of writing this is as strict as a lock. An attempt whose secret was not written gets a fallback
//! transaction, which waits for the lock.

use std::collections::HashSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use sqlx::postgres::PgConnection;
use sqlx::{Connection as _, Row as _};
use vault::{CLAIM_RETRY_WINDOW, RevealAttempt, RevealBatch, RevealOutcome, RevealSnapshot, SecretChange};

use super::batch_connection::BatchConnection;
use super::last_view::grant_last_views;
use crate::store::batcher::BatchExecutor;
use crate::store::failure::DatabaseFailure;
use crate::store::match_rows::row_per_call;
use crate::store::row::{self, SnapshotRow};
use crate::store::transaction_error::TransactionError;

/// Decides the attempts of a batch: last views that need no decision in one statement, all others after that.
pub(super) struct RevealExecutor(pub(super) BatchConnection);

impl BatchExecutor for RevealExecutor {
    type Call = RevealAttempt;
    type Outcome = RevealOutcome;

    async fn execute(
        &mut self,
        attempts: &[Arc<RevealAttempt>],
        outcomes: &mut [Option<RevealOutcome>],
    ) -> Result<(), TransactionError> {
        self.grant_last_views(attempts, outcomes).await?;
        let (undecided, attempts): (Vec<_>, Vec<_>) = outcomes
            .iter_mut()
            .zip(attempts)
            .filter(|(outcome, _)| outcome.is_none())
            .map(|(outcome, attempt)| (outcome, Arc::clone(attempt)))
            .unzip();
        if attempts.is_empty() {
            return Ok(());
        }
        let decided = self.0.run(|connection| Box::pin(reveal_all(connection, attempts))).await?;
        undecided.into_iter().zip(decided).for_each(|(outcome, decided)| *outcome = decided);
        Ok(())
    }
}

impl RevealExecutor {
    /// Takes the fast path of [`last_view`](super::last_view) for the first attempt at each secret. Later attempts in the
    /// batch are decided after it, so that the order of arrival is kept.
    async fn grant_last_views(
        &mut self,
        attempts: &[Arc<RevealAttempt>],
        outcomes: &mut [Option<RevealOutcome>],
    ) -> Result<(), TransactionError> {
        let mut seen = HashSet::with_capacity(attempts.len());
        let (first_outcomes, first_attempts): (Vec<_>, Vec<_>) = outcomes
            .iter_mut()
            .zip(attempts.iter().cloned())
            .filter(|(_, attempt)| seen.insert((*attempt.id.as_bytes(), attempt.access_hash)))
            .unzip();
        let shares = self
            .0
            .run(|connection| Box::pin(async move { grant_last_views(connection, &first_attempts).await }));
        for (outcome, share) in first_outcomes.into_iter().zip(shares.await?) {
            *outcome = share.map(|share| RevealOutcome::Granted { share, views_left: 0 });
        }
        Ok(())
    }
}

async fn reveal_all(
    connection: &mut PgConnection,
    attempts: Vec<Arc<RevealAttempt>>,
) -> Result<Vec<Option<RevealOutcome>>, TransactionError> {
    let snapshots = read(connection, &attempts).await?;
    let has_expired_row: Vec<bool> = snapshots.iter().map(has_expired_row).collect();
    let mut outcomes = decide_and_write(connection, &attempts, snapshots).await?;
    for (outcome, has_expired_row) in outcomes.iter_mut().zip(has_expired_row) {
        if has_expired_row && matches!(outcome, Some(RevealOutcome::Gone(_))) {
            *outcome = None;
        }
    }
    Ok(outcomes)
}

/// Returns whether the secret has expired and its row still exists. Another transaction may have used the last view in
/// time and not be committed yet, so that only a fallback transaction can tell *expired* from *viewed*.
fn has_expired_row(snapshot: &RevealSnapshot) -> bool {
    snapshot.secret.as_ref().is_some_and(|secret| secret.expires_at <= snapshot.now)
}

/// Decides one attempt in a transaction that holds the lock of the secret's row.
///
/// The lock comes first, and may wait. Clock, claim and receipt are read after it, in a newer snapshot. In the other
/// order an expired secret would be granted, or one claim would use two views.
pub(super) async fn reveal(
    connection: &mut PgConnection,
    attempt: Arc<RevealAttempt>,
) -> Result<RevealOutcome, TransactionError> {
    let mut tx = connection.begin().await?;
    sqlx::query("SELECT FROM secrets WHERE id = $1 AND access_hash = $2 FOR UPDATE")
        .bind(attempt.id.as_bytes().as_slice())
        .bind(attempt.access_hash.as_slice())
        .execute(&mut *tx)
        .await?;
    let attempts = [attempt];
    let snapshots = read(&mut tx, &attempts).await?;
    let outcomes = decide_and_write(&mut tx, &attempts, snapshots).await?;
    tx.commit().await?;
    outcomes.into_iter().next().flatten().ok_or(TransactionError::StaleSnapshot)
}

/// Decides the attempts from their snapshots, and writes the changes. The outcome is `None` for an attempt whose secret
/// has changed since it was read.
async fn decide_and_write(
    connection: &mut PgConnection,
    attempts: &[Arc<RevealAttempt>],
    snapshots: Vec<RevealSnapshot>,
) -> Result<Vec<Option<RevealOutcome>>, TransactionError> {
    let (batch, mut outcomes) = RevealBatch::decide_all(attempts, snapshots)?;
    let changes = batch.changes();
    if changes.is_empty() {
        return Ok(outcomes);
    }
    let written = write(connection, &batch, &changes).await?;
    let is_unwritten =
        |id: &[u8; 12]| changes.iter().any(|change| change.id.as_bytes() == id) && !written.contains(id);
    for (attempt, outcome) in attempts.iter().zip(&mut outcomes) {
        // An attempt with a wrong access proof is not found, whatever happens to the secret.
        if *outcome != Some(RevealOutcome::NotFound) && is_unwritten(attempt.id.as_bytes()) {
            *outcome = None;
        }
    }
    Ok(outcomes)
}

/// Reads the rows for all attempts in one snapshot, and the clock a moment later.
async fn read(
    connection: &mut PgConnection,
    attempts: &[Arc<RevealAttempt>],
) -> Result<Vec<RevealSnapshot>, DatabaseFailure> {
    let column = |field: fn(&RevealAttempt) -> &[u8]| {
        attempts.iter().map(|attempt| field(attempt)).collect::<Vec<_>>()
    };
    let rows: Vec<SnapshotRow<DateTime<Utc>>> = sqlx::query_as(
        "WITH clock AS MATERIALIZED (SELECT date_trunc('milliseconds', clock_timestamp()) AS now)
         SELECT attempt.n - 1 AS n, clock.now,
                c.share AS claim_share, c.views_left AS claim_views_left, c.expires_at AS claim_expires_at,
                r.state, r.expires_at, r.ended_at, s.reveal_hash, s.share, s.views_left, s.bad_tries,
                s.locked_until, s.expires_at AS secret_expires_at
           FROM clock, unnest($1::bytea[], $2::bytea[], $3::bytea[])
                         WITH ORDINALITY AS attempt(id, access_hash, claim_hash, n)
                LEFT JOIN claims c ON c.claim_hash = attempt.claim_hash
                LEFT JOIN receipts r ON r.id = attempt.id AND r.access_hash = attempt.access_hash
                LEFT JOIN secrets s ON s.id = attempt.id AND s.access_hash = attempt.access_hash",
    )
    .bind(column(|attempt| attempt.id.as_bytes()))
    .bind(column(|attempt| &attempt.access_hash))
    .bind(column(|attempt| &attempt.claim_hash))
    .fetch_all(connection)
    .await?;
    row_per_call(attempts.len(), rows.into_iter().map(SnapshotRow::into_snapshot))
}

/// Writes the changes to all secrets that still have the expected version, and returns the ids of those.
async fn write(
    connection: &mut PgConnection,
    batch: &RevealBatch,
    changes: &[SecretChange],
) -> Result<HashSet<[u8; 12]>, TransactionError> {
    let claims = batch.new_claims();
    let rows = sqlx::query(
        "WITH change AS MATERIALIZED (
           SELECT * FROM unnest($1::bytea[], $2::smallint[], $3::integer[], $4::timestamptz[], $5::smallint[],
                                $6::integer[], $7::timestamptz[], $8::integer[], $9::integer[])
                      AS change(id, expected_views_left, expected_bad_tries, expected_locked_until,
                                views_left, bad_tries, locked_until, views, wrong_passphrases)
         ), unchanged AS MATERIALIZED (
           SELECT change.*, s.share FROM change JOIN secrets s ON s.id = change.id
            WHERE s.views_left = change.expected_views_left AND s.bad_tries = change.expected_bad_tries
              AND s.locked_until IS NOT DISTINCT FROM change.expected_locked_until AND s.expires_at > clock_timestamp()
              FOR UPDATE OF s SKIP LOCKED
         ), inserted_claims AS (
           INSERT INTO claims (claim_hash, share, views_left, expires_at)
           SELECT claim.claim_hash, unchanged.share, claim.views_left, $14
             FROM unnest($10::bytea[], $11::bytea[], $12::smallint[]) AS claim(id, claim_hash, views_left)
                  JOIN unchanged ON unchanged.id = claim.id
               ON CONFLICT (claim_hash) DO UPDATE
              SET share = excluded.share, views_left = excluded.views_left, expires_at = excluded.expires_at
         ), deleted_secrets AS (
           DELETE FROM secrets s USING unchanged WHERE s.id = unchanged.id AND unchanged.views_left = 0
         ), updated_secrets AS (
           UPDATE secrets s
              SET views_left = unchanged.views_left, bad_tries = unchanged.bad_tries,
                  locked_until = unchanged.locked_until
             FROM unchanged WHERE s.id = unchanged.id AND unchanged.views_left > 0
         ), updated_receipts AS (
           UPDATE receipts r
              SET views_used = r.views_used + unchanged.views,
                  viewed_at = r.viewed_at || array_fill($13::timestamptz, ARRAY[unchanged.views]),
                  wrong_passphrases = r.wrong_passphrases + unchanged.wrong_passphrases,
                  state = CASE WHEN unchanged.views_left = 0 THEN 'viewed' ELSE r.state END,
                  ended_at = CASE WHEN unchanged.views_left = 0 THEN $13 ELSE r.ended_at END
             FROM unchanged WHERE r.id = unchanged.id
         )
         SELECT id FROM unchanged",
    )
    .bind(changes.iter().map(|change| change.id.as_bytes().as_slice()).collect::<Vec<_>>())
    .bind(changes.iter().map(|change| i16::from(change.expected.views_left)).collect::<Vec<_>>())
    .bind(changes.iter().map(|change| integer(change.expected.bad_tries)).collect::<Vec<_>>())
    .bind(changes.iter().map(|change| change.expected.locked_until).collect::<Vec<_>>())
    .bind(changes.iter().map(|change| i16::from(change.new.views_left)).collect::<Vec<_>>())
    .bind(changes.iter().map(|change| integer(change.new.bad_tries)).collect::<Vec<_>>())
    .bind(changes.iter().map(|change| change.new.locked_until).collect::<Vec<_>>())
    .bind(changes.iter().map(|change| integer(change.views)).collect::<Vec<_>>())
    .bind(changes.iter().map(|change| integer(change.wrong_passphrases)).collect::<Vec<_>>())
    .bind(claims.iter().map(|claim| claim.id.as_bytes().as_slice()).collect::<Vec<_>>())
    .bind(claims.iter().map(|claim| claim.claim_hash.as_slice()).collect::<Vec<_>>())
    .bind(claims.iter().map(|claim| i16::from(claim.views_left)).collect::<Vec<_>>())
    .bind(batch.now())
    .bind(batch.now() + CLAIM_RETRY_WINDOW)
    // In a batch the statement is a transaction by itself; this reads to its end, which is after the commit.
    .fetch_all(connection)
    .await?;
    let ids = rows.into_iter().map(|row| Ok(*row::id(row.try_get("id")?)?.as_bytes()));
    // After the commit: an unreadable row must not lead to another attempt.
    ids.collect::<Result<_, DatabaseFailure>>().map_err(TransactionError::UnknownOutcome)
}

fn integer(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
