//! Storing a secret and its receipt.

use std::collections::HashSet;
use std::sync::Arc;

use app::store::{Creation, NewSecret};
use sqlx::sqlite::{Sqlite, SqlitePool};
use sqlx::{QueryBuilder, Row};

use super::{begin, now};
use crate::store::gather::Carrier;
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

/// Several at once, with one wait for the disk.
pub(super) struct Creates(pub(super) SqlitePool);

impl Carrier for Creates {
    type Call = NewSecret;
    type Answer = Creation;

    /// `None` for each that was here before, is in conflict, or has no room.
    async fn carry(&mut self, calls: &[Arc<NewSecret>]) -> Result<Vec<Option<Creation>>, Trouble> {
        create_all(&self.0, calls).await
    }
}

async fn create_all(
    writer: &SqlitePool,
    secrets: &[Arc<NewSecret>],
) -> Result<Vec<Option<Creation>>, Trouble> {
    let new: Vec<&NewSecret> =
        secrets.iter().map(|secret| &**secret).filter(|secret| secret.has_room).collect();
    if new.is_empty() {
        return Ok(vec![None; secrets.len()]);
    }
    let mut tx = begin(writer).await?;
    let now = now(&mut tx).await?;
    let expires_at = |secret: &NewSecret| now + i64::from(secret.ttl_seconds) * 1000;
    let mut receipts = QueryBuilder::<Sqlite>::new(
        "INSERT INTO receipts (id, access_hash, receipt_hash, request_hash, max_views, created_at, expires_at) ",
    );
    receipts.push_values(&new, |mut row, secret| {
        row.push_bind(secret.id.as_bytes().to_vec())
            .push_bind(secret.access_hash.to_vec())
            .push_bind(secret.receipt_hash.to_vec())
            .push_bind(secret.request_hash.to_vec())
            .push_bind(secret.max_views)
            .push_bind(now)
            .push_bind(expires_at(secret));
    });
    receipts.push(" ON CONFLICT DO NOTHING RETURNING id");
    let inserted = receipts.build().fetch_all(&mut *tx).await?;
    let ids = inserted.into_iter().map(|row| Ok(*rows::id(row.try_get("id")?)?.as_bytes()));
    let ids = ids.collect::<Result<HashSet<[u8; 12]>, sqlx::Error>>()?;
    let stored: Vec<_> = new.into_iter().filter(|secret| ids.contains(secret.id.as_bytes())).collect();
    if !stored.is_empty() {
        let mut query = QueryBuilder::<Sqlite>::new(
            "INSERT INTO secrets (id, access_hash, reveal_hash, share, envelope, views_left, expires_at) ",
        );
        query.push_values(stored, |mut row, secret| {
            row.push_bind(secret.id.as_bytes().to_vec())
                .push_bind(secret.access_hash.to_vec())
                .push_bind(secret.reveal_hash.to_vec())
                .push_bind(secret.share.as_bytes().to_vec())
                .push_bind(secret.envelope.clone())
                .push_bind(secret.max_views)
                .push_bind(expires_at(secret));
        });
        query.build().execute(&mut *tx).await?;
    }
    tx.commit().await.map_err(Trouble::Commit)?;
    let created = |secret: &Arc<NewSecret>| {
        if !ids.contains(secret.id.as_bytes()) {
            return Ok(None);
        }
        let (created_at, expires_at) = (now.into_utc()?, expires_at(secret).into_utc()?);
        Ok(Some(Creation::Created { id: secret.id.clone(), created_at, expires_at }))
    };
    secrets.iter().map(created).collect::<Result<_, sqlx::Error>>().map_err(Trouble::from)
}
