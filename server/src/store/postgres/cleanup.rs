//! Deletes expired rows.

use sqlx::Row as _;
use sqlx::postgres::PgConnection;
use vault::{DeletedRows, RECEIPT_RETENTION};

use crate::store::row::count;
use crate::store::transaction_error::TransactionError;

/// Deletes a limited number of rows, and skips locked ones, so that no client waits for it.
///
/// It does not wait for the disk either: rows that come back after a crash have expired, and are deleted again. The clock
/// is read in a subquery, once. Read for each row, it could not be a condition on an index, and every run would scan the
/// tables.
pub(super) async fn delete_expired(connection: &mut PgConnection) -> Result<DeletedRows, TransactionError> {
    let row = sqlx::query(
        "WITH s AS MATERIALIZED (SELECT id FROM secrets WHERE expires_at <= (SELECT clock_timestamp())
                                  ORDER BY expires_at LIMIT 100 FOR UPDATE SKIP LOCKED),
              c AS MATERIALIZED (SELECT claim_hash FROM claims WHERE expires_at <= (SELECT clock_timestamp())
                                  ORDER BY expires_at LIMIT 1000 FOR UPDATE SKIP LOCKED),
              r AS MATERIALIZED (SELECT id FROM receipts
                                  WHERE expires_at <= (SELECT clock_timestamp()) - $1 * interval '1 second'
                                  ORDER BY expires_at LIMIT 1000 FOR UPDATE SKIP LOCKED),
              deleted_secrets AS (DELETE FROM secrets USING s WHERE secrets.id = s.id RETURNING 1),
              deleted_claims AS (DELETE FROM claims USING c WHERE claims.claim_hash = c.claim_hash RETURNING 1),
              deleted_receipts AS (DELETE FROM receipts USING r WHERE receipts.id = r.id RETURNING 1)
         SELECT (SELECT count(*) FROM deleted_secrets) AS secrets, (SELECT count(*) FROM deleted_claims) AS claims,
                (SELECT count(*) FROM deleted_receipts) AS receipts, set_config('synchronous_commit', 'off', true)",
    )
    .bind(RECEIPT_RETENTION.as_seconds_f64())
    .fetch_one(connection)
    .await?;
    let number = |column: &str| count(row.try_get::<i64, _>(column)?);
    Ok(DeletedRows { secrets: number("secrets")?, claims: number("claims")?, receipts: number("receipts")? })
}
