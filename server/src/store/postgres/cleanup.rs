//! Deleting what has expired.

use sqlx::Row as _;
use sqlx::postgres::PgConnection;
use vault::DeletedRows;
use vault::RECEIPT_TTL;

use crate::store::retry::TransactionError;
use crate::store::row::small;

/// Small batches that step around locked rows, so that sweeping never makes a reader wait; nor for the disk: what is
/// lost of a sweep in a crash has expired all the same, and is swept again.
///
/// The clock in a query of its own is asked once: asked for each row it would be no condition of an index, and every
/// sweep would read all of it.
pub(super) async fn delete_expired(connection: &mut PgConnection) -> Result<DeletedRows, TransactionError> {
    let row = sqlx::query(
        "WITH s AS MATERIALIZED (SELECT id FROM secrets WHERE expires_at <= (SELECT clock_timestamp())
                                  ORDER BY expires_at LIMIT 100 FOR UPDATE SKIP LOCKED),
              c AS MATERIALIZED (SELECT claim_hash FROM claims WHERE expires_at <= (SELECT clock_timestamp())
                                  ORDER BY expires_at LIMIT 1000 FOR UPDATE SKIP LOCKED),
              r AS MATERIALIZED (SELECT id FROM receipts
                                  WHERE expires_at <= (SELECT clock_timestamp()) - $1 * interval '1 second'
                                  ORDER BY expires_at LIMIT 1000 FOR UPDATE SKIP LOCKED),
              no_secrets AS (DELETE FROM secrets USING s WHERE secrets.id = s.id RETURNING 1),
              no_claims AS (DELETE FROM claims USING c WHERE claims.claim_hash = c.claim_hash RETURNING 1),
              no_receipts AS (DELETE FROM receipts USING r WHERE receipts.id = r.id RETURNING 1)
         SELECT (SELECT count(*) FROM no_secrets) AS secrets, (SELECT count(*) FROM no_claims) AS claims,
                (SELECT count(*) FROM no_receipts) AS receipts, set_config('synchronous_commit', 'off', true)",
    )
    .bind(RECEIPT_TTL.as_seconds_f64())
    .fetch_one(connection)
    .await?;
    let count = |column: &str| small(row.try_get::<i64, _>(column)?);
    Ok(DeletedRows { secrets: count("secrets")?, claims: count("claims")?, receipts: count("receipts")? })
}
