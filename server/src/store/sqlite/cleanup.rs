//! Deleting what has expired.

use vault::DeletedRows;
use vault::RECEIPT_TTL;

use sqlx::sqlite::SqliteConnection;

use super::{SqliteStore, now};
use crate::store::retry::TransactionError;

pub(super) async fn delete_expired(store: SqliteStore) -> Result<DeletedRows, TransactionError> {
    let swept = store.writer.transaction(|tx| Box::pin(sweep_some(tx))).await?;
    if !swept.is_empty() {
        store.deleted.notify_one();
    }
    Ok(swept)
}

async fn sweep_some(tx: &mut SqliteConnection) -> Result<DeletedRows, TransactionError> {
    let now = now(tx).await?;
    let secrets = sqlx::query(
        "DELETE FROM secrets WHERE receipt IN
            (SELECT receipt FROM secrets WHERE expires_at <= ?1 ORDER BY expires_at LIMIT 500)",
    )
    .bind(now)
    .execute(&mut *tx)
    .await?;
    let claims = sqlx::query(
        "DELETE FROM claims WHERE (receipt, claim_hash) IN
            (SELECT receipt, claim_hash FROM claims WHERE expires_at <= ?1 ORDER BY expires_at LIMIT 500)",
    )
    .bind(now)
    .execute(&mut *tx)
    .await?;
    let receipts = sqlx::query(
        "DELETE FROM receipts WHERE number IN
            (SELECT number FROM receipts WHERE expires_at <= ?1 ORDER BY expires_at LIMIT 500)",
    )
    .bind(now - RECEIPT_TTL.num_milliseconds())
    .execute(tx)
    .await?;
    Ok(DeletedRows {
        secrets: secrets.rows_affected(),
        claims: claims.rows_affected(),
        receipts: receipts.rows_affected(),
    })
}
