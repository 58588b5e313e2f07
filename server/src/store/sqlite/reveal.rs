//! Who gets a view: lock and read, decide, apply.

use std::sync::Arc;

use app::store::{Attempt, Outcome};
use app::vault::{CLAIM_TTL, Found, Write, decide};
use chrono::{DateTime, Utc};
use sqlx::sqlite::SqliteConnection;

use super::{SqliteStore, begin};
use crate::store::rows::{AfterLock, SecretRow};
use crate::store::unit::Trouble;

/// Says so where it has deleted something, and not its caller, who may have hung up.
pub(super) async fn reveal(store: SqliteStore, attempt: Arc<Attempt>) -> Result<Outcome, Trouble> {
    let mut tx = begin(&store.writer).await?;
    let found = read(&mut tx, &attempt).await?;
    let (outcome, write) = decide(&found, &attempt)?;
    match (write, &outcome) {
        (Some(Write::View { views_left }), Outcome::Granted { share, .. }) => {
            note_view(&mut tx, &attempt, &found, share.as_bytes(), views_left).await?;
        }
        (Some(Write::Try { bad_tries, locked_until }), _) => {
            note_try(&mut tx, &attempt, bad_tries, locked_until).await?;
        }
        _ => {}
    }
    tx.commit().await?;
    if write == Some(Write::View { views_left: 0 }) {
        store.deleted.notify_one();
    }
    Ok(outcome)
}

async fn read(tx: &mut SqliteConnection, attempt: &Attempt) -> Result<Found, sqlx::Error> {
    let secret: Option<SecretRow<i64>> = sqlx::query_as(
        "SELECT reveal_hash, share, views_left, bad_tries, locked_until, expires_at
           FROM secrets WHERE id = ?1 AND access_hash = ?2",
    )
    .bind(attempt.id.as_bytes().as_slice())
    .bind(attempt.access_hash.as_slice())
    .fetch_optional(&mut *tx)
    .await?;
    let after: AfterLock<i64> = sqlx::query_as(
        "SELECT t.now, c.share AS claim_share, c.views_left AS claim_views_left, c.expires_at AS claim_expires_at,
                r.state, r.expires_at, r.ended_at
           FROM (SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER) AS now) t
                LEFT JOIN claims c ON c.claim_hash = ?3
                LEFT JOIN receipts r ON r.id = ?1 AND r.access_hash = ?2",
    )
    .bind(attempt.id.as_bytes().as_slice())
    .bind(attempt.access_hash.as_slice())
    .bind(attempt.claim_hash.as_slice())
    .fetch_one(&mut *tx)
    .await?;
    after.into_found(secret)
}

async fn note_view(
    tx: &mut SqliteConnection,
    attempt: &Attempt,
    found: &Found,
    share: &[u8; 32],
    views_left: u8,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO claims (claim_hash, share, views_left, expires_at) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (claim_hash) DO UPDATE
            SET share = excluded.share, views_left = excluded.views_left, expires_at = excluded.expires_at",
    )
    .bind(attempt.claim_hash.as_slice())
    .bind(share.as_slice())
    .bind(views_left)
    .bind((found.now + CLAIM_TTL).timestamp_millis())
    .execute(&mut *tx)
    .await?;
    let (kept, gone) = (
        "UPDATE secrets SET views_left = ?2, bad_tries = 0, locked_until = NULL WHERE id = ?1",
        "DELETE FROM secrets WHERE id = ?1 AND ?2 = 0",
    );
    sqlx::query(if views_left == 0 { gone } else { kept })
        .bind(attempt.id.as_bytes().as_slice())
        .bind(views_left)
        .execute(&mut *tx)
        .await?;
    sqlx::query(
        "UPDATE receipts
            SET views_used = views_used + 1, viewed_at = json_insert(viewed_at, '$[#]', ?3),
                state = iif(?2 = 0, 'viewed', state), ended_at = iif(?2 = 0, ?3, NULL)
          WHERE id = ?1",
    )
    .bind(attempt.id.as_bytes().as_slice())
    .bind(views_left)
    .bind(found.now.timestamp_millis())
    .execute(&mut *tx)
    .await
    .map(|_| ())
}

async fn note_try(
    tx: &mut SqliteConnection,
    attempt: &Attempt,
    bad_tries: u32,
    locked_until: Option<DateTime<Utc>>,
) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE secrets SET bad_tries = ?2, locked_until = ?3 WHERE id = ?1")
        .bind(attempt.id.as_bytes().as_slice())
        .bind(bad_tries)
        .bind(locked_until.map(|until| until.timestamp_millis()))
        .execute(&mut *tx)
        .await?;
    sqlx::query("UPDATE receipts SET wrong_passphrases = wrong_passphrases + 1 WHERE id = ?1")
        .bind(attempt.id.as_bytes().as_slice())
        .execute(&mut *tx)
        .await
        .map(|_| ())
}
