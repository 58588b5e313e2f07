//! Who gets a view, for several callers in one transaction: lock and read, decide one after the other, apply.

use std::collections::HashMap;
use std::sync::Arc;

use app::store::{Attempt, Outcome};
use app::vault::{CLAIM_TTL, Docket, Held};
use chrono::{DateTime, Utc};
use sqlx::postgres::{PgConnection, PgPool, PgRow};
use sqlx::{FromRow as _, Row as _};

use super::reveal::{Patience, reveal};
use crate::store::docket::{Key, Read, decide_all, wanted};
use crate::store::rows::{self, AfterLock, SecretRow};

type Moment = DateTime<Utc>;

/// Each caller's outcome, in the order of arrival. `None` for who needs a closer look, and goes alone: where
/// somebody else has the lock, a batch does not wait for it. `None` for all where the transaction failed.
pub(super) async fn reveal_all(pool: PgPool, attempts: Vec<Arc<Attempt>>) -> Vec<Option<Outcome>> {
    if let [attempt] = &*attempts {
        // For one the plainer statements are the faster ones.
        return vec![reveal(pool, Arc::clone(attempt), Patience::Skip).await.ok()];
    }
    settle(&pool, &attempts).await.unwrap_or_else(|error| {
        tracing::debug!(error = %crate::store::unavailable(&error), "a batch of reveals goes one by one");
        vec![None; attempts.len()]
    })
}

async fn settle(pool: &PgPool, attempts: &[Arc<Attempt>]) -> Result<Vec<Option<Outcome>>, sqlx::Error> {
    let mut tx = pool.begin().await?;
    let held = lock(&mut tx, attempts).await?;
    let (docket, outcomes) = decide_all(attempts, held, read(&mut tx, attempts).await?)?;
    apply(&mut tx, &docket).await?;
    tx.commit().await?;
    Ok(outcomes)
}

/// The rows that are free, locked in one order. Nobody is waited for.
async fn lock(tx: &mut PgConnection, attempts: &[Arc<Attempt>]) -> Result<HashMap<Key, Held>, sqlx::Error> {
    let wanted = wanted(attempts);
    let locked = sqlx::query(
        "SELECT s.id, s.access_hash, s.reveal_hash, s.share, s.views_left, s.bad_tries, s.locked_until, s.expires_at
           FROM secrets s JOIN unnest($1::bytea[], $2::bytea[]) AS q(id, access_hash)
                            ON s.id = q.id AND s.access_hash = q.access_hash
          ORDER BY s.id FOR UPDATE OF s SKIP LOCKED",
    )
    .bind(wanted.iter().map(|(id, _)| id.as_slice()).collect::<Vec<_>>())
    .bind(wanted.iter().map(|(_, access_hash)| access_hash.as_slice()).collect::<Vec<_>>())
    .fetch_all(tx)
    .await?;
    let keyed = |row: PgRow| {
        let id = rows::id(row.try_get("id")?)?;
        let access_hash = rows::digest(row.try_get("access_hash")?)?;
        Ok(((*id.as_bytes(), access_hash), SecretRow::<Moment>::from_row(&row)?.into_held()?))
    };
    locked.into_iter().map(keyed).collect()
}

/// In a newer snapshot: the clock, the claims and the receipts, and whether the secret is there at all.
async fn read(tx: &mut PgConnection, attempts: &[Arc<Attempt>]) -> Result<Vec<Read<Moment>>, sqlx::Error> {
    let column =
        |field: fn(&Attempt) -> &[u8]| attempts.iter().map(|attempt| field(attempt)).collect::<Vec<_>>();
    let rows = sqlx::query(
        "WITH t AS MATERIALIZED (SELECT date_trunc('milliseconds', clock_timestamp()) AS now)
         SELECT t.now, c.share AS claim_share, c.views_left AS claim_views_left, c.expires_at AS claim_expires_at,
                r.state, r.expires_at, r.ended_at, s.id IS NOT NULL AS is_there
           FROM t, unnest($1::bytea[], $2::bytea[], $3::bytea[])
                     WITH ORDINALITY AS q(id, access_hash, claim_hash, n)
                LEFT JOIN claims c ON c.claim_hash = q.claim_hash
                LEFT JOIN receipts r ON r.id = q.id AND r.access_hash = q.access_hash
                LEFT JOIN secrets s ON s.id = q.id AND s.access_hash = q.access_hash
          ORDER BY q.n",
    )
    .bind(column(|attempt| attempt.id.as_bytes()))
    .bind(column(|attempt| &attempt.access_hash))
    .bind(column(|attempt| &attempt.claim_hash))
    .fetch_all(tx)
    .await?;
    let read =
        |row: PgRow| Ok(Read { is_there: row.try_get("is_there")?, after: AfterLock::from_row(&row)? });
    rows.into_iter().map(read).collect()
}

/// Everything that was decided, in one statement.
async fn apply(tx: &mut PgConnection, docket: &Docket) -> Result<(), sqlx::Error> {
    let changes = docket.changes();
    if changes.is_empty() {
        return Ok(());
    }
    let claims = docket.new_claims();
    sqlx::query(
        "WITH v AS MATERIALIZED (
           SELECT * FROM unnest($1::bytea[], $2::smallint[], $3::integer[], $4::timestamptz[], $5::integer[],
                                $6::integer[])
                      AS v(id, views_left, bad_tries, locked_until, viewed, wrong)
         ), claim AS (
           INSERT INTO claims (claim_hash, share, views_left, expires_at)
           SELECT k.claim_hash, s.share, k.views_left, $11
             FROM unnest($7::bytea[], $8::bytea[], $9::smallint[]) AS k(id, claim_hash, views_left)
                  JOIN secrets s ON s.id = k.id
               ON CONFLICT (claim_hash) DO UPDATE
              SET share = excluded.share, views_left = excluded.views_left, expires_at = excluded.expires_at
         ), gone AS (
           DELETE FROM secrets s USING v WHERE s.id = v.id AND v.views_left = 0
         ), kept AS (
           UPDATE secrets s SET views_left = v.views_left, bad_tries = v.bad_tries, locked_until = v.locked_until
             FROM v WHERE s.id = v.id AND v.views_left > 0
         )
         UPDATE receipts r
            SET views_used = r.views_used + v.viewed,
                viewed_at = r.viewed_at || array_fill($10::timestamptz, ARRAY[v.viewed]),
                wrong_passphrases = r.wrong_passphrases + v.wrong,
                state = CASE WHEN v.views_left = 0 THEN 'viewed' ELSE r.state END,
                ended_at = CASE WHEN v.views_left = 0 THEN $10 ELSE r.ended_at END
           FROM v WHERE r.id = v.id",
    )
    .bind(changes.iter().map(|(id, _)| id.as_bytes().as_slice()).collect::<Vec<_>>())
    .bind(changes.iter().map(|(_, change)| i16::from(change.views_left)).collect::<Vec<_>>())
    .bind(changes.iter().map(|(_, change)| count(change.bad_tries)).collect::<Vec<_>>())
    .bind(changes.iter().map(|(_, change)| change.locked_until).collect::<Vec<_>>())
    .bind(changes.iter().map(|(_, change)| count(change.viewed)).collect::<Vec<_>>())
    .bind(changes.iter().map(|(_, change)| count(change.wrong)).collect::<Vec<_>>())
    .bind(claims.iter().map(|(id, ..)| id.as_bytes().as_slice()).collect::<Vec<_>>())
    .bind(claims.iter().map(|(_, hash, _)| hash.as_slice()).collect::<Vec<_>>())
    .bind(claims.iter().map(|(.., left)| i16::from(*left)).collect::<Vec<_>>())
    .bind(docket.now())
    .bind(docket.now() + CLAIM_TTL)
    .execute(tx)
    .await
    .map(|_| ())
}

fn count(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
