//! Storing a secret and its receipt.

use std::sync::Arc;

use app::store::{Creation, NewSecret};
use sqlx::Row;
use sqlx::sqlite::SqlitePool;

use super::{begin, now};
use crate::store::rows::{self, Time as _};
use crate::store::unit::Trouble;

pub(super) async fn create(writer: SqlitePool, secret: Arc<NewSecret>) -> Result<Creation, Trouble> {
    let mut tx = begin(&writer).await?;
    let now = now(&mut tx).await?;
    let known = sqlx::query(
        "SELECT access_hash = ?1 AND receipt_hash = ?2 AND request_hash = ?3 AS same, id, created_at, expires_at
           FROM receipts WHERE access_hash = ?1 OR receipt_hash = ?2 ORDER BY same DESC LIMIT 1",
    )
    .bind(secret.access_hash.as_slice())
    .bind(secret.receipt_hash.as_slice())
    .bind(secret.request_hash.as_slice())
    .fetch_optional(&mut *tx)
    .await?;
    if let Some(row) = known {
        tx.commit().await?;
        return if row.try_get::<bool, _>("same")? {
            Ok(Creation::Created {
                id: rows::id(row.try_get("id")?)?,
                created_at: row.try_get::<i64, _>("created_at")?.into_utc()?,
                expires_at: row.try_get::<i64, _>("expires_at")?.into_utc()?,
            })
        } else {
            Ok(Creation::Conflict)
        };
    }
    if !secret.has_room {
        return Ok(Creation::NoRoom);
    }
    let expires_at = now + i64::from(secret.ttl_seconds) * 1000;
    sqlx::query(
        "INSERT INTO receipts (id, access_hash, receipt_hash, request_hash, max_views, created_at, expires_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )
    .bind(secret.id.as_bytes().as_slice())
    .bind(secret.access_hash.as_slice())
    .bind(secret.receipt_hash.as_slice())
    .bind(secret.request_hash.as_slice())
    .bind(secret.max_views)
    .bind(now)
    .bind(expires_at)
    .execute(&mut *tx)
    .await?;
    sqlx::query(
        "INSERT INTO secrets (id, access_hash, reveal_hash, share, envelope, views_left, expires_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )
    .bind(secret.id.as_bytes().as_slice())
    .bind(secret.access_hash.as_slice())
    .bind(secret.reveal_hash.as_slice())
    .bind(secret.share.as_bytes().as_slice())
    .bind(secret.envelope.as_slice())
    .bind(secret.max_views)
    .bind(expires_at)
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(Creation::Created {
        id: secret.id.clone(),
        created_at: now.into_utc()?,
        expires_at: expires_at.into_utc()?,
    })
}
