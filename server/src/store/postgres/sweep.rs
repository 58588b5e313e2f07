//! Deleting what has expired.

use app::store::Swept;
use app::vault::RECEIPT_TTL;
use sqlx::postgres::PgConnection;

use crate::store::unit::Trouble;

/// Small batches that step around locked rows, so that sweeping never makes a reader wait.
/// The clock in a query of its own is asked once: asked for each row it would be no condition of an index, and every
/// sweep would read all of it.
pub(super) async fn sweep(connection: &mut PgConnection) -> Result<Swept, Trouble> {
    let secrets = sqlx::query(
        "WITH e AS MATERIALIZED (SELECT id FROM secrets WHERE expires_at <= (SELECT clock_timestamp())
                                  ORDER BY expires_at LIMIT 100 FOR UPDATE SKIP LOCKED)
         DELETE FROM secrets s USING e WHERE s.id = e.id",
    )
    .execute(&mut *connection)
    .await?;
    let claims = sqlx::query(
        "WITH e AS MATERIALIZED (SELECT claim_hash FROM claims WHERE expires_at <= (SELECT clock_timestamp())
                                  ORDER BY expires_at LIMIT 1000 FOR UPDATE SKIP LOCKED)
         DELETE FROM claims c USING e WHERE c.claim_hash = e.claim_hash",
    )
    .execute(&mut *connection)
    .await?;
    let receipts = sqlx::query(
        "WITH e AS MATERIALIZED (SELECT id FROM receipts WHERE expires_at <= (SELECT clock_timestamp()) - $1 * interval '1 second'
                                  ORDER BY expires_at LIMIT 1000 FOR UPDATE SKIP LOCKED)
         DELETE FROM receipts r USING e WHERE r.id = e.id",
    )
    .bind(RECEIPT_TTL.as_seconds_f64())
    .execute(&mut *connection)
    .await?;
    Ok(Swept {
        secrets: secrets.rows_affected(),
        claims: claims.rows_affected(),
        receipts: receipts.rows_affected(),
    })
}
