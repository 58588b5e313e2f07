//! Looking at an envelope, which changes nothing.

use chrono::{DateTime, Utc};
use shared_crypto::messages::SecretState;
use shared_crypto::{Digest, SecretId};
use sqlx::Row;
use sqlx::postgres::PgConnection;
use vault::{OpenOutcome, SecretEnd};

use crate::store::retry::TransactionError;
use crate::store::row;

pub(super) async fn open(
    connection: &mut PgConnection,
    id: &SecretId,
    access_hash: Digest,
) -> Result<Option<OpenOutcome>, TransactionError> {
    let row = sqlx::query(
        "WITH t AS MATERIALIZED (SELECT clock_timestamp() AS now)
         SELECT r.state, r.ended_at, r.max_views, r.created_at, r.expires_at, t.now, s.envelope, s.views_left
           FROM t JOIN receipts r ON r.id = $1 AND r.access_hash = $2
                  LEFT JOIN secrets s ON s.id = r.id AND s.access_hash = r.access_hash AND s.expires_at > t.now",
    )
    .bind(id.as_bytes().as_slice())
    .bind(access_hash.as_slice())
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    if let (Some(envelope), Some(left)) =
        (row.try_get("envelope")?, row.try_get::<Option<i16>, _>("views_left")?)
    {
        return Ok(Some(OpenOutcome::Live {
            envelope,
            max_views: row::small(row.try_get::<i16, _>("max_views")?)?,
            views_left: row::small(left)?,
            created_at: row.try_get("created_at")?,
            expires_at: row.try_get("expires_at")?,
        }));
    }
    let expires_at: DateTime<Utc> = row.try_get("expires_at")?;
    let state = match row::state(row.try_get("state")?)? {
        SecretState::Live => SecretState::Expired,
        ended => ended,
    };
    let ended_at = row.try_get::<Option<_>, _>("ended_at")?.unwrap_or(expires_at);
    Ok(Some(OpenOutcome::Gone(SecretEnd { state, ended_at })))
}
