//! Operations for operators and for background work.

use chrono::{DateTime, Utc};
use shared_crypto::SecretId;
use sqlx::Row;
use sqlx::sqlite::{SqliteConnection, SqlitePool};
use vault::{DatabaseInfo, Receipt, StorageStats};

use super::{SqliteStore, now, receipt};
use crate::store::row::{self, StatsRow, Time as _};
use crate::store::transaction_error::TransactionError;

/// Counts secrets and bytes. The used pages contain secrets, receipts and claims with their indexes; their number is in
/// the header of the file.
pub(super) async fn stats(readers: SqlitePool) -> Result<StorageStats, TransactionError> {
    let row: StatsRow = sqlx::query_as(
        "SELECT (SELECT count(*) FROM secrets) AS secrets,
                (SELECT (page_count - freelist_count) * page_size
                   FROM pragma_page_count, pragma_freelist_count, pragma_page_size) AS bytes,
                (SELECT max(0, unixepoch() - min(expires_at) / 1000) FROM secrets) AS lag",
    )
    .fetch_one(&readers)
    .await?;
    Ok(row.into_stats()?)
}

/// Deletes secrets that were created before a moment, and all claims: a claim holds a share, and lives for five minutes
/// anyway.
pub(super) async fn purge(
    store: SqliteStore,
    created_before: DateTime<Utc>,
) -> Result<u64, TransactionError> {
    let purged = store.writer.transaction(move |tx| Box::pin(purge_in(tx, created_before))).await?;
    store.checkpointer.notify_deletion();
    Ok(purged)
}

async fn purge_in(tx: &mut SqliteConnection, created_before: DateTime<Utc>) -> Result<u64, TransactionError> {
    const OLD: &str = "SELECT s.receipt FROM secrets s JOIN receipts r ON r.number = s.receipt
                        WHERE r.created_at < ?1 ORDER BY s.receipt LIMIT 1000";
    let now = now(tx).await?;
    sqlx::query("DELETE FROM claims").execute(&mut *tx).await?;
    let burn = "UPDATE receipts SET state = 'burned', ended_at = ?2
                 WHERE state = 'live' AND expires_at > ?2 AND number IN";
    sqlx::query(sqlx::AssertSqlSafe(format!("{burn} ({OLD})")))
        .bind(created_before.timestamp_millis())
        .bind(now)
        .execute(&mut *tx)
        .await?;
    let purged = sqlx::query(sqlx::AssertSqlSafe(format!("DELETE FROM secrets WHERE receipt IN ({OLD})")))
        .bind(created_before.timestamp_millis())
        .execute(tx)
        .await?;
    Ok(purged.rows_affected())
}

/// Burns a secret by its id. Reads every receipt, because ids have no index: only an operator looks one up.
pub(super) async fn burn_by_id(
    store: SqliteStore,
    id: SecretId,
) -> Result<Option<Receipt>, TransactionError> {
    let receipt = sqlx::query("SELECT receipt_hash FROM receipts WHERE id = ?1").bind(id.as_bytes().to_vec());
    let Some(row) = receipt.fetch_optional(&store.readers).await? else { return Ok(None) };
    receipt::burn(store, row::digest(row.try_get("receipt_hash")?)?).await
}

pub(super) async fn database_info(readers: SqlitePool) -> Result<DatabaseInfo, TransactionError> {
    let row = sqlx::query(
        "SELECT 'SQLite ' || sqlite_version() AS version, CAST(unixepoch('subsec') * 1000 AS INTEGER) AS now",
    )
    .fetch_one(&readers)
    .await?;
    // Every connection sets `synchronous` to `FULL`.
    Ok(DatabaseInfo {
        version: row.try_get("version")?,
        now: row.try_get::<i64, _>("now")?.into_utc()?,
        durable: true,
    })
}
