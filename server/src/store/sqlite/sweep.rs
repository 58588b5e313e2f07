//! Deleting what has expired.

use app::store::Swept;
use app::vault::RECEIPT_TTL;

use super::{SqliteStore, begin, now};
use crate::store::unit::Trouble;

pub(super) async fn sweep(store: SqliteStore) -> Result<Swept, Trouble> {
    let mut tx = begin(&store.writer).await?;
    let now = now(&mut tx).await?;
    let secrets = sqlx::query(
        "DELETE FROM secrets WHERE id IN
            (SELECT id FROM secrets WHERE expires_at <= ?1 ORDER BY expires_at LIMIT 500)",
    )
    .bind(now)
    .execute(&mut *tx)
    .await?;
    let claims = sqlx::query(
        "DELETE FROM claims WHERE claim_hash IN
            (SELECT claim_hash FROM claims WHERE expires_at <= ?1 ORDER BY expires_at LIMIT 500)",
    )
    .bind(now)
    .execute(&mut *tx)
    .await?;
    let receipts = sqlx::query(
        "DELETE FROM receipts WHERE id IN
            (SELECT id FROM receipts WHERE expires_at <= ?1 ORDER BY expires_at LIMIT 500)",
    )
    .bind(now - RECEIPT_TTL.num_milliseconds())
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    let swept = Swept {
        secrets: secrets.rows_affected(),
        claims: claims.rows_affected(),
        receipts: receipts.rows_affected(),
    };
    if !swept.is_empty() {
        store.deleted.notify_one();
    }
    Ok(swept)
}
