//! Who gets a view: lock and read, decide, apply.

use app::store::{Attempt, Outcome};
use app::vault::{CLAIM_TTL, Found, Write, decide};
use chrono::{DateTime, Utc};
use sqlx::Connection as _;
use sqlx::postgres::PgConnection;

use crate::store::rows::{AfterLock, SecretRow};
use crate::store::unit::Trouble;

pub(super) async fn reveal(connection: &mut PgConnection, attempt: &Attempt) -> Result<Outcome, Trouble> {
    let mut tx = connection.begin().await?;
    let found = lock_and_read(&mut tx, attempt).await?;
    let (outcome, write) = decide(&found, attempt)?;
    if let (Some(write), Outcome::Granted { .. } | Outcome::Wrong { .. }) = (write, &outcome) {
        apply(&mut tx, attempt, &found, write).await?;
    }
    tx.commit().await?;
    Ok(outcome)
}

/// The row first, which may wait; then, in a newer snapshot, the clock, the claim and the receipt. The
/// other way round an expired secret is granted, or one claim uses two views.
async fn lock_and_read(tx: &mut PgConnection, attempt: &Attempt) -> Result<Found, sqlx::Error> {
    let secret: Option<SecretRow<DateTime<Utc>>> = sqlx::query_as(
        "SELECT reveal_hash, share, views_left, bad_tries, locked_until, expires_at
           FROM secrets WHERE id = $1 AND access_hash = $2 FOR UPDATE",
    )
    .bind(attempt.id.as_bytes().as_slice())
    .bind(attempt.access_hash.as_slice())
    .fetch_optional(&mut *tx)
    .await?;
    let after: AfterLock<DateTime<Utc>> = sqlx::query_as(
        "SELECT date_trunc('milliseconds', clock_timestamp()) AS now,
                c.share AS claim_share, c.views_left AS claim_views_left, c.expires_at AS claim_expires_at,
                r.state, r.expires_at, r.ended_at
           FROM (SELECT) AS one LEFT JOIN claims c ON c.claim_hash = $3
                                LEFT JOIN receipts r ON r.id = $1 AND r.access_hash = $2",
    )
    .bind(attempt.id.as_bytes().as_slice())
    .bind(attempt.access_hash.as_slice())
    .bind(attempt.claim_hash.as_slice())
    .fetch_one(&mut *tx)
    .await?;
    after.into_found(secret)
}

async fn apply(
    tx: &mut PgConnection,
    attempt: &Attempt,
    found: &Found,
    write: Write,
) -> Result<(), sqlx::Error> {
    let query = match write {
        Write::View { views_left } => sqlx::query(
            "WITH claim AS (
               INSERT INTO claims (claim_hash, share, views_left, expires_at)
               SELECT $2, share, $3, $5 FROM secrets WHERE id = $1
                   ON CONFLICT (claim_hash) DO UPDATE
                  SET share = excluded.share, views_left = excluded.views_left, expires_at = excluded.expires_at
             ), gone AS (
               DELETE FROM secrets WHERE id = $1 AND $3 = 0
             ), kept AS (
               UPDATE secrets SET views_left = $3, bad_tries = 0, locked_until = NULL WHERE id = $1 AND $3 > 0
             )
             UPDATE receipts
                SET views_used = views_used + 1, viewed_at = viewed_at || $4,
                    state = CASE WHEN $3 = 0 THEN 'viewed' ELSE state END,
                    ended_at = CASE WHEN $3 = 0 THEN $4 END
              WHERE id = $1",
        )
        .bind(attempt.id.as_bytes().as_slice())
        .bind(attempt.claim_hash.as_slice())
        .bind(i16::from(views_left))
        .bind(found.now)
        .bind(found.now + CLAIM_TTL),
        Write::Try { bad_tries, locked_until } => sqlx::query(
            "WITH tried AS (UPDATE secrets SET bad_tries = $2, locked_until = $3 WHERE id = $1)
             UPDATE receipts SET wrong_passphrases = wrong_passphrases + 1 WHERE id = $1",
        )
        .bind(attempt.id.as_bytes().as_slice())
        .bind(i32::try_from(bad_tries).unwrap_or(i32::MAX))
        .bind(locked_until),
    };
    query.execute(tx).await.map(|_| ())
}
