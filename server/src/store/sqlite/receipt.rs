//! Reads a receipt, and burns its secret.

use shared_crypto::Digest;
use sqlx::sqlite::SqliteConnection;
use sqlx::{FromRow, Row};
use vault::Receipt;

use super::{SqliteStore, now};
use crate::store::failure::DatabaseFailure;
use crate::store::row::{ReceiptRow, Time as _};
use crate::store::transaction_error::TransactionError;

pub(super) async fn read_receipt(
    connection: &mut SqliteConnection,
    receipt_hash: Digest,
) -> Result<Option<Receipt>, TransactionError> {
    let row = sqlx::query(
        "SELECT state, created_at, expires_at, max_views, viewed_at, wrong_passphrases, ended_at,
                CAST(unixepoch('subsec') * 1000 AS INTEGER) AS now
           FROM receipts WHERE receipt_hash = ?1",
    )
    .bind(receipt_hash.as_slice())
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let viewed_at: Vec<i64> = serde_json::from_str(row.try_get("viewed_at")?)
        .map_err(|_| DatabaseFailure::invalid_row("unexpected value in viewed_at"))?;
    let viewed_at = viewed_at.into_iter().map(i64::into_utc).collect::<Result<_, _>>()?;
    Ok(Some(ReceiptRow::<i64>::from_row(&row)?.into_receipt(viewed_at)?))
}

pub(super) async fn burn(
    store: SqliteStore,
    receipt_hash: Digest,
) -> Result<Option<Receipt>, TransactionError> {
    let burned = store.writer.transaction(move |tx| Box::pin(burn_in(tx, receipt_hash)));
    let (receipt, is_deleted) = burned.await?;
    if is_deleted {
        store.checkpointer.notify_deletion();
    }
    Ok(receipt)
}

/// Burns the secret if it is live: one that was viewed or has expired stays so. Returns the receipt afterwards, and
/// whether a secret was deleted.
async fn burn_in(
    tx: &mut SqliteConnection,
    receipt_hash: Digest,
) -> Result<(Option<Receipt>, bool), TransactionError> {
    let now = now(tx).await?;
    let deleted = sqlx::query(
        "DELETE FROM secrets WHERE receipt =
            (SELECT number FROM receipts WHERE receipt_hash = ?1 AND state = 'live' AND expires_at > ?2)",
    )
    .bind(receipt_hash.as_slice())
    .bind(now)
    .execute(&mut *tx)
    .await?;
    sqlx::query(
        "UPDATE receipts SET state = 'burned', ended_at = ?2
          WHERE receipt_hash = ?1 AND state = 'live' AND expires_at > ?2",
    )
    .bind(receipt_hash.as_slice())
    .bind(now)
    .execute(&mut *tx)
    .await?;
    Ok((read_receipt(tx, receipt_hash).await?, deleted.rows_affected() > 0))
}
