//! Operations for operators and for background work.

use std::time::Duration;

use chrono::{DateTime, Utc};
use shared_crypto::SecretId;
use sqlx::postgres::{PgConnection, PgPool};
use sqlx::{Connection as _, Executor as _, Row};
use vault::{DatabaseInfo, RECEIPT_BYTES, Receipt, StorageStats};

use super::receipt;
use crate::store::row::{self, StatsRow};
use crate::store::transaction_error::TransactionError;

/// How long [`stats`] may take: longer than the timeout of its statement.
pub(super) const STATS_TIMEOUT: Duration = Duration::from_secs(320);

/// Bytes that a claim takes with its index entries for its five minutes: measured as 194, and rounded up.
const CLAIM_BYTES: i64 = 256;

/// Counts secrets and bytes.
///
/// With ten million rows the statement takes longer than any other may. No client waits for it, so that it does without
/// parallel workers.
///
/// Receipts are counted and not measured: counting reads the smallest index, which takes 35 ms for 400,000 receipts, and
/// adding up sizes would read the whole table. The size of the table's files is no measure, because files do not shrink
/// when rows are deleted.
pub(super) async fn stats(connection: &mut PgConnection) -> Result<StorageStats, TransactionError> {
    let mut tx = connection.begin().await?;
    tx.execute("SET LOCAL statement_timeout = '5min'; SET LOCAL max_parallel_workers_per_gather = 0").await?;
    let row: StatsRow = sqlx::query_as(
        "SELECT count(*) AS secrets,
                (coalesce(sum(octet_length(envelope)), 0) + $1 * (SELECT count(*) FROM receipts)
                  + $2 * (SELECT count(*) FROM claims))::bigint AS bytes,
                greatest(0, extract(epoch FROM clock_timestamp() - min(expires_at)))::bigint AS lag
           FROM secrets",
    )
    .bind(i64::try_from(RECEIPT_BYTES).unwrap_or(i64::MAX))
    .bind(CLAIM_BYTES)
    .fetch_one(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(row.into_stats()?)
}

/// Deletes secrets that were created before a moment, and all claims: a claim holds a share, and lives for five minutes
/// anyway.
pub(super) async fn purge(pool: PgPool, created_before: DateTime<Utc>) -> Result<u64, TransactionError> {
    let mut tx = pool.begin().await?;
    sqlx::query("DELETE FROM claims").execute(&mut *tx).await?;
    let purged = sqlx::query(
        "WITH old AS MATERIALIZED (
           SELECT s.id FROM secrets s JOIN receipts r ON r.id = s.id
            WHERE r.created_at < $1 ORDER BY s.id LIMIT 1000 FOR UPDATE OF s
         ), burned AS (
           UPDATE receipts r SET state = 'burned', ended_at = date_trunc('milliseconds', clock_timestamp())
             FROM old WHERE r.id = old.id AND r.state = 'live' AND r.expires_at > clock_timestamp()
         )
         DELETE FROM secrets s USING old WHERE s.id = old.id",
    )
    .bind(created_before)
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(purged.rows_affected())
}

pub(super) async fn burn_by_id(pool: PgPool, id: SecretId) -> Result<Option<Receipt>, TransactionError> {
    let receipt =
        sqlx::query("SELECT receipt_hash FROM receipts WHERE id = $1").bind(id.as_bytes().as_slice());
    let Some(row) = receipt.fetch_optional(&pool).await? else { return Ok(None) };
    receipt::burn(&mut *pool.acquire().await?, row::digest(row.try_get("receipt_hash")?)?).await
}

pub(super) async fn database_info(pool: PgPool) -> Result<DatabaseInfo, TransactionError> {
    let row = sqlx::query(
        "SELECT 'PostgreSQL ' || current_setting('server_version') AS version, clock_timestamp() AS now,
                current_setting('fsync') = 'on' AS durable",
    )
    .fetch_one(&pool)
    .await?;
    Ok(DatabaseInfo {
        version: row.try_get("version")?,
        now: row.try_get("now")?,
        durable: row.try_get("durable")?,
    })
}
