//! Reads a receipt, and burns its secret.

use chrono::{DateTime, Utc};
use shared_crypto::Digest;
use sqlx::postgres::PgConnection;
use sqlx::{Connection as _, FromRow, Row};
use vault::Receipt;

use crate::store::row::ReceiptRow;
use crate::store::transaction_error::TransactionError;

pub(super) async fn read_receipt(
    connection: &mut PgConnection,
    receipt_hash: Digest,
) -> Result<Option<Receipt>, TransactionError> {
    let row = sqlx::query(
        "SELECT state, created_at, expires_at, max_views, viewed_at, wrong_passphrases, ended_at,
                date_trunc('milliseconds', clock_timestamp()) AS now
           FROM receipts WHERE receipt_hash = $1",
    )
    .bind(receipt_hash.as_slice())
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let viewed_at = row.try_get("viewed_at")?;
    Ok(Some(ReceiptRow::<DateTime<Utc>>::from_row(&row)?.into_receipt(viewed_at)?))
}

/// Burns the secret if it is live: one that was viewed or has expired stays so. The lock on its row comes first, so that
/// the clock is read after a concurrent view.
pub(super) async fn burn(
    connection: &mut PgConnection,
    receipt_hash: Digest,
) -> Result<Option<Receipt>, TransactionError> {
    let mut tx = connection.begin().await?;
    sqlx::query(
        "SELECT FROM secrets s JOIN receipts r ON r.id = s.id WHERE r.receipt_hash = $1 FOR UPDATE OF s",
    )
    .bind(receipt_hash.as_slice())
    .execute(&mut *tx)
    .await?;
    sqlx::query(
        "WITH clock AS MATERIALIZED (SELECT date_trunc('milliseconds', clock_timestamp()) AS now),
         burned AS (
           UPDATE receipts SET state = 'burned', ended_at = now FROM clock
            WHERE receipt_hash = $1 AND state = 'live' AND expires_at > now RETURNING id
         )
         DELETE FROM secrets s USING burned WHERE s.id = burned.id",
    )
    .bind(receipt_hash.as_slice())
    .execute(&mut *tx)
    .await?;
    let receipt = read_receipt(&mut tx, receipt_hash).await?;
    tx.commit().await?;
    Ok(receipt)
}
