//! Who gets a view, for several callers in one transaction, and with one wait for the disk.

use std::collections::HashMap;
use std::sync::Arc;

use app::store::{Attempt, Outcome};
use app::vault::{CLAIM_TTL, Docket, Held};
use sqlx::sqlite::{Sqlite, SqliteConnection, SqliteRow};
use sqlx::{FromRow as _, QueryBuilder, Row as _};

use super::{SqliteStore, begin};
use crate::store::docket::{Key, Read, decide_all, wanted};
use crate::store::rows::{self, AfterLock, SecretRow};

/// Each caller's outcome, in the order of arrival; `None` for who needs a closer look, and goes alone, and for all
/// where the transaction failed.
pub(super) async fn reveal_all(store: SqliteStore, attempts: Vec<Arc<Attempt>>) -> Vec<Option<Outcome>> {
    settle(&store, &attempts).await.unwrap_or_else(|error| {
        tracing::debug!(error = %crate::store::unavailable(&error), "a batch of reveals goes one by one");
        vec![None; attempts.len()]
    })
}

async fn settle(store: &SqliteStore, attempts: &[Arc<Attempt>]) -> Result<Vec<Option<Outcome>>, sqlx::Error> {
    let mut tx = begin(&store.writer).await?;
    let held = secrets(&mut tx, attempts).await?;
    let (docket, outcomes) = decide_all(attempts, held, read(&mut tx, attempts).await?)?;
    let changes = docket.changes();
    if !changes.is_empty() {
        apply(&mut tx, &docket).await?;
    }
    tx.commit().await?;
    if changes.iter().any(|(_, change)| change.views_left == 0) {
        store.deleted.notify_one();
    }
    Ok(outcomes)
}

/// Whoever writes is alone: what is read here stays true until the commit.
async fn secrets(
    tx: &mut SqliteConnection,
    attempts: &[Arc<Attempt>],
) -> Result<HashMap<Key, Held>, sqlx::Error> {
    let mut query = QueryBuilder::<Sqlite>::new("WITH q(id, access_hash) AS (");
    query.push_values(wanted(attempts), |mut row, (id, access_hash)| {
        row.push_bind(id.to_vec()).push_bind(access_hash.to_vec());
    });
    query.push(
        ") SELECT s.id, s.access_hash, s.reveal_hash, s.share, s.views_left, s.bad_tries, s.locked_until, s.expires_at
             FROM q JOIN secrets s ON s.id = q.id AND s.access_hash = q.access_hash",
    );
    let keyed = |row: SqliteRow| {
        let id = rows::id(row.try_get("id")?)?;
        let access_hash = rows::digest(row.try_get("access_hash")?)?;
        Ok(((*id.as_bytes(), access_hash), SecretRow::<i64>::from_row(&row)?.into_held()?))
    };
    query.build().fetch_all(tx).await?.into_iter().map(keyed).collect()
}

async fn read(tx: &mut SqliteConnection, attempts: &[Arc<Attempt>]) -> Result<Vec<Read<i64>>, sqlx::Error> {
    let mut query = QueryBuilder::<Sqlite>::new("WITH q(n, id, access_hash, claim_hash) AS (");
    query.push_values(attempts.iter().zip(0_i64..), |mut row, (attempt, n)| {
        row.push_bind(n)
            .push_bind(attempt.id.as_bytes().to_vec())
            .push_bind(attempt.access_hash.to_vec())
            .push_bind(attempt.claim_hash.to_vec());
    });
    query.push(
        "), t AS MATERIALIZED (SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER) AS now)
         SELECT t.now, c.share AS claim_share, c.views_left AS claim_views_left, c.expires_at AS claim_expires_at,
                r.state, r.expires_at, r.ended_at
           FROM q CROSS JOIN t LEFT JOIN claims c ON c.claim_hash = q.claim_hash
                               LEFT JOIN receipts r ON r.id = q.id AND r.access_hash = q.access_hash
          ORDER BY q.n",
    );
    let read = |row: SqliteRow| Ok(Read { is_there: false, after: AfterLock::from_row(&row)? });
    query.build().fetch_all(tx).await?.into_iter().map(read).collect()
}

/// Everything that was decided, in a statement for each table.
async fn apply(tx: &mut SqliteConnection, docket: &Docket) -> Result<(), sqlx::Error> {
    let now = docket.now().timestamp_millis();
    if !docket.new_claims().is_empty() {
        let until = (docket.now() + CLAIM_TTL).timestamp_millis();
        let mut claims = QueryBuilder::<Sqlite>::new("WITH k(id, claim_hash, views_left) AS (");
        claims.push_values(docket.new_claims(), |mut row, (id, hash, views_left)| {
            row.push_bind(id.as_bytes().to_vec()).push_bind(hash.to_vec()).push_bind(*views_left);
        });
        claims.push(
            ") INSERT INTO claims (claim_hash, share, views_left, expires_at)
               SELECT k.claim_hash, s.share, k.views_left, ",
        );
        claims.push_bind(until).push(
            " FROM k JOIN secrets s ON s.id = k.id WHERE true
               ON CONFLICT (claim_hash) DO UPDATE
              SET share = excluded.share, views_left = excluded.views_left, expires_at = excluded.expires_at",
        );
        claims.build().execute(&mut *tx).await?;
    }
    let (gone, kept): (Vec<_>, Vec<_>) =
        docket.changes().into_iter().partition(|(_, change)| change.views_left == 0);
    if !gone.is_empty() {
        let mut delete = QueryBuilder::<Sqlite>::new("DELETE FROM secrets WHERE id IN (");
        delete.push_values(&gone, |mut row, (id, _)| {
            row.push_bind(id.as_bytes().to_vec());
        });
        delete.push(")");
        delete.build().execute(&mut *tx).await?;
    }
    if !kept.is_empty() {
        let mut update = QueryBuilder::<Sqlite>::new("WITH v(id, views_left, bad_tries, locked_until) AS (");
        update.push_values(&kept, |mut row, (id, change)| {
            row.push_bind(id.as_bytes().to_vec())
                .push_bind(change.views_left)
                .push_bind(change.bad_tries)
                .push_bind(change.locked_until.map(|until| until.timestamp_millis()));
        });
        update.push(
            ") UPDATE secrets SET views_left = v.views_left, bad_tries = v.bad_tries, locked_until = v.locked_until
                FROM v WHERE secrets.id = v.id",
        );
        update.build().execute(&mut *tx).await?;
    }
    let mut receipts = QueryBuilder::<Sqlite>::new("WITH v(id, ends, viewed, views, wrong) AS (");
    receipts.push_values(gone.iter().chain(&kept), |mut row, (id, change)| {
        row.push_bind(id.as_bytes().to_vec())
            .push_bind(change.views_left == 0)
            .push_bind(change.viewed)
            // What json_insert would append, as often as there was a view.
            .push_bind(format!(",{now}").repeat(usize::try_from(change.viewed).unwrap_or_default()))
            .push_bind(change.wrong);
    });
    receipts.push(
        ") UPDATE receipts
              SET views_used = views_used + v.viewed,
                  viewed_at = replace(rtrim(viewed_at, ']') || v.views || ']', '[,', '['),
                  wrong_passphrases = wrong_passphrases + v.wrong,
                  state = iif(v.ends, 'viewed', state), ended_at = iif(v.ends, ",
    );
    receipts.push_bind(now).push(", ended_at) FROM v WHERE receipts.id = v.id");
    receipts.build().execute(tx).await.map(|_| ())
}
