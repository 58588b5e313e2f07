//! Stores secrets with their receipts.

use std::sync::Arc;

use shared_crypto::ServerShare;
use sqlx::sqlite::{Sqlite, SqliteConnection};
use sqlx::{FromRow as _, QueryBuilder, Row};
use vault::{CreateOutcome, NewSecret};

use super::writer::{BEGIN, Writer, commit_error, is_busy};
use crate::store::batcher::BatchExecutor;
use crate::store::failure::DatabaseFailure;
use crate::store::row::{CreatedRow, created_secrets};
use crate::store::transaction_error::TransactionError;

/// Stores the secrets of a batch in one transaction. Secrets that were stored before, conflict or have no room are left to
/// the fallback transaction.
pub(super) struct CreateExecutor(pub(super) Writer);

impl BatchExecutor for CreateExecutor {
    type Call = NewSecret;
    type Outcome = CreateOutcome;

    fn bytes(secret: &NewSecret) -> usize {
        secret.envelope.len()
    }

    async fn execute(
        &mut self,
        secrets: &[Arc<NewSecret>],
        outcomes: &mut [Option<CreateOutcome>],
    ) -> Result<(), TransactionError> {
        let (secrets, page_size) = (secrets.to_vec(), self.0.page_size());
        let created = self
            .0
            .run(|connection| Box::pin(async move { create_all(connection, &secrets, page_size).await }));
        outcomes.clone_from_slice(&created.await?);
        Ok(())
    }
}

/// Inserts several secrets in one string of statements, which begins the transaction and commits it: each string costs two
/// switches between threads. The outcome is `None` for a secret that was stored before, conflicts with another one, or
/// has no room.
async fn create_all(
    connection: &mut SqliteConnection,
    secrets: &[Arc<NewSecret>],
    page_size: usize,
) -> Result<Vec<Option<CreateOutcome>>, TransactionError> {
    let new: Vec<&NewSecret> =
        secrets.iter().map(|secret| &**secret).filter(|secret| secret.has_capacity).collect();
    if new.is_empty() {
        return Ok(vec![None; secrets.len()]);
    }
    let mut statements = QueryBuilder::new(BEGIN);
    statements.push("; ");
    push_inserts(&mut statements, &new, page_size);
    statements.push("; COMMIT");
    let rows = statements.build().fetch_all(connection).await.map_err(|error| match commit_error(error) {
        // Only BEGIN waits for the lock, so that nothing was written.
        TransactionError::UnknownOutcome(failure) if is_busy(&failure) => TransactionError::Database(failure),
        error => error,
    })?;
    // After the commit: an unreadable row must not lead to another attempt.
    let rows = rows.iter().map(CreatedRow::<i64>::from_row).collect::<Result<_, _>>();
    created_secrets(secrets, rows.map_err(TransactionError::unknown_outcome)?)
        .map_err(TransactionError::UnknownOutcome)
}

/// Inserts one secret, or finds the receipt that the same request or a conflicting one has stored before.
pub(super) async fn create(
    writer: Writer,
    secret: Arc<NewSecret>,
) -> Result<CreateOutcome, TransactionError> {
    let page_size = writer.page_size();
    writer.transaction(move |tx| Box::pin(async move { create_in(tx, &secret, page_size).await })).await
}

async fn create_in(
    tx: &mut SqliteConnection,
    secret: &NewSecret,
    page_size: usize,
) -> Result<CreateOutcome, TransactionError> {
    let stored = sqlx::query(
        "SELECT access_hash = ?1 AND receipt_hash = ?2 AND request_hash = ?3 AS is_same, id, created_at, expires_at
           FROM receipts WHERE access_hash = ?1 OR receipt_hash = ?2 ORDER BY is_same DESC LIMIT 1",
    )
    .bind(secret.access_hash.as_slice())
    .bind(secret.receipt_hash.as_slice())
    .bind(secret.request_hash.as_slice())
    .fetch_optional(&mut *tx)
    .await?;
    if let Some(row) = stored {
        return if row.try_get::<bool, _>("is_same")? {
            Ok(CreatedRow::<i64>::from_row(&row)?.into_outcome()?)
        } else {
            Ok(CreateOutcome::Conflict)
        };
    }
    if !secret.has_capacity {
        return Ok(CreateOutcome::StorageFull);
    }
    let mut statements = QueryBuilder::default();
    push_inserts(&mut statements, &[secret], page_size);
    // `fetch_all`, because the row comes before the second statement has run.
    let rows = statements.build().fetch_all(tx).await?;
    let row = rows.first().ok_or_else(|| DatabaseFailure::invalid_row("a new receipt is missing"))?;
    Ok(CreatedRow::<i64>::from_row(row)?.into_outcome()?)
}

/// Adds the statements that insert receipts and secrets. A secret that was stored before, conflicts with another one, or
/// comes twice is left out.
///
/// New receipts have the numbers after the highest one of any table, because a secret or a claim may exist for a moment
/// longer than its receipt. A receipt that was viewed or burned gets no secret.
///
/// With `OR FAIL`, SQLite keeps no journal for undoing a single statement: an error ends the whole transaction anyway.
fn push_inserts(statements: &mut QueryBuilder<Sqlite>, new: &[&NewSecret], page_size: usize) {
    statements.push("WITH input(n, id, access_hash, receipt_hash, request_hash, max_views, ttl) AS (");
    statements.push_values(new.iter().zip(1_i64..), |mut row, (secret, n)| {
        row.push_bind(n)
            .push_bind(secret.id.as_bytes().to_vec())
            .push_bind(secret.access_hash.to_vec())
            .push_bind(secret.receipt_hash.to_vec())
            .push_bind(secret.request_hash.to_vec())
            .push_bind(secret.max_views)
            .push_bind(i64::from(secret.ttl_seconds) * 1000);
    });
    statements.push(
        "), start AS MATERIALIZED (
           SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER) AS now,
                  max(coalesce((SELECT max(number) FROM receipts), 0), coalesce((SELECT max(receipt) FROM secrets), 0),
                      coalesce((SELECT max(receipt) FROM claims), 0)) AS last_number
         )
         INSERT OR FAIL INTO receipts
           (number, id, access_hash, receipt_hash, request_hash, max_views, created_at, expires_at)
         SELECT last_number + n, id, access_hash, receipt_hash, request_hash, max_views, now, now + ttl
           FROM start CROSS JOIN input WHERE true
             ON CONFLICT DO NOTHING RETURNING id, created_at, expires_at;
         WITH input(id, access_hash, reveal_hash, padding, share, envelope, views_left) AS (",
    );
    statements.push_values(new, |mut row, secret| {
        row.push_bind(secret.id.as_bytes().to_vec())
            .push_bind(secret.access_hash.to_vec())
            .push_bind(secret.reveal_hash.to_vec())
            .push_bind(padding(secret.envelope.len(), page_size))
            .push_bind(secret.share.as_bytes().to_vec())
            .push_bind(secret.envelope.clone())
            .push_bind(secret.max_views);
    });
    statements.push(
        ")
         INSERT OR FAIL INTO secrets (receipt, id, reveal_hash, padding, share, envelope, views_left, expires_at)
         SELECT r.number, input.id, input.reveal_hash, zeroblob(input.padding), input.share, input.envelope,
                input.views_left, r.expires_at
           FROM input CROSS JOIN receipts r WHERE r.access_hash = input.access_hash AND r.id = input.id
                AND r.state = 'live' AND r.views_used = 0",
    );
}

/// Returns the number of zeros between the first columns of a secret and its share and envelope, which must not outlive the
/// row. With them, share and envelope fill whole overflow pages, which belong to this row alone.
///
/// Of a row that does not fit into a page of the tree, SQLite keeps a minimum in the tree and the rest beyond whole overflow
/// pages (<https://www.sqlite.org/fileformat2.html#b_tree_pages>).
fn padding(envelope: usize, page_size: usize) -> i64 {
    /// Less than the 63 bytes of the header and the first columns, so that the row never fits into the tree.
    const FIRST_COLUMNS: usize = 56;
    let min_in_tree = (page_size - 12) * 32 / 255 - 23;
    let overflow_page = page_size - 4;
    let sensitive = ServerShare::LEN + envelope;
    let whole_pages = sensitive.div_ceil(overflow_page) * overflow_page;
    // With pages of 512 bytes the first columns are longer than the minimum.
    i64::try_from(min_in_tree.saturating_sub(FIRST_COLUMNS) + whole_pages - sensitive).unwrap_or_default()
}
