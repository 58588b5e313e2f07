//! Storing a secret and its receipt, in one statement.

use std::sync::Arc;

use app::store::{Creation, NewSecret};
use sqlx::Row;
use sqlx::postgres::PgPool;

use crate::store::rows;
use crate::store::unit::Trouble;

pub(super) async fn create(pool: PgPool, secret: Arc<NewSecret>) -> Result<Creation, Trouble> {
    let mut tx = pool.begin().await?;
    let row = sqlx::query(
        "WITH t AS MATERIALIZED (SELECT date_trunc('milliseconds', clock_timestamp()) AS now),
         r AS (
           INSERT INTO receipts (id, access_hash, receipt_hash, request_hash, max_views, created_at, expires_at)
           SELECT $1, $2, $4, $5, $8, now, now + $9 * interval '1 second' FROM t WHERE $10
               ON CONFLICT DO NOTHING RETURNING id, created_at, expires_at
         ), s AS (
           INSERT INTO secrets (id, access_hash, reveal_hash, share, envelope, views_left, expires_at)
           SELECT id, $2, $3, $6, $7, $8, expires_at FROM r
         )
         SELECT true AS same, id, created_at, expires_at FROM r
         UNION ALL
         SELECT access_hash = $2 AND receipt_hash = $4 AND request_hash = $5, id, created_at, expires_at
           FROM receipts WHERE (access_hash = $2 OR receipt_hash = $4) AND NOT EXISTS (SELECT FROM r)
          ORDER BY same DESC LIMIT 1",
    )
    .bind(secret.id.as_bytes().as_slice())
    .bind(secret.access_hash.as_slice())
    .bind(secret.reveal_hash.as_slice())
    .bind(secret.receipt_hash.as_slice())
    .bind(secret.request_hash.as_slice())
    .bind(secret.share.as_bytes().as_slice())
    .bind(secret.envelope.as_slice())
    .bind(i16::from(secret.max_views))
    .bind(f64::from(secret.ttl_seconds))
    .bind(secret.has_room)
    .fetch_optional(&mut *tx)
    .await?;
    let row = match row {
        Some(row) => row,
        None if !secret.has_room => return Ok(Creation::NoRoom),
        // A twin has just committed, which this statement's snapshot does not show.
        None => return Err(Trouble::ReadAgain),
    };
    tx.commit().await?;
    if !row.try_get::<bool, _>("same")? {
        return Ok(Creation::Conflict);
    }
    Ok(Creation::Created {
        id: rows::id(row.try_get("id")?)?,
        created_at: row.try_get("created_at")?,
        expires_at: row.try_get("expires_at")?,
    })
}
