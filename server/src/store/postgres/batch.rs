//! Creates and reveals for several callers at once.

use std::collections::HashSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use sqlx::Row as _;
use sqlx::postgres::PgConnection;
use vault::{CLAIM_TTL, RevealBatch, RevealSnapshot, SecretChange};
use vault::{CreateOutcome, NewSecret, RevealAttempt, RevealOutcome};

use super::connection::BatchConnection;
use super::create::{create_all, create_new};
use super::last_view::last_views;
use crate::store::batcher::BatchExecutor;
use crate::store::decide_batch::decide_all;
use crate::store::failure::DatabaseFailure;
use crate::store::numbered::by_number;
use crate::store::retry::TransactionError;
use crate::store::row::{self, FoundRow};

/// Stores several secrets in one statement.
pub(super) struct Creates(pub(super) BatchConnection);

impl BatchExecutor for Creates {
    type Call = NewSecret;
    type Answer = CreateOutcome;

    async fn execute(
        &mut self,
        calls: &[Arc<NewSecret>],
        answers: &mut [Option<CreateOutcome>],
    ) -> Result<(), TransactionError> {
        let secrets = calls.to_vec();
        let created = self.0.work(|connection| {
            Box::pin(async move {
                match &*secrets {
                    // For one the plainer statement is the faster one.
                    [secret] => Ok(vec![create_new(connection, secret).await?]),
                    secrets => create_all(connection, secrets).await,
                }
            })
        });
        answers.clone_from_slice(&created.await?);
        Ok(())
    }
}

/// Decides several reveals from one reading, and writes them in one statement; the plain ones without reading.
///
/// Nothing is locked while it is decided. What is written says instead where each secret stood when it was read, and
/// is written only if it still does, and only if nobody has the lock: in the moment of writing that is as good as the
/// lock. Whose secret has moved goes alone, and waits for its turn.
pub(super) struct Reveals(pub(super) BatchConnection);

impl BatchExecutor for Reveals {
    type Call = RevealAttempt;
    type Answer = RevealOutcome;

    async fn execute(
        &mut self,
        calls: &[Arc<RevealAttempt>],
        answers: &mut [Option<RevealOutcome>],
    ) -> Result<(), TransactionError> {
        let firsts = first_of_each(calls);
        let views = self.0.work(|connection| Box::pin(last_views(connection, firsts)));
        for (index, share) in views.await? {
            if let Some(answer) = answers.get_mut(index) {
                *answer = Some(RevealOutcome::Granted { share, views_left: 0 });
            }
        }
        let (left, attempts): (Vec<_>, Vec<_>) = answers
            .iter_mut()
            .zip(calls)
            .filter(|(answer, _)| answer.is_none())
            .map(|(answer, attempt)| (answer, Arc::clone(attempt)))
            .unzip();
        if attempts.is_empty() {
            return Ok(());
        }
        let outcomes = self.0.work(|connection| Box::pin(reveal_all(connection, attempts))).await?;
        left.into_iter().zip(outcomes).for_each(|(answer, outcome)| *answer = outcome);
        Ok(())
    }
}

/// Who comes first for each secret, with the place in the batch: whoever comes later is decided after these.
fn first_of_each(calls: &[Arc<RevealAttempt>]) -> Vec<(usize, Arc<RevealAttempt>)> {
    let mut seen = HashSet::with_capacity(calls.len());
    let mut is_first = |attempt: &RevealAttempt| seen.insert((*attempt.id.as_bytes(), attempt.access_hash));
    calls.iter().cloned().enumerate().filter(|(_, attempt)| is_first(attempt)).collect()
}

async fn reveal_all(
    connection: &mut PgConnection,
    attempts: Vec<Arc<RevealAttempt>>,
) -> Result<Vec<Option<RevealOutcome>>, TransactionError> {
    let found = read(connection, &attempts).await?;
    // Time is over, and the row is there: somebody may have got the last view in time, and be about to commit.
    let is_over =
        |found: &RevealSnapshot| found.secret.as_ref().is_some_and(|secret| secret.expires_at <= found.now);
    let undecided: Vec<bool> = found.iter().map(is_over).collect();
    let mut outcomes = settle(connection, &attempts, found).await?;
    for (outcome, undecided) in outcomes.iter_mut().zip(undecided) {
        if undecided && matches!(outcome, Some(RevealOutcome::Gone(_))) {
            *outcome = None;
        }
    }
    Ok(outcomes)
}

/// Decides from what was found, and writes what is decided: `None` for whose secret is no longer as it was.
pub(super) async fn settle(
    connection: &mut PgConnection,
    attempts: &[Arc<RevealAttempt>],
    found: Vec<RevealSnapshot>,
) -> Result<Vec<Option<RevealOutcome>>, TransactionError> {
    let (batch, mut outcomes) = decide_all(attempts, found)?;
    let changes = batch.changes();
    if changes.is_empty() {
        return Ok(outcomes);
    }
    let written = write(connection, &batch, &changes).await?;
    let missed: HashSet<_> =
        changes.iter().map(|change| *change.id.as_bytes()).filter(|id| !written.contains(id)).collect();
    for (attempt, outcome) in attempts.iter().zip(&mut outcomes) {
        // Who has not the link to it is told so, whatever becomes of it.
        if missed.contains(attempt.id.as_bytes()) && *outcome != Some(RevealOutcome::NotFound) {
            *outcome = None;
        }
    }
    Ok(outcomes)
}

/// Everything in one snapshot, and the clock a moment later.
pub(super) async fn read(
    connection: &mut PgConnection,
    attempts: &[Arc<RevealAttempt>],
) -> Result<Vec<RevealSnapshot>, DatabaseFailure> {
    let column = |field: fn(&RevealAttempt) -> &[u8]| {
        attempts.iter().map(|attempt| field(attempt)).collect::<Vec<_>>()
    };
    let rows: Vec<FoundRow<DateTime<Utc>>> = sqlx::query_as(
        "WITH t AS MATERIALIZED (SELECT date_trunc('milliseconds', clock_timestamp()) AS now)
         SELECT q.n - 1 AS n, t.now, c.share AS claim_share, c.views_left AS claim_views_left, c.expires_at AS claim_expires_at,
                r.state, r.expires_at, r.ended_at, s.reveal_hash, s.share, s.views_left, s.bad_tries,
                s.locked_until, s.expires_at AS secret_expires_at
           FROM t, unnest($1::bytea[], $2::bytea[], $3::bytea[])
                     WITH ORDINALITY AS q(id, access_hash, claim_hash, n)
                LEFT JOIN claims c ON c.claim_hash = q.claim_hash
                LEFT JOIN receipts r ON r.id = q.id AND r.access_hash = q.access_hash
                LEFT JOIN secrets s ON s.id = q.id AND s.access_hash = q.access_hash",
    )
    .bind(column(|attempt| attempt.id.as_bytes()))
    .bind(column(|attempt| &attempt.access_hash))
    .bind(column(|attempt| &attempt.claim_hash))
    .fetch_all(connection)
    .await?;
    by_number(attempts.len(), rows.into_iter().map(FoundRow::into_found))
}

/// Everything that was decided, where it still holds: answers for which secrets that is.
async fn write(
    connection: &mut PgConnection,
    batch: &RevealBatch,
    changes: &[SecretChange],
) -> Result<HashSet<[u8; 12]>, TransactionError> {
    let claims = batch.new_claims();
    let rows = sqlx::query(
        "WITH w AS MATERIALIZED (
           SELECT * FROM unnest($1::bytea[], $2::smallint[], $3::integer[], $4::timestamptz[], $5::smallint[],
                                $6::integer[], $7::timestamptz[], $8::integer[], $9::integer[])
                      AS w(id, was_left, was_bad, was_locked, views_left, bad_tries, locked_until, viewed, wrong)
         ), v AS MATERIALIZED (
           SELECT w.*, s.share FROM w JOIN secrets s ON s.id = w.id
            WHERE s.views_left = w.was_left AND s.bad_tries = w.was_bad
              AND s.locked_until IS NOT DISTINCT FROM w.was_locked AND s.expires_at > clock_timestamp()
              FOR UPDATE OF s SKIP LOCKED
         ), claim AS (
           INSERT INTO claims (claim_hash, share, views_left, expires_at)
           SELECT k.claim_hash, v.share, k.views_left, $14
             FROM unnest($10::bytea[], $11::bytea[], $12::smallint[]) AS k(id, claim_hash, views_left)
                  JOIN v ON v.id = k.id
               ON CONFLICT (claim_hash) DO UPDATE
              SET share = excluded.share, views_left = excluded.views_left, expires_at = excluded.expires_at
         ), gone AS (
           DELETE FROM secrets s USING v WHERE s.id = v.id AND v.views_left = 0
         ), kept AS (
           UPDATE secrets s SET views_left = v.views_left, bad_tries = v.bad_tries, locked_until = v.locked_until
             FROM v WHERE s.id = v.id AND v.views_left > 0
         ), told AS (
           UPDATE receipts r
              SET views_used = r.views_used + v.viewed,
                  viewed_at = r.viewed_at || array_fill($13::timestamptz, ARRAY[v.viewed]),
                  wrong_passphrases = r.wrong_passphrases + v.wrong,
                  state = CASE WHEN v.views_left = 0 THEN 'viewed' ELSE r.state END,
                  ended_at = CASE WHEN v.views_left = 0 THEN $13 ELSE r.ended_at END
             FROM v WHERE r.id = v.id
         )
         SELECT id FROM v",
    )
    .bind(changes.iter().map(|change| change.id.as_bytes().as_slice()).collect::<Vec<_>>())
    .bind(changes.iter().map(|change| i16::from(change.expected.views_left)).collect::<Vec<_>>())
    .bind(changes.iter().map(|change| count(change.expected.bad_tries)).collect::<Vec<_>>())
    .bind(changes.iter().map(|change| change.expected.locked_until).collect::<Vec<_>>())
    .bind(changes.iter().map(|change| i16::from(change.new.views_left)).collect::<Vec<_>>())
    .bind(changes.iter().map(|change| count(change.new.bad_tries)).collect::<Vec<_>>())
    .bind(changes.iter().map(|change| change.new.locked_until).collect::<Vec<_>>())
    .bind(changes.iter().map(|change| count(change.viewed)).collect::<Vec<_>>())
    .bind(changes.iter().map(|change| count(change.wrong)).collect::<Vec<_>>())
    .bind(claims.iter().map(|claim| claim.id.as_bytes().as_slice()).collect::<Vec<_>>())
    .bind(claims.iter().map(|claim| claim.claim_hash.as_slice()).collect::<Vec<_>>())
    .bind(claims.iter().map(|claim| i16::from(claim.views_left)).collect::<Vec<_>>())
    .bind(batch.now())
    .bind(batch.now() + CLAIM_TTL)
    // By itself a statement is a transaction, and this reads to its end: to the commit.
    .fetch_all(connection)
    .await?;
    let ids = rows.into_iter().map(|row| Ok(*row::id(row.try_get("id")?)?.as_bytes()));
    // It is committed: whatever cannot be read of it now must not be done again.
    ids.collect::<Result<_, DatabaseFailure>>().map_err(TransactionError::Commit)
}

fn count(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
