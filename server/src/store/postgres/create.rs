//! Storing a secret and its receipt, in one statement.

use std::collections::HashMap;
use std::sync::Arc;

use sqlx::Row;
use sqlx::postgres::{PgConnection, PgRow};
use vault::{CreateOutcome, NewSecret};

use crate::store::failure::DatabaseFailure;
use crate::store::retry::TransactionError;
use crate::store::row;

/// Alone, with a look at what was here before.
pub(super) async fn create(
    connection: &mut PgConnection,
    secret: &NewSecret,
) -> Result<CreateOutcome, TransactionError> {
    // By itself a statement is a transaction, and `fetch_all` reads to its end: to the commit.
    let rows = sqlx::query(
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
    .bind(secret.has_capacity)
    .fetch_all(connection)
    .await?;
    let row = match rows.first() {
        Some(row) => row,
        None if !secret.has_capacity => return Ok(CreateOutcome::StorageFull),
        // A twin has just committed, which this statement's snapshot does not show.
        None => return Err(TransactionError::StaleSnapshot),
    };
    if !row.try_get::<bool, _>("same")? {
        return Ok(CreateOutcome::Conflict);
    }
    Ok(created(row)?)
}

/// A new one; `None` where it was here before, is in conflict, or has no room.
///
/// One time for both rows, of when the statement came: nothing of a create depends on a moment after a lock.
pub(super) async fn create_new(
    connection: &mut PgConnection,
    secret: &NewSecret,
) -> Result<Option<CreateOutcome>, TransactionError> {
    if !secret.has_capacity {
        return Ok(None);
    }
    let rows = sqlx::query(
        "WITH r AS (
           INSERT INTO receipts (id, access_hash, receipt_hash, request_hash, max_views, created_at, expires_at)
           VALUES ($1, $2, $4, $5, $8, date_trunc('milliseconds', statement_timestamp()),
                   date_trunc('milliseconds', statement_timestamp()) + $9 * interval '1 second')
               ON CONFLICT DO NOTHING RETURNING id, created_at, expires_at
         ), s AS (
           INSERT INTO secrets (id, access_hash, reveal_hash, share, envelope, views_left, expires_at)
           SELECT id, $2, $3, $6, $7, $8, expires_at FROM r
         )
         SELECT id, created_at, expires_at FROM r",
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
    .fetch_all(connection)
    .await?;
    Ok(rows.first().map(created).transpose()?)
}

fn created(row: &PgRow) -> Result<CreateOutcome, DatabaseFailure> {
    Ok(CreateOutcome::Created {
        id: row::id(row.try_get("id")?)?,
        created_at: row.try_get("created_at")?,
        expires_at: row.try_get("expires_at")?,
    })
}

/// Several at once, in one statement; `None` for each that was here before, is in conflict, or has no room.
pub(super) async fn create_all(
    connection: &mut PgConnection,
    secrets: &[Arc<NewSecret>],
) -> Result<Vec<Option<CreateOutcome>>, TransactionError> {
    let new: Vec<&NewSecret> =
        secrets.iter().map(|secret| &**secret).filter(|secret| secret.has_capacity).collect();
    if new.is_empty() {
        return Ok(vec![None; secrets.len()]);
    }
    let column = |field: fn(&NewSecret) -> &[u8]| new.iter().map(|secret| field(secret)).collect::<Vec<_>>();
    let rows = sqlx::query(
        "WITH q AS MATERIALIZED (
           SELECT * FROM unnest($1::bytea[], $2::bytea[], $3::bytea[], $4::bytea[], $5::bytea[], $6::bytea[],
                                $7::bytea[], $8::smallint[], $9::float8[])
                      AS q(id, access_hash, reveal_hash, receipt_hash, request_hash, share, envelope, max_views, ttl)
         ), t AS MATERIALIZED (SELECT date_trunc('milliseconds', clock_timestamp()) AS now
         ), r AS (
           INSERT INTO receipts (id, access_hash, receipt_hash, request_hash, max_views, created_at, expires_at)
           SELECT id, access_hash, receipt_hash, request_hash, max_views, now, now + ttl * interval '1 second'
             FROM q, t ORDER BY access_hash -- true twins in two batches wait for each other in one order
               ON CONFLICT DO NOTHING RETURNING id, created_at, expires_at
         ), s AS (
           INSERT INTO secrets (id, access_hash, reveal_hash, share, envelope, views_left, expires_at)
           SELECT q.id, access_hash, reveal_hash, share, envelope, max_views, expires_at FROM r JOIN q ON q.id = r.id
         )
         SELECT id, created_at, expires_at FROM r",
    )
    .bind(column(|secret| secret.id.as_bytes()))
    .bind(column(|secret| &secret.access_hash))
    .bind(column(|secret| &secret.reveal_hash))
    .bind(column(|secret| &secret.receipt_hash))
    .bind(column(|secret| &secret.request_hash))
    .bind(column(|secret| secret.share.as_bytes()))
    .bind(column(|secret| &secret.envelope))
    .bind(new.iter().map(|secret| i16::from(secret.max_views)).collect::<Vec<_>>())
    .bind(new.iter().map(|secret| f64::from(secret.ttl_seconds)).collect::<Vec<_>>())
    .fetch_all(connection)
    .await?;
    let mut stored = HashMap::with_capacity(rows.len());
    for row in rows {
        stored.insert(row.try_get::<Vec<u8>, _>("id")?, created(&row)?);
    }
    Ok(secrets.iter().map(|secret| stored.remove(secret.id.as_bytes().as_slice())).collect())
}
