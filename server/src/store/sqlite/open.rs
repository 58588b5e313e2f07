//! Looking at an envelope, which changes nothing.

use chrono::{DateTime, Utc};
use shared_crypto::messages::SecretState;
use shared_crypto::{Digest, SecretId};
use sqlx::Row;
use sqlx::sqlite::SqlitePool;
use vault::{OpenOutcome, SecretEnd};

use crate::store::retry::TransactionError;
use crate::store::row::{self, Time as _};

pub(super) async fn open(
    readers: SqlitePool,
    id: SecretId,
    access_hash: Digest,
) -> Result<Option<OpenOutcome>, TransactionError> {
    let row = sqlx::query(
        "WITH t AS MATERIALIZED (SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER) AS now)
         SELECT r.state, r.ended_at, r.max_views, r.created_at, r.expires_at, s.envelope, s.views_left
           FROM t JOIN receipts r ON r.access_hash = ?2 AND r.id = ?1
                  LEFT JOIN secrets s ON s.receipt = r.number AND s.expires_at > t.now",
    )
    .bind(id.as_bytes().as_slice())
    .bind(access_hash.as_slice())
    .fetch_optional(&readers)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let expires_at: DateTime<Utc> = row.try_get::<i64, _>("expires_at")?.into_utc()?;
    if let (Some(envelope), Some(left)) =
        (row.try_get("envelope")?, row.try_get::<Option<i64>, _>("views_left")?)
    {
        return Ok(Some(OpenOutcome::Live {
            envelope,
            max_views: row::small(row.try_get::<i64, _>("max_views")?)?,
            views_left: row::small(left)?,
            created_at: row.try_get::<i64, _>("created_at")?.into_utc()?,
            expires_at,
        }));
    }
    let state = match row::state(row.try_get("state")?)? {
        SecretState::Live => SecretState::Expired,
        ended => ended,
    };
    let ended_at: Option<i64> = row.try_get("ended_at")?;
    Ok(Some(OpenOutcome::Gone(SecretEnd {
        state,
        ended_at: ended_at.map_or(Ok(expires_at), i64::into_utc)?,
    })))
}
