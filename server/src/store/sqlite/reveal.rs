//! Decides who gets a view, and writes what follows from it.
//!
//! The transaction has the write lock of the database, so that no other one changes what was read. A batch runs in two
//! strings of statements: the first begins the transaction and reads, the second writes and commits. Each string costs two
//! switches between threads.

use std::collections::HashMap;
use std::sync::Arc;

use shared_crypto::SecretId;
use sqlx::sqlite::{Sqlite, SqliteConnection, SqliteRow};
use sqlx::{FromRow as _, QueryBuilder, Row as _};
use vault::{
    CLAIM_RETRY_WINDOW, GrantedClaim, RevealAttempt, RevealBatch, RevealOutcome, RevealSnapshot, SecretChange,
};

use super::wal::Checkpointer;
use super::writer::{BEGIN, Writer, commit_error};
use crate::store::batcher::BatchExecutor;
use crate::store::failure::DatabaseFailure;
use crate::store::match_rows::row_per_call;
use crate::store::row::SnapshotRow;
use crate::store::transaction_error::TransactionError;

/// Decides the attempts of a batch in one transaction.
#[derive(Clone)]
pub(super) struct RevealExecutor {
    pub(super) writer: Writer,
    pub(super) checkpointer: Checkpointer,
}

impl BatchExecutor for RevealExecutor {
    type Call = RevealAttempt;
    type Outcome = RevealOutcome;

    async fn execute(
        &mut self,
        attempts: &[Arc<RevealAttempt>],
        outcomes: &mut [Option<RevealOutcome>],
    ) -> Result<(), TransactionError> {
        let attempts = attempts.to_vec();
        let revealed =
            self.writer.run(|connection| Box::pin(async move { reveal_all(connection, &attempts).await }));
        let (decided, is_deleted) = revealed.await?;
        if is_deleted {
            self.checkpointer.notify_deletion();
        }
        outcomes.clone_from_slice(&decided);
        Ok(())
    }
}

/// Decides one attempt in a transaction of its own.
pub(super) async fn reveal(
    mut executor: RevealExecutor,
    attempt: Arc<RevealAttempt>,
) -> Result<RevealOutcome, TransactionError> {
    let mut outcomes = [None];
    executor.execute(&[attempt], &mut outcomes).await?;
    let [outcome] = outcomes;
    outcome.ok_or(TransactionError::StaleSnapshot)
}

/// Returns the outcomes, and whether a secret was deleted.
async fn reveal_all(
    connection: &mut SqliteConnection,
    attempts: &[Arc<RevealAttempt>],
) -> Result<(Vec<Option<RevealOutcome>>, bool), TransactionError> {
    let (receipt_numbers, snapshots) = read(connection, attempts).await?;
    let (batch, outcomes) = RevealBatch::decide_all(attempts, snapshots)?;
    let changes = batch.changes();
    let is_deleted = changes.iter().any(|change| change.new.views_left == 0);
    let mut statements = QueryBuilder::new("");
    if !changes.is_empty() {
        push_changes(&mut statements, &batch, changes, &receipt_numbers);
    }
    statements.push("COMMIT");
    statements.build().execute(connection).await.map_err(commit_error)?;
    Ok((outcomes, is_deleted))
}

/// The number of the receipt for the id of each secret that was found.
type ReceiptNumbers = HashMap<[u8; 12], i64>;

/// Begins the transaction, and reads the rows for all attempts.
///
/// A claim from before migration 0002 has the receipt number 0. If it has expired, the attempt may be granted again before
/// the claim is deleted. Then both claims are in the table, and only the newer one, with the number of its receipt, counts.
/// Each of the two is looked up by its whole key, so that an attempt has one row in every case.
async fn read(
    connection: &mut SqliteConnection,
    attempts: &[Arc<RevealAttempt>],
) -> Result<(ReceiptNumbers, Vec<RevealSnapshot>), DatabaseFailure> {
    let mut statements = QueryBuilder::<Sqlite>::new(BEGIN);
    statements.push("; WITH attempt(n, id, access_hash, claim_hash) AS (");
    statements.push_values(attempts.iter().zip(0_i64..), |mut row, (attempt, n)| {
        row.push_bind(n)
            .push_bind(attempt.id.as_bytes().to_vec())
            .push_bind(attempt.access_hash.to_vec())
            .push_bind(attempt.claim_hash.to_vec());
    });
    statements.push(
        "), clock AS MATERIALIZED (SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER) AS now)
         SELECT attempt.n, clock.now, coalesce(c.share, old.share) AS claim_share,
                coalesce(c.views_left, old.views_left) AS claim_views_left,
                coalesce(c.expires_at, old.expires_at) AS claim_expires_at, c.share IS NOT NULL AS claim_is_masked,
                r.state, r.expires_at, r.ended_at, s.reveal_hash, s.share, s.views_left, s.bad_tries,
                s.locked_until, s.expires_at AS secret_expires_at, r.number
           FROM attempt CROSS JOIN clock
                LEFT JOIN receipts r ON r.access_hash = attempt.access_hash AND r.id = attempt.id
                LEFT JOIN secrets s ON s.receipt = r.number
                LEFT JOIN claims c ON c.receipt = r.number AND c.claim_hash = attempt.claim_hash
                LEFT JOIN claims old ON old.receipt = 0 AND old.claim_hash = attempt.claim_hash",
    );
    let rows = statements.build().fetch_all(connection).await?;
    let rows = row_per_call(attempts.len(), rows.iter().map(numbered_snapshot))?;
    let mut receipt_numbers = ReceiptNumbers::new();
    let mut snapshots = Vec::with_capacity(attempts.len());
    for ((mut snapshot, receipt_number, claim_is_masked), attempt) in rows.into_iter().zip(attempts) {
        if claim_is_masked {
            snapshot.claim = snapshot
                .claim
                .map(|claim| GrantedClaim { share: claim.share.masked(&attempt.claim_mask), ..claim });
        }
        if let Some(number) = receipt_number {
            receipt_numbers.insert(*attempt.id.as_bytes(), number);
        }
        snapshots.push(snapshot);
    }
    Ok((receipt_numbers, snapshots))
}

/// The number of an attempt, with its snapshot, the number of its receipt, and whether the share of its claim is masked.
type NumberedSnapshot = (i64, (RevealSnapshot, Option<i64>, bool));

fn numbered_snapshot(row: &SqliteRow) -> Result<NumberedSnapshot, DatabaseFailure> {
    let (n, snapshot) = SnapshotRow::<i64>::from_row(row)?.into_snapshot()?;
    Ok((n, (snapshot, row.try_get("number")?, row.try_get("claim_is_masked")?)))
}

/// Adds a statement for each table that changes.
///
/// With `OR FAIL`, SQLite keeps no journal for undoing a single statement: an error ends the whole transaction anyway.
fn push_changes(
    statements: &mut QueryBuilder<Sqlite>,
    batch: &RevealBatch,
    changes: Vec<SecretChange>,
    receipt_numbers: &ReceiptNumbers,
) {
    let receipt_number = |id: &SecretId| receipt_numbers.get(id.as_bytes()).copied();
    let now = batch.now().timestamp_millis();
    if !batch.new_claims().is_empty() {
        let expires_at = (batch.now() + CLAIM_RETRY_WINDOW).timestamp_millis();
        statements.push("INSERT OR FAIL INTO claims (receipt, claim_hash, share, views_left, expires_at) ");
        statements.push_values(batch.new_claims(), |mut row, claim| {
            row.push_bind(receipt_number(&claim.id))
                .push_bind(claim.claim_hash.to_vec())
                .push_bind(claim.share.masked(&claim.claim_mask).as_bytes().to_vec())
                .push_bind(claim.views_left)
                .push_bind(expires_at);
        });
        statements.push(
            " ON CONFLICT (receipt, claim_hash) DO UPDATE
              SET share = excluded.share, views_left = excluded.views_left, expires_at = excluded.expires_at; ",
        );
    }
    let (deleted, updated): (Vec<_>, Vec<_>) =
        changes.into_iter().partition(|change| change.new.views_left == 0);
    if !deleted.is_empty() {
        statements.push("DELETE FROM secrets WHERE receipt IN (");
        statements.push_values(&deleted, |mut row, change| {
            row.push_bind(receipt_number(&change.id));
        });
        statements.push("); ");
    }
    if !updated.is_empty() {
        statements.push("WITH change(receipt, views_left, bad_tries, locked_until) AS (");
        statements.push_values(&updated, |mut row, change| {
            row.push_bind(receipt_number(&change.id))
                .push_bind(change.new.views_left)
                .push_bind(change.new.bad_tries)
                .push_bind(change.new.locked_until.map(|until| until.timestamp_millis()));
        });
        statements.push(
            ") UPDATE OR FAIL secrets
                  SET views_left = change.views_left, bad_tries = change.bad_tries, locked_until = change.locked_until
                 FROM change WHERE secrets.receipt = change.receipt; ",
        );
    }
    statements.push("WITH change(number, is_viewed, views, view_times, wrong_passphrases) AS (");
    statements.push_values(deleted.iter().chain(&updated), |mut row, change| {
        row.push_bind(receipt_number(&change.id))
            .push_bind(change.new.views_left == 0)
            .push_bind(change.views)
            // One element for each view, to append to the JSON array.
            .push_bind(format!(",{now}").repeat(usize::try_from(change.views).unwrap_or_default()))
            .push_bind(change.wrong_passphrases);
    });
    statements.push(
        ") UPDATE OR FAIL receipts
              SET views_used = views_used + change.views,
                  viewed_at = replace(rtrim(viewed_at, ']') || change.view_times || ']', '[,', '['),
                  wrong_passphrases = receipts.wrong_passphrases + change.wrong_passphrases,
                  state = iif(change.is_viewed, 'viewed', state), ended_at = iif(change.is_viewed, ",
    );
    statements.push_bind(now).push(", ended_at) FROM change WHERE receipts.number = change.number; ");
}
