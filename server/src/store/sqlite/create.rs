//! Storing a secret and its receipt.

use std::collections::HashMap;
use std::sync::Arc;

use shared_crypto::ServerShare;
use sqlx::sqlite::{Sqlite, SqliteConnection, SqliteRow};
use sqlx::{QueryBuilder, Row};
use vault::{CreateOutcome, NewSecret};

use super::writer::{BEGIN, Writer, at_commit, is_busy};
use crate::store::batcher::BatchExecutor;
use crate::store::failure::DatabaseFailure;
use crate::store::retry::TransactionError;
use crate::store::row::{self, Time as _};

pub(super) async fn create(
    writer: Writer,
    secret: Arc<NewSecret>,
) -> Result<CreateOutcome, TransactionError> {
    let page_size = writer.page_size();
    writer.transaction(move |tx| Box::pin(async move { create_one(tx, &secret, page_size).await })).await
}

/// Alone, with a look at what was here before.
async fn create_one(
    tx: &mut SqliteConnection,
    secret: &NewSecret,
    page_size: usize,
) -> Result<CreateOutcome, TransactionError> {
    let known = sqlx::query(
        "SELECT access_hash = ?1 AND receipt_hash = ?2 AND request_hash = ?3 AS same, id, created_at, expires_at
           FROM receipts WHERE access_hash = ?1 OR receipt_hash = ?2 ORDER BY same DESC LIMIT 1",
    )
    .bind(secret.access_hash.as_slice())
    .bind(secret.receipt_hash.as_slice())
    .bind(secret.request_hash.as_slice())
    .fetch_optional(&mut *tx)
    .await?;
    if let Some(row) = known {
        return if row.try_get::<bool, _>("same")? {
            Ok(created(&row)?)
        } else {
            Ok(CreateOutcome::Conflict)
        };
    }
    if !secret.has_capacity {
        return Ok(CreateOutcome::StorageFull);
    }
    // To the end: the first row comes before the second statement.
    let rows = insertion(QueryBuilder::default(), &[secret], page_size).build().fetch_all(tx).await?;
    Ok(created(rows.first().ok_or_else(|| DatabaseFailure::row("a new receipt is missing"))?)?)
}

fn created(row: &SqliteRow) -> Result<CreateOutcome, DatabaseFailure> {
    Ok(CreateOutcome::Created {
        id: row::id(row.try_get("id")?)?,
        created_at: row.try_get::<i64, _>("created_at")?.into_utc()?,
        expires_at: row.try_get::<i64, _>("expires_at")?.into_utc()?,
    })
}

/// Several at once, with one wait for the disk.
pub(super) struct Creates(pub(super) Writer);

impl BatchExecutor for Creates {
    type Call = NewSecret;
    type Answer = CreateOutcome;

    /// `None` for each that was here before, is in conflict, or has no room.
    async fn execute(
        &mut self,
        calls: &[Arc<NewSecret>],
        answers: &mut [Option<CreateOutcome>],
    ) -> Result<(), TransactionError> {
        let secrets = calls.to_vec();
        let page_size = self.0.page_size();
        let created =
            self.0.work(|line| Box::pin(async move { create_all(line, &secrets, page_size).await })).await?;
        answers.clone_from_slice(&created);
        Ok(())
    }
}

/// In one string of statements, which begins the transaction and ends it.
async fn create_all(
    line: &mut SqliteConnection,
    secrets: &[Arc<NewSecret>],
    page_size: usize,
) -> Result<Vec<Option<CreateOutcome>>, TransactionError> {
    let new: Vec<&NewSecret> =
        secrets.iter().map(|secret| &**secret).filter(|secret| secret.has_capacity).collect();
    if new.is_empty() {
        return Ok(vec![None; secrets.len()]);
    }
    let mut changes = QueryBuilder::new(BEGIN);
    changes.push("; ");
    let mut changes = insertion(changes, &new, page_size);
    changes.push("; COMMIT");
    let rows = changes.build().fetch_all(line).await.map_err(|error| match at_commit(error) {
        // Whoever has to wait for the lock waits for it at the beginning.
        TransactionError::Commit(error) if is_busy(&error) => TransactionError::Database(error),
        trouble => trouble,
    })?;
    // It is committed: whatever cannot be read of it now must not be done again.
    let stored = rows.iter().map(|row| Ok((row.try_get::<Vec<u8>, _>("id")?, created(row)?)));
    let mut stored =
        stored.collect::<Result<HashMap<_, _>, DatabaseFailure>>().map_err(TransactionError::Commit)?;
    Ok(secrets.iter().map(|secret| stored.remove(secret.id.as_bytes().as_slice())).collect())
}

/// A receipt and a secret for each that was not here before and has no twin before it, under numbers that follow on the
/// last. A secret or a claim may be there for a moment longer than its receipt. Whatever was used is never stored again.
///
/// `OR FAIL`: a failure ends the whole transaction anyway, and SQLite need not keep what it would undo of one statement.
fn insertion(mut rows: QueryBuilder<Sqlite>, new: &[&NewSecret], page_size: usize) -> QueryBuilder<Sqlite> {
    rows.push("WITH q(n, id, access_hash, receipt_hash, request_hash, max_views, ttl) AS (");
    rows.push_values(new.iter().zip(1_i64..), |mut row, (secret, number)| {
        row.push_bind(number)
            .push_bind(secret.id.as_bytes().to_vec())
            .push_bind(secret.access_hash.to_vec())
            .push_bind(secret.receipt_hash.to_vec())
            .push_bind(secret.request_hash.to_vec())
            .push_bind(secret.max_views)
            .push_bind(i64::from(secret.ttl_seconds) * 1000);
    });
    rows.push(
        "), t AS MATERIALIZED (
           SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER) AS now,
                  max(coalesce((SELECT max(number) FROM receipts), 0), coalesce((SELECT max(receipt) FROM secrets), 0),
                      coalesce((SELECT max(receipt) FROM claims), 0)) AS last
         )
         INSERT OR FAIL INTO receipts
           (number, id, access_hash, receipt_hash, request_hash, max_views, created_at, expires_at)
         SELECT last + n, id, access_hash, receipt_hash, request_hash, max_views, now, now + ttl FROM t CROSS JOIN q WHERE true
             ON CONFLICT DO NOTHING RETURNING id, created_at, expires_at;
         WITH q(id, access_hash, reveal_hash, padding, share, envelope, views_left) AS (",
    );
    rows.push_values(new, |mut row, secret| {
        row.push_bind(secret.id.as_bytes().to_vec())
            .push_bind(secret.access_hash.to_vec())
            .push_bind(secret.reveal_hash.to_vec())
            .push_bind(padding(secret.envelope.len(), page_size))
            .push_bind(secret.share.as_bytes().to_vec())
            .push_bind(secret.envelope.clone())
            .push_bind(secret.max_views);
    });
    rows.push(
        ")
         INSERT OR FAIL INTO secrets (receipt, id, reveal_hash, padding, share, envelope, views_left, expires_at)
         SELECT r.number, q.id, q.reveal_hash, zeroblob(q.padding), q.share, q.envelope, q.views_left, r.expires_at
           FROM q CROSS JOIN receipts r WHERE r.access_hash = q.access_hash AND r.id = q.id
                AND r.state = 'live' AND r.views_used = 0",
    );
    rows
}

/// Zeros between what a secret says of itself and what must not outlive it, its share and its envelope: so many that
/// these fill whole overflow pages, the last of them to its end.
///
/// Of a row that does not fit into its page SQLite leaves a certain least in the tree, and what is over that and whole
/// overflow pages (<https://www.sqlite.org/fileformat2.html#b_tree_pages>).
fn padding(envelope: usize, page_size: usize) -> i64 {
    /// Less than all columns in front and the row's header have together, 63: so there is always something over.
    const IN_FRONT: usize = 56;
    let in_tree = (page_size - 12) * 32 / 255 - 23;
    let overflow = page_size - 4;
    let sealed = ServerShare::LEN + envelope;
    let whole = sealed.div_ceil(overflow) * overflow;
    // In pages of 512 bytes what is in front is more than the least.
    i64::try_from(in_tree.saturating_sub(IN_FRONT) + whole - sealed).unwrap_or_default()
}
