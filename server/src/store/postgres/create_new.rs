//! Fast path: inserts one new secret, with the plainest statement that can do it.
//!
//! A create that arrives at an idle worker is a batch of one, and most of them are new. For these the statement of a
//! batch, with its nine arrays, takes PostgreSQL longer to execute than this one.
//!
//! It makes no decision: a secret that it does not insert (stored before, in conflict, no room) gets the fallback
//! transaction, as one that `create_all` does not insert. `it store::create` and `it store::batches` cover both, and check that
//! repeated and conflicting requests get the same outcomes alone and in a batch. To switch it off, let `CreateExecutor`
//! call `create_all` for one secret as well.

use sqlx::postgres::PgConnection;
use vault::{CreateOutcome, NewSecret};

use super::create::created;
use crate::store::transaction_error::TransactionError;

/// Inserts a secret; `None` if it was stored before, conflicts with another one, or has no room.
///
/// Both rows have the time at which the statement arrived: no lock that it waits for changes what it writes.
pub(super) async fn create_new(
    connection: &mut PgConnection,
    secret: &NewSecret,
) -> Result<Option<CreateOutcome>, TransactionError> {
    if !secret.has_capacity {
        return Ok(None);
    }
    let rows = sqlx::query(
        "WITH inserted_receipt AS (
           INSERT INTO receipts (id, access_hash, receipt_hash, request_hash, max_views, created_at, expires_at)
           VALUES ($1, $2, $4, $5, $8, date_trunc('milliseconds', statement_timestamp()),
                   date_trunc('milliseconds', statement_timestamp()) + $9 * interval '1 second')
               ON CONFLICT DO NOTHING RETURNING id, created_at, expires_at
         ), inserted_secret AS (
           INSERT INTO secrets (id, access_hash, reveal_hash, share, envelope, views_left, expires_at)
           SELECT id, $2, $3, $6, $7, $8, expires_at FROM inserted_receipt
         )
         SELECT id, created_at, expires_at FROM inserted_receipt",
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
