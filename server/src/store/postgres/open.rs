//! Reads an envelope. Changes nothing.

use chrono::{DateTime, Utc};
use shared_crypto::{Digest, SecretId};
use sqlx::postgres::PgConnection;
use vault::OpenOutcome;

use crate::store::row::OpenRow;
use crate::store::transaction_error::TransactionError;

pub(super) async fn open(
    connection: &mut PgConnection,
    id: SecretId,
    access_hash: Digest,
) -> Result<Option<OpenOutcome>, TransactionError> {
    let row: Option<OpenRow<DateTime<Utc>>> = sqlx::query_as(
        "WITH clock AS MATERIALIZED (SELECT clock_timestamp() AS now)
         SELECT r.state, r.ended_at, r.max_views, r.created_at, r.expires_at, s.envelope, s.views_left
           FROM clock JOIN receipts r ON r.id = $1 AND r.access_hash = $2
                      LEFT JOIN secrets s ON s.id = r.id AND s.access_hash = r.access_hash AND s.expires_at > clock.now",
    )
    .bind(id.as_bytes().as_slice())
    .bind(access_hash.as_slice())
    .fetch_optional(connection)
    .await?;
    Ok(row.map(OpenRow::into_outcome).transpose()?)
}
