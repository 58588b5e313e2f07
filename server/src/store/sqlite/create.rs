//! Storing a secret and its receipt.

use std::collections::HashSet;
use std::sync::Arc;

use app::store::{Creation, NewSecret};
use sqlx::sqlite::{Sqlite, SqliteConnection, SqlitePool};
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
    let expires_at = expiry(&secret, now);
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
    let mut tx = begin(writer).await?;
    let (now, known) = known(&mut tx, secrets).await?;
    // Of twins in one batch the second was here before.
    let (mut ids, mut hashes) = (HashSet::new(), HashSet::new());
    let is_new: Vec<bool> = secrets
        .iter()
        .zip(0..)
        .map(|(secret, number)| {
            secret.has_room
                && !known.contains(&number)
                && ids.insert(*secret.id.as_bytes())
                && hashes.insert(secret.access_hash)
                && hashes.insert(secret.receipt_hash)
        })
        .collect();
    let new: Vec<&NewSecret> =
        secrets.iter().zip(&is_new).filter(|(_, is_new)| **is_new).map(|(secret, _)| &**secret).collect();
    insert_all(&mut tx, &new, now).await?;
    tx.commit().await.map_err(Trouble::Commit)?;
    let created_at = now.into_utc()?;
    let answer = |(secret, is_new): (&Arc<NewSecret>, bool)| {
        let created = |expires_at| Creation::Created { id: secret.id.clone(), created_at, expires_at };
        is_new.then(|| expiry(secret, now).into_utc().map(created)).transpose()
    };
    Ok(secrets.iter().zip(is_new).map(answer).collect::<Result<_, sqlx::Error>>()?)
}

fn expiry(secret: &NewSecret, now: i64) -> i64 {
    now + i64::from(secret.ttl_seconds) * 1000
}

/// The clock, and which of them share something with what was here before.
async fn known(
    tx: &mut SqliteConnection,
    secrets: &[Arc<NewSecret>],
) -> Result<(i64, HashSet<i64>), sqlx::Error> {
    let mut query = QueryBuilder::<Sqlite>::new("WITH q(n, id, access_hash, receipt_hash) AS (");
    query.push_values(secrets.iter().zip(0_i64..), |mut row, (secret, n)| {
        row.push_bind(n)
            .push_bind(secret.id.as_bytes().to_vec())
            .push_bind(secret.access_hash.to_vec())
            .push_bind(secret.receipt_hash.to_vec());
    });
    query.push(
        ") SELECT t.now, k.n
             FROM (SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER) AS now) t LEFT JOIN (
                    SELECT n FROM q WHERE EXISTS (SELECT 1 FROM receipts WHERE id = q.id)
                                       OR EXISTS (SELECT 1 FROM receipts WHERE access_hash = q.access_hash)
                                       OR EXISTS (SELECT 1 FROM receipts WHERE receipt_hash = q.receipt_hash)) k",
    );
    let rows: Vec<(i64, Option<i64>)> = query.build_query_as().fetch_all(tx).await?;
    let now = rows.first().map(|(now, _)| *now).ok_or(sqlx::Error::RowNotFound)?;
    Ok((now, rows.into_iter().filter_map(|(_, number)| number).collect()))
}

/// `OR FAIL`: a failure ends the whole transaction anyway, and SQLite need not keep what it would undo of one statement.
async fn insert_all(tx: &mut SqliteConnection, new: &[&NewSecret], now: i64) -> Result<(), sqlx::Error> {
    if new.is_empty() {
        return Ok(());
    }
    let mut receipts = QueryBuilder::<Sqlite>::new(
        "INSERT OR FAIL INTO receipts
           (id, access_hash, receipt_hash, request_hash, max_views, created_at, expires_at) ",
    );
    receipts.push_values(new, |mut row, secret| {
        row.push_bind(secret.id.as_bytes().to_vec())
            .push_bind(secret.access_hash.to_vec())
            .push_bind(secret.receipt_hash.to_vec())
            .push_bind(secret.request_hash.to_vec())
            .push_bind(secret.max_views)
            .push_bind(now)
            .push_bind(expiry(secret, now));
    });
    receipts.build().execute(&mut *tx).await?;
    let mut rows = QueryBuilder::<Sqlite>::new(
        "INSERT OR FAIL INTO secrets (id, access_hash, reveal_hash, share, envelope, views_left, expires_at) ",
    );
    rows.push_values(new, |mut row, secret| {
        row.push_bind(secret.id.as_bytes().to_vec())
            .push_bind(secret.access_hash.to_vec())
            .push_bind(secret.reveal_hash.to_vec())
            .push_bind(secret.share.as_bytes().to_vec())
            .push_bind(secret.envelope.clone())
            .push_bind(secret.max_views)
            .push_bind(expiry(secret, now));
    });
    rows.build().execute(tx).await.map(|_| ())
}
