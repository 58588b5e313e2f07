//! Who gets a view, for several callers in one transaction, and with one wait for the disk.

use std::sync::Arc;

use app::store::{Attempt, Outcome};
use app::vault::{CLAIM_TTL, Change, Docket, Found};
use sqlx::QueryBuilder;
use sqlx::sqlite::{Sqlite, SqliteConnection, SqlitePool};
use tokio::sync::Notify;

use super::begin;
use crate::store::docket::decide_all;
use crate::store::gather::Carrier;
use crate::store::rows::FoundRow;
use crate::store::unit::Trouble;

/// Looks whether each caller has the link to a secret that is or was here.
pub(super) struct Known(pub(super) SqlitePool);

impl Carrier for Known {
    type Call = Attempt;
    type Answer = bool;

    async fn carry(&mut self, calls: &[Arc<Attempt>]) -> Result<Vec<Option<bool>>, Trouble> {
        let mut query = QueryBuilder::<Sqlite>::new("WITH q(n, id, access_hash) AS (");
        query.push_values(calls.iter().zip(0_i64..), |mut row, (attempt, n)| {
            row.push_bind(n)
                .push_bind(attempt.id.as_bytes().to_vec())
                .push_bind(attempt.access_hash.to_vec());
        });
        query.push(
            ") SELECT r.id IS NOT NULL FROM q LEFT JOIN receipts r ON r.id = q.id AND r.access_hash = q.access_hash
               ORDER BY q.n",
        );
        Ok(query.build_query_scalar().fetch_all(&self.0).await?.into_iter().map(Some).collect())
    }
}

/// Who writes, and what waits for deletions.
#[derive(Clone)]
pub(super) struct Reveals {
    pub(super) writer: SqlitePool,
    pub(super) deleted: Arc<Notify>,
}

impl Carrier for Reveals {
    type Call = Attempt;
    type Answer = Outcome;

    async fn carry(&mut self, calls: &[Arc<Attempt>]) -> Result<Vec<Option<Outcome>>, Trouble> {
        let mut tx = begin(&self.writer).await?;
        let (docket, outcomes) = decide_all(calls, read(&mut tx, calls).await?)?;
        let changes = docket.changes();
        if !changes.is_empty() {
            apply(&mut tx, &docket, changes).await?;
        }
        let ends = docket.changes().iter().any(|change| change.becomes.views_left == 0);
        tx.commit().await.map_err(Trouble::Commit)?;
        if ends {
            self.deleted.notify_one();
        }
        Ok(outcomes)
    }
}

/// One alone, who needs a closer look.
pub(super) async fn reveal(mut reveals: Reveals, attempt: Arc<Attempt>) -> Result<Outcome, Trouble> {
    reveals.carry(&[attempt]).await?.pop().flatten().ok_or(Trouble::ReadAgain)
}

/// Whoever writes is alone: what is read here stays true until the commit.
async fn read(tx: &mut SqliteConnection, attempts: &[Arc<Attempt>]) -> Result<Vec<Found>, sqlx::Error> {
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
                r.state, r.expires_at, r.ended_at, s.reveal_hash, s.share, s.views_left, s.bad_tries,
                s.locked_until, s.expires_at AS secret_expires_at
           FROM q CROSS JOIN t LEFT JOIN claims c ON c.claim_hash = q.claim_hash
                               LEFT JOIN receipts r ON r.id = q.id AND r.access_hash = q.access_hash
                               LEFT JOIN secrets s ON s.id = q.id AND s.access_hash = q.access_hash
          ORDER BY q.n",
    );
    let rows: Vec<FoundRow<i64>> = query.build_query_as().fetch_all(tx).await?;
    rows.into_iter().map(FoundRow::into_found).collect()
}

/// Everything that was decided, in a statement for each table. `OR FAIL`: a failure ends the whole transaction anyway.
async fn apply(tx: &mut SqliteConnection, docket: &Docket, changes: Vec<Change>) -> Result<(), sqlx::Error> {
    let now = docket.now().timestamp_millis();
    if !docket.new_claims().is_empty() {
        let until = (docket.now() + CLAIM_TTL).timestamp_millis();
        let mut claims = QueryBuilder::<Sqlite>::new("WITH k(id, claim_hash, views_left) AS (");
        claims.push_values(docket.new_claims(), |mut row, (id, hash, views_left)| {
            row.push_bind(id.as_bytes().to_vec()).push_bind(hash.to_vec()).push_bind(*views_left);
        });
        claims.push(
            ") INSERT OR FAIL INTO claims (claim_hash, share, views_left, expires_at)
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
        changes.into_iter().partition(|change| change.becomes.views_left == 0);
    if !gone.is_empty() {
        let mut delete = QueryBuilder::<Sqlite>::new("DELETE FROM secrets WHERE id IN (");
        delete.push_values(&gone, |mut row, change| {
            row.push_bind(change.id.as_bytes().to_vec());
        });
        delete.push(")");
        delete.build().execute(&mut *tx).await?;
    }
    if !kept.is_empty() {
        let mut update = QueryBuilder::<Sqlite>::new("WITH v(id, views_left, bad_tries, locked_until) AS (");
        update.push_values(&kept, |mut row, change| {
            row.push_bind(change.id.as_bytes().to_vec())
                .push_bind(change.becomes.views_left)
                .push_bind(change.becomes.bad_tries)
                .push_bind(change.becomes.locked_until.map(|until| until.timestamp_millis()));
        });
        update.push(
            ") UPDATE OR FAIL secrets SET views_left = v.views_left, bad_tries = v.bad_tries, locked_until = v.locked_until
                FROM v WHERE secrets.id = v.id",
        );
        update.build().execute(&mut *tx).await?;
    }
    let mut receipts = QueryBuilder::<Sqlite>::new("WITH v(id, ends, viewed, views, wrong) AS (");
    receipts.push_values(gone.iter().chain(&kept), |mut row, change| {
        row.push_bind(change.id.as_bytes().to_vec())
            .push_bind(change.becomes.views_left == 0)
            .push_bind(change.viewed)
            // What json_insert would append, as often as there was a view.
            .push_bind(format!(",{now}").repeat(usize::try_from(change.viewed).unwrap_or_default()))
            .push_bind(change.wrong);
    });
    receipts.push(
        ") UPDATE OR FAIL receipts
              SET views_used = views_used + v.viewed,
                  viewed_at = replace(rtrim(viewed_at, ']') || v.views || ']', '[,', '['),
                  wrong_passphrases = wrong_passphrases + v.wrong,
                  state = iif(v.ends, 'viewed', state), ended_at = iif(v.ends, ",
    );
    receipts.push_bind(now).push(", ended_at) FROM v WHERE receipts.id = v.id");
    receipts.build().execute(tx).await.map(|_| ())
}
