//! Deletes expired rows.

use sqlx::sqlite::SqliteConnection;
use vault::{DeletedRows, RECEIPT_RETENTION};

use super::{SqliteStore, now};
use crate::store::transaction_error::TransactionError;

pub(super) async fn delete_expired(store: SqliteStore) -> Result<DeletedRows, TransactionError> {
    let deleted = store.writer.transaction(|tx| Box::pin(delete_expired_in(tx))).await?;
    if !deleted.is_empty() {
        store.checkpointer.notify_deletion();
    }
    Ok(deleted)
}

/// Deletes a limited number of rows of each table, so that other transactions wait for a short time only.
async fn delete_expired_in(tx: &mut SqliteConnection) -> Result<DeletedRows, TransactionError> {
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
    .bind(now - RECEIPT_RETENTION.num_milliseconds())
    .execute(tx)
    .await?;
    Ok(DeletedRows {
        secrets: secrets.rows_affected(),
        claims: claims.rows_affected(),
        receipts: receipts.rows_affected(),
    })
}
