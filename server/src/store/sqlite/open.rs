//! Reads an envelope. Changes nothing.

use shared_crypto::{Digest, SecretId};
use sqlx::sqlite::SqlitePool;
use vault::OpenOutcome;

use crate::store::row::OpenRow;
use crate::store::transaction_error::TransactionError;

pub(super) async fn open(
    readers: SqlitePool,
    id: SecretId,
    access_hash: Digest,
) -> Result<Option<OpenOutcome>, TransactionError> {
    let row: Option<OpenRow<i64>> = sqlx::query_as(
        "WITH clock AS MATERIALIZED (SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER) AS now)
         SELECT r.state, r.ended_at, r.max_views, r.created_at, r.expires_at, s.envelope, s.views_left
           FROM clock JOIN receipts r ON r.access_hash = ?2 AND r.id = ?1
                      LEFT JOIN secrets s ON s.receipt = r.number AND s.expires_at > clock.now",
    )
    .bind(id.as_bytes().as_slice())
    .bind(access_hash.as_slice())
    .fetch_optional(&readers)
    .await?;
    Ok(row.map(OpenRow::into_outcome).transpose()?)
}
