//! Who gets a view, for several callers in one transaction, and with one wait for the disk.

use std::collections::HashMap;
use std::sync::Arc;

use shared_crypto::SecretId;
use sqlx::sqlite::{Sqlite, SqliteConnection, SqlitePool, SqliteRow};
use sqlx::{FromRow as _, QueryBuilder, Row as _};
use tokio::sync::Notify;
use vault::{CLAIM_TTL, GrantedClaim, RevealBatch, RevealSnapshot, SecretChange};
use vault::{RevealAttempt, RevealOutcome};

use super::writer::{BEGIN, Writer, at_commit};
use crate::store::batcher::BatchExecutor;
use crate::store::decide_batch::decide_all;
use crate::store::failure::DatabaseFailure;
use crate::store::numbered::by_number;
use crate::store::retry::TransactionError;
use crate::store::row::FoundRow;

/// Looks whether each caller has the link to a secret that is or was here.
pub(super) struct ExistenceCheck(pub(super) SqlitePool);

impl BatchExecutor for ExistenceCheck {
    type Call = RevealAttempt;
    type Answer = bool;

    async fn execute(
        &mut self,
        calls: &[Arc<RevealAttempt>],
        answers: &mut [Option<bool>],
    ) -> Result<(), TransactionError> {
        let mut query = QueryBuilder::<Sqlite>::new("WITH q(n, id, access_hash) AS (");
        query.push_values(calls.iter().zip(0_i64..), |mut row, (attempt, n)| {
            row.push_bind(n)
                .push_bind(attempt.id.as_bytes().to_vec())
                .push_bind(attempt.access_hash.to_vec());
        });
        query.push(
            ") SELECT q.n, r.id IS NOT NULL
                 FROM q LEFT JOIN receipts r ON r.access_hash = q.access_hash AND r.id = q.id",
        );
        let known: Vec<(i64, bool)> = query.build_query_as().fetch_all(&self.0).await?;
        let known = by_number(calls.len(), known.into_iter().map(Ok))?;
        answers.iter_mut().zip(known).for_each(|(answer, known)| *answer = Some(known));
        Ok(())
    }
}

/// Who writes, and what waits for deletions.
#[derive(Clone)]
pub(super) struct Reveals {
    pub(super) writer: Writer,
    pub(super) deleted: Arc<Notify>,
}

impl BatchExecutor for Reveals {
    type Call = RevealAttempt;
    type Answer = RevealOutcome;

    async fn execute(
        &mut self,
        calls: &[Arc<RevealAttempt>],
        answers: &mut [Option<RevealOutcome>],
    ) -> Result<(), TransactionError> {
        let attempts = calls.to_vec();
        let revealed = self.writer.work(|line| Box::pin(async move { reveal_all(line, &attempts).await }));
        let (outcomes, ends) = revealed.await?;
        if ends {
            self.deleted.notify_one();
        }
        answers.clone_from_slice(&outcomes);
        Ok(())
    }
}

/// What each is told, and whether a secret has ended. In two strings of statements, the first of which begins the
/// transaction and the second of which ends it.
async fn reveal_all(
    line: &mut SqliteConnection,
    attempts: &[Arc<RevealAttempt>],
) -> Result<(Vec<Option<RevealOutcome>>, bool), TransactionError> {
    let (numbers, found) = read(line, attempts).await?;
    let (batch, outcomes) = decide_all(attempts, found)?;
    let changes = batch.changes();
    let ends = changes.iter().any(|change| change.new.views_left == 0);
    let mut all = QueryBuilder::new("");
    if !changes.is_empty() {
        apply(&mut all, &batch, changes, &numbers);
    }
    all.push("COMMIT");
    all.build().execute(line).await.map_err(at_commit)?;
    Ok((outcomes, ends))
}

/// One alone, who needs a closer look.
pub(super) async fn reveal(
    mut reveals: Reveals,
    attempt: Arc<RevealAttempt>,
) -> Result<RevealOutcome, TransactionError> {
    let mut answer = [None];
    reveals.execute(&[attempt], &mut answer).await?;
    let [outcome] = answer;
    outcome.ok_or(TransactionError::StaleSnapshot)
}

/// Of each secret that was found, by its id, the number of its receipt.
type Numbers = HashMap<[u8; 12], i64>;

/// Whoever writes is alone: what is read here stays true until the commit.
///
/// A claim from before migration 0002 has the receipt number 0. One that has expired may be granted again before it is
/// swept; then both claims are in the table, and only the newer one, which has the number of its receipt, counts.
/// Each of the two is looked up by its whole key, so that an attempt has one row whatever is stored.
async fn read(
    tx: &mut SqliteConnection,
    attempts: &[Arc<RevealAttempt>],
) -> Result<(Numbers, Vec<RevealSnapshot>), DatabaseFailure> {
    let mut query = QueryBuilder::<Sqlite>::new(BEGIN);
    query.push("; WITH q(n, id, access_hash, claim_hash) AS (");
    query.push_values(attempts.iter().zip(0_i64..), |mut row, (attempt, n)| {
        row.push_bind(n)
            .push_bind(attempt.id.as_bytes().to_vec())
            .push_bind(attempt.access_hash.to_vec())
            .push_bind(attempt.claim_hash.to_vec());
    });
    query.push(
        "), t AS MATERIALIZED (SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER) AS now)
         SELECT q.n, t.now, coalesce(c.share, o.share) AS claim_share,
                coalesce(c.views_left, o.views_left) AS claim_views_left,
                coalesce(c.expires_at, o.expires_at) AS claim_expires_at, c.share IS NOT NULL AS claim_is_masked,
                r.state, r.expires_at, r.ended_at, s.reveal_hash, s.share, s.views_left, s.bad_tries,
                s.locked_until, s.expires_at AS secret_expires_at, r.number
           FROM q CROSS JOIN t LEFT JOIN receipts r ON r.access_hash = q.access_hash AND r.id = q.id
                               LEFT JOIN secrets s ON s.receipt = r.number
                               LEFT JOIN claims c ON c.receipt = r.number AND c.claim_hash = q.claim_hash
                               LEFT JOIN claims o ON o.receipt = 0 AND o.claim_hash = q.claim_hash",
    );
    let rows = query.build().fetch_all(tx).await?;
    let mut numbers = Numbers::new();
    let mut all = Vec::with_capacity(attempts.len());
    for (row, attempt) in by_number(attempts.len(), rows.iter().map(read_row))?.into_iter().zip(attempts) {
        let (mut found, number, claim_is_masked) = row;
        if claim_is_masked {
            found.claim = found
                .claim
                .map(|claim| GrantedClaim { share: claim.share.masked(&attempt.claim_mask), ..claim });
        }
        if let Some(number) = number {
            numbers.insert(*attempt.id.as_bytes(), number);
        }
        all.push(found);
    }
    Ok((numbers, all))
}

/// The number of the attempt; what was found for it, the number of its receipt, and whether the claim's share is masked.
type NumberedRow = (i64, (RevealSnapshot, Option<i64>, bool));

fn read_row(row: &SqliteRow) -> Result<NumberedRow, DatabaseFailure> {
    let (n, found) = FoundRow::<i64>::from_row(row)?.into_found()?;
    Ok((n, (found, row.try_get("number")?, row.try_get("claim_is_masked")?)))
}

/// Everything that was decided, a statement for each table. `OR FAIL`: a failure ends the whole transaction anyway.
fn apply(all: &mut QueryBuilder<Sqlite>, batch: &RevealBatch, changes: Vec<SecretChange>, numbers: &Numbers) {
    let number = |id: &SecretId| numbers.get(id.as_bytes()).copied();
    let now = batch.now().timestamp_millis();
    if !batch.new_claims().is_empty() {
        let until = (batch.now() + CLAIM_TTL).timestamp_millis();
        all.push("INSERT OR FAIL INTO claims (receipt, claim_hash, share, views_left, expires_at) ");
        all.push_values(batch.new_claims(), |mut row, claim| {
            row.push_bind(number(&claim.id))
                .push_bind(claim.claim_hash.to_vec())
                .push_bind(claim.share.masked(&claim.claim_mask).as_bytes().to_vec())
                .push_bind(claim.views_left)
                .push_bind(until);
        });
        all.push(
            " ON CONFLICT (receipt, claim_hash) DO UPDATE
              SET share = excluded.share, views_left = excluded.views_left, expires_at = excluded.expires_at; ",
        );
    }
    let (gone, kept): (Vec<_>, Vec<_>) = changes.into_iter().partition(|change| change.new.views_left == 0);
    if !gone.is_empty() {
        all.push("DELETE FROM secrets WHERE receipt IN (");
        all.push_values(&gone, |mut row, change| {
            row.push_bind(number(&change.id));
        });
        all.push("); ");
    }
    if !kept.is_empty() {
        all.push("WITH v(receipt, views_left, bad_tries, locked_until) AS (");
        all.push_values(&kept, |mut row, change| {
            row.push_bind(number(&change.id))
                .push_bind(change.new.views_left)
                .push_bind(change.new.bad_tries)
                .push_bind(change.new.locked_until.map(|until| until.timestamp_millis()));
        });
        all.push(
            ") UPDATE OR FAIL secrets SET views_left = v.views_left, bad_tries = v.bad_tries, locked_until = v.locked_until
                FROM v WHERE secrets.receipt = v.receipt; ",
        );
    }
    all.push("WITH v(number, ends, viewed, views, wrong) AS (");
    all.push_values(gone.iter().chain(&kept), |mut row, change| {
        row.push_bind(number(&change.id))
            .push_bind(change.new.views_left == 0)
            .push_bind(change.viewed)
            // What json_insert would append, as often as there was a view.
            .push_bind(format!(",{now}").repeat(usize::try_from(change.viewed).unwrap_or_default()))
            .push_bind(change.wrong);
    });
    all.push(
        ") UPDATE OR FAIL receipts
              SET views_used = views_used + v.viewed,
                  viewed_at = replace(rtrim(viewed_at, ']') || v.views || ']', '[,', '['),
                  wrong_passphrases = wrong_passphrases + v.wrong,
                  state = iif(v.ends, 'viewed', state), ended_at = iif(v.ends, ",
    );
    all.push_bind(now).push(", ended_at) FROM v WHERE receipts.number = v.number; ");
}
