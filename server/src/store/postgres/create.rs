//! Stores secrets with their receipts.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{FromRow as _, Row as _};
use vault::{CreateOutcome, NewSecret};

use super::batch_connection::BatchConnection;
use super::create_new::create_new;
use crate::store::batcher::BatchExecutor;
use crate::store::failure::DatabaseFailure;
use crate::store::row::{CreatedRow, created_secrets};
use crate::store::transaction_error::TransactionError;

/// Stores the secrets of a batch in one statement. Secrets that were stored before, conflict or have no room are left to
/// the fallback transaction.
pub(super) struct CreateExecutor(pub(super) BatchConnection);

impl BatchExecutor for CreateExecutor {
    type Call = NewSecret;
    type Outcome = CreateOutcome;

    fn bytes(secret: &NewSecret) -> usize {
        secret.envelope.len()
    }

    async fn execute(
        &mut self,
        secrets: &[Arc<NewSecret>],
        outcomes: &mut [Option<CreateOutcome>],
    ) -> Result<(), TransactionError> {
        let secrets = secrets.to_vec();
        let created = self.0.run(|connection| {
            Box::pin(async move {
                match &*secrets {
                    [secret] => Ok(vec![create_new(connection, secret).await?]),
                    secrets => create_all(connection, secrets).await,
                }
            })
        });
        outcomes.clone_from_slice(&created.await?);
        Ok(())
    }
}

/// Inserts several secrets in one statement. The outcome is `None` for a secret that was stored before, conflicts with
/// another one, or has no room.
async fn create_all(
    connection: &mut PgConnection,
    secrets: &[Arc<NewSecret>],
) -> Result<Vec<Option<CreateOutcome>>, TransactionError> {
    let new: Vec<&NewSecret> =
        secrets.iter().map(|secret| &**secret).filter(|secret| secret.has_capacity).collect();
    if new.is_empty() {
        return Ok(vec![None; secrets.len()]);
    }
    let column = |field: fn(&NewSecret) -> &[u8]| new.iter().map(|secret| field(secret)).collect::<Vec<_>>();
    let rows: Vec<CreatedRow<DateTime<Utc>>> = sqlx::query_as(
        "WITH input AS MATERIALIZED (
           SELECT * FROM unnest($1::bytea[], $2::bytea[], $3::bytea[], $4::bytea[], $5::bytea[], $6::bytea[],
                                $7::bytea[], $8::smallint[], $9::float8[])
                      AS input(id, access_hash, reveal_hash, receipt_hash, request_hash, share, envelope, max_views, ttl)
         ), clock AS MATERIALIZED (SELECT date_trunc('milliseconds', clock_timestamp()) AS now
         ), inserted_receipts AS (
           INSERT INTO receipts (id, access_hash, receipt_hash, request_hash, max_views, created_at, expires_at)
           SELECT id, access_hash, receipt_hash, request_hash, max_views, now, now + ttl * interval '1 second'
             -- In one order, so that two batches with the same two requests cannot deadlock.
             FROM input, clock ORDER BY access_hash
               ON CONFLICT DO NOTHING RETURNING id, created_at, expires_at
         ), inserted_secrets AS (
           INSERT INTO secrets (id, access_hash, reveal_hash, share, envelope, views_left, expires_at)
           SELECT input.id, access_hash, reveal_hash, share, envelope, max_views, expires_at
             FROM inserted_receipts r JOIN input ON input.id = r.id
         )
         SELECT id, created_at, expires_at FROM inserted_receipts",
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
    Ok(created_secrets(secrets, rows)?)
}

/// Inserts one secret, or finds the receipt that the same request or a conflicting one has stored before.
pub(super) async fn create(
    connection: &mut PgConnection,
    secret: Arc<NewSecret>,
) -> Result<CreateOutcome, TransactionError> {
    // The statement is a transaction by itself; `fetch_all` reads to its end, which is after the commit.
    let rows = sqlx::query(
        "WITH clock AS MATERIALIZED (SELECT date_trunc('milliseconds', clock_timestamp()) AS now),
         inserted_receipt AS (
           INSERT INTO receipts (id, access_hash, receipt_hash, request_hash, max_views, created_at, expires_at)
           SELECT $1, $2, $4, $5, $8, now, now + $9 * interval '1 second' FROM clock WHERE $10
               ON CONFLICT DO NOTHING RETURNING id, created_at, expires_at
         ), inserted_secret AS (
           INSERT INTO secrets (id, access_hash, reveal_hash, share, envelope, views_left, expires_at)
           SELECT id, $2, $3, $6, $7, $8, expires_at FROM inserted_receipt
         )
         SELECT true AS is_same, id, created_at, expires_at FROM inserted_receipt
         UNION ALL
         SELECT access_hash = $2 AND receipt_hash = $4 AND request_hash = $5, id, created_at, expires_at
           FROM receipts
          WHERE (access_hash = $2 OR receipt_hash = $4) AND NOT EXISTS (SELECT FROM inserted_receipt)
          ORDER BY is_same DESC LIMIT 1",
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
        // The same request was committed just now, after the snapshot of this statement.
        None => return Err(TransactionError::StaleSnapshot),
    };
    if !row.try_get::<bool, _>("is_same")? {
        return Ok(CreateOutcome::Conflict);
    }
    Ok(created(row)?)
}

pub(super) fn created(row: &PgRow) -> Result<CreateOutcome, DatabaseFailure> {
    CreatedRow::<DateTime<Utc>>::from_row(row)?.into_outcome()
}
