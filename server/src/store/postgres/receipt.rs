//! What became of a secret, and burning it.

use chrono::{DateTime, Utc};
use shared_crypto::Digest;
use sqlx::postgres::PgConnection;
use sqlx::{Connection as _, FromRow, Row};
use vault::Receipt;

use crate::store::failure::DatabaseFailure;
use crate::store::retry::TransactionError;
use crate::store::row::ReceiptRow;

pub(super) async fn read_receipt(
    connection: &mut PgConnection,
    receipt_hash: Digest,
) -> Result<Option<Receipt>, DatabaseFailure> {
    let row = sqlx::query(
        "SELECT state, created_at, expires_at, max_views, viewed_at, wrong_passphrases, ended_at,
                date_trunc('milliseconds', clock_timestamp()) AS now
           FROM receipts WHERE receipt_hash = $1",
    )
    .bind(receipt_hash.as_slice())
    .fetch_optional(connection)
    .await?;
    row.map(|row| ReceiptRow::<DateTime<Utc>>::from_row(&row)?.into_receipt(row.try_get("viewed_at")?))
        .transpose()
}

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
    // What ended first stays: an expired or viewed secret is not burned.
    sqlx::query(
        "WITH t AS MATERIALIZED (SELECT date_trunc('milliseconds', clock_timestamp()) AS now),
         burned AS (
           UPDATE receipts SET state = 'burned', ended_at = now FROM t
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
