//! What became of a secret, and burning it.

use shared_crypto::Digest;
use sqlx::sqlite::SqliteConnection;
use sqlx::{FromRow, Row};
use vault::Receipt;

use super::{SqliteStore, now};
use crate::store::failure::DatabaseFailure;
use crate::store::retry::TransactionError;
use crate::store::row::{ReceiptRow, Time as _};

pub(super) async fn read_receipt(
    connection: &mut SqliteConnection,
    receipt_hash: Digest,
) -> Result<Option<Receipt>, DatabaseFailure> {
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
        .map_err(|_| DatabaseFailure::row("unexpected value in viewed_at"))?;
    let viewed_at = viewed_at.into_iter().map(i64::into_utc).collect::<Result<_, _>>()?;
    ReceiptRow::<i64>::from_row(&row)?.into_receipt(viewed_at).map(Some)
}

pub(super) async fn burn(
    store: SqliteStore,
    receipt_hash: Digest,
) -> Result<Option<Receipt>, TransactionError> {
    let (receipt, is_new) = store.writer.transaction(move |tx| Box::pin(burn_live(tx, receipt_hash))).await?;
    if is_new {
        store.deleted.notify_one();
    }
    Ok(receipt)
}

/// The receipt as it is then, and whether that is what this did.
async fn burn_live(
    tx: &mut SqliteConnection,
    receipt_hash: Digest,
) -> Result<(Option<Receipt>, bool), TransactionError> {
    let now = now(tx).await?;
    // What ended first stays: an expired or viewed secret is not burned.
    let burned = sqlx::query(
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
    Ok((read_receipt(tx, receipt_hash).await?, burned.rows_affected() > 0))
}
