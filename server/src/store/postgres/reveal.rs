//! Who gets a view, alone and behind whoever has the lock.

use std::sync::Arc;

use sqlx::Connection as _;
use sqlx::postgres::PgConnection;
use vault::{RevealAttempt, RevealOutcome};

use super::batch::{read, settle};
use crate::store::retry::TransactionError;

/// The row first, which may wait; then, in a newer snapshot, the clock, the claim and the receipt. The
/// other way round an expired secret is granted, or one claim uses two views.
pub(super) async fn reveal(
    connection: &mut PgConnection,
    attempt: Arc<RevealAttempt>,
) -> Result<RevealOutcome, TransactionError> {
    let mut tx = connection.begin().await?;
    sqlx::query("SELECT FROM secrets WHERE id = $1 AND access_hash = $2 FOR UPDATE")
        .bind(attempt.id.as_bytes().as_slice())
        .bind(attempt.access_hash.as_slice())
        .execute(&mut *tx)
        .await?;
    let attempts = [attempt];
    let found = read(&mut tx, &attempts).await?;
    let settled = settle(&mut tx, &attempts, found).await?;
    tx.commit().await?;
    settled.into_iter().next().flatten().ok_or(TransactionError::StaleSnapshot)
}
