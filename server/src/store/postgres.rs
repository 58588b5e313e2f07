//! PostgreSQL. `READ COMMITTED`, row locks, and its own clock: `clock_timestamp()`, read after the lock.

use std::sync::Arc;
use std::time::Duration;

use app::store::{
    Attempt, Creation, Ended, NewSecret, Opened, Outcome, Receipt, SecretStore, StoreError, Swept,
};
use app::vault::{CLAIM_TTL, Found, RECEIPT_TTL, Write, decide};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use shared_crypto::wire::State;
use shared_crypto::{Digest, SecretId};
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions};
use sqlx::{Executor, FromRow, Row};

use super::ConnectError;
use super::rows::{self, AfterLock, ReceiptRow, SecretRow};
use super::unit::{Trouble, unit};

/// What a connection is set to, whatever the server's own settings are.
const SESSION: &str = "SET synchronous_commit = on;
    SET default_transaction_isolation = 'read committed';
    SET lock_timeout = '5s';
    SET statement_timeout = '10s';
    SET idle_in_transaction_session_timeout = '15s';
    -- No value of a row in the log of statements, where whoever runs PostgreSQL lets us say so.
    DO $$ BEGIN SET log_parameter_max_length = 0; EXCEPTION WHEN insufficient_privilege THEN NULL; END $$";

/// Secrets in PostgreSQL, which several servers may share.
#[derive(Debug, Clone)]
pub struct PostgresStore {
    pool: PgPool,
}

impl PostgresStore {
    /// Connects and migrates; servers that start together wait for each other.
    pub async fn connect(url: &str) -> Result<Self, ConnectError> {
        let pool = PgPoolOptions::new().max_connections(20);
        Self::connect_with(url.parse()?, pool).await
    }

    /// The same, with the caller's own pool.
    pub async fn connect_with(options: PgConnectOptions, pool: PgPoolOptions) -> Result<Self, ConnectError> {
        // A connection of its own: waiting for another server's migration may take longer than a statement may.
        let migrating = PgPoolOptions::new().max_connections(1).connect_with(options.clone()).await?;
        sqlx::migrate!("migrations/postgres").run(&migrating).await?;
        migrating.close().await;
        let pool = pool
            .acquire_timeout(Duration::from_secs(5))
            .after_connect(|connection, _| {
                Box::pin(async move { connection.execute(SESSION).await.map(|_| ()) })
            })
            .connect_with(options)
            .await?;
        Ok(Self { pool })
    }

    /// The pool, for tests that look at the rows.
    pub const fn pool(&self) -> &PgPool {
        &self.pool
    }
}

#[async_trait]
impl SecretStore for PostgresStore {
    async fn create(&self, secret: NewSecret) -> Result<Creation, StoreError> {
        let (pool, secret) = (self.pool.clone(), Arc::new(secret));
        unit(move || create(pool.clone(), Arc::clone(&secret))).await
    }

    async fn open(&self, id: &SecretId, access_hash: &Digest) -> Result<Option<Opened>, StoreError> {
        let (pool, id, access_hash) = (self.pool.clone(), id.clone(), *access_hash);
        unit(move || open(pool.clone(), id.clone(), access_hash)).await
    }

    async fn reveal(&self, attempt: Attempt) -> Result<Outcome, StoreError> {
        let (pool, attempt) = (self.pool.clone(), Arc::new(attempt));
        unit(move || reveal(pool.clone(), Arc::clone(&attempt))).await
    }

    async fn receipt(&self, receipt_hash: &Digest) -> Result<Option<Receipt>, StoreError> {
        let (pool, receipt_hash) = (self.pool.clone(), *receipt_hash);
        unit(move || {
            let pool = pool.clone();
            async move { Ok(read_receipt(&mut *pool.acquire().await?, receipt_hash).await?) }
        })
        .await
    }

    async fn burn(&self, receipt_hash: &Digest) -> Result<Option<Receipt>, StoreError> {
        let (pool, receipt_hash) = (self.pool.clone(), *receipt_hash);
        unit(move || burn(pool.clone(), receipt_hash)).await
    }

    async fn sweep(&self) -> Result<Swept, StoreError> {
        let pool = self.pool.clone();
        unit(move || sweep(pool.clone())).await
    }

    async fn stored_bytes(&self) -> Result<u64, StoreError> {
        let pool = self.pool.clone();
        unit(move || {
            let pool = pool.clone();
            async move {
                let sum = "SELECT coalesce(sum(octet_length(envelope)), 0)::bigint FROM secrets";
                Ok(rows::small(sqlx::query_scalar::<_, i64>(sum).fetch_one(&pool).await?)?)
            }
        })
        .await
    }

    async fn close(&self) {
        self.pool.close().await;
    }

    async fn ping(&self) -> Result<(), StoreError> {
        let pool = self.pool.clone();
        unit(move || {
            let pool = pool.clone();
            async move { Ok(sqlx::query("SELECT 1").execute(&pool).await.map(|_| ())?) }
        })
        .await
    }
}

async fn create(pool: PgPool, secret: Arc<NewSecret>) -> Result<Creation, Trouble> {
    let mut tx = pool.begin().await?;
    let row = sqlx::query(
        "WITH t AS MATERIALIZED (SELECT date_trunc('milliseconds', clock_timestamp()) AS now),
         r AS (
           INSERT INTO receipts (id, access_hash, receipt_hash, request_hash, max_views, created_at, expires_at)
           SELECT $1, $2, $4, $5, $8, now, now + $9 * interval '1 second' FROM t WHERE $10
               ON CONFLICT DO NOTHING RETURNING id, created_at, expires_at
         ), s AS (
           INSERT INTO secrets (id, access_hash, reveal_hash, share, envelope, views_left, expires_at)
           SELECT id, $2, $3, $6, $7, $8, expires_at FROM r
         )
         SELECT true AS same, id, created_at, expires_at FROM r
         UNION ALL
         SELECT access_hash = $2 AND receipt_hash = $4 AND request_hash = $5, id, created_at, expires_at
           FROM receipts WHERE (access_hash = $2 OR receipt_hash = $4) AND NOT EXISTS (SELECT FROM r)
          ORDER BY same DESC LIMIT 1",
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
    .bind(secret.has_room)
    .fetch_optional(&mut *tx)
    .await?;
    let row = match row {
        Some(row) => row,
        None if !secret.has_room => return Ok(Creation::NoRoom),
        // A twin has just committed, which this statement's snapshot does not show.
        None => return Err(Trouble::ReadAgain),
    };
    tx.commit().await?;
    if !row.try_get::<bool, _>("same")? {
        return Ok(Creation::Conflict);
    }
    Ok(Creation::Created {
        id: rows::id(row.try_get("id")?)?,
        created_at: row.try_get("created_at")?,
        expires_at: row.try_get("expires_at")?,
    })
}

async fn open(pool: PgPool, id: SecretId, access_hash: Digest) -> Result<Option<Opened>, Trouble> {
    let row = sqlx::query(
        "WITH t AS MATERIALIZED (SELECT clock_timestamp() AS now)
         SELECT r.state, r.ended_at, r.max_views, r.created_at, r.expires_at, t.now, s.envelope, s.views_left
           FROM t JOIN receipts r ON r.id = $1 AND r.access_hash = $2
                  LEFT JOIN secrets s ON s.id = r.id AND s.access_hash = r.access_hash AND s.expires_at > t.now",
    )
    .bind(id.as_bytes().as_slice())
    .bind(access_hash.as_slice())
    .fetch_optional(&pool)
    .await?;
    let Some(row) = row else { return Ok(None) };
    if let (Some(envelope), Some(left)) =
        (row.try_get("envelope")?, row.try_get::<Option<i16>, _>("views_left")?)
    {
        return Ok(Some(Opened::Live {
            envelope,
            max_views: rows::small(row.try_get::<i16, _>("max_views")?)?,
            views_left: rows::small(left)?,
            created_at: row.try_get("created_at")?,
            expires_at: row.try_get("expires_at")?,
        }));
    }
    let expires_at: DateTime<Utc> = row.try_get("expires_at")?;
    let state = match rows::state(row.try_get("state")?)? {
        State::Live => State::Expired,
        ended => ended,
    };
    let ended_at = row.try_get::<Option<_>, _>("ended_at")?.unwrap_or(expires_at);
    Ok(Some(Opened::Gone(Ended { state, ended_at })))
}

async fn reveal(pool: PgPool, attempt: Arc<Attempt>) -> Result<Outcome, Trouble> {
    let mut tx = pool.begin().await?;
    let found = lock_and_read(&mut tx, &attempt).await?;
    let (outcome, write) = decide(&found, &attempt)?;
    if let (Some(write), Outcome::Granted { .. } | Outcome::Wrong { .. }) = (write, &outcome) {
        apply(&mut tx, &attempt, &found, write).await?;
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

async fn read_receipt(
    connection: &mut PgConnection,
    receipt_hash: Digest,
) -> Result<Option<Receipt>, sqlx::Error> {
    let row = sqlx::query(
        "SELECT state, created_at, expires_at, max_views, viewed_at, wrong_passphrases, ended_at,
                date_trunc('milliseconds', clock_timestamp()) AS now
           FROM receipts WHERE receipt_hash = $1",
    )
    .bind(receipt_hash.as_slice())
    .fetch_optional(connection)
    .await?;
    row.map(|row| ReceiptRow::<DateTime<Utc>>::from_row(&row)?.into_receipt(row.try_get("viewed_at")?))
        .transpose()
}

async fn burn(pool: PgPool, receipt_hash: Digest) -> Result<Option<Receipt>, Trouble> {
    let mut tx = pool.begin().await?;
    sqlx::query(
        "SELECT FROM secrets s JOIN receipts r ON r.id = s.id WHERE r.receipt_hash = $1 FOR UPDATE OF s",
    )
    .bind(receipt_hash.as_slice())
    .execute(&mut *tx)
    .await?;
    // What ended first stays: an expired or viewed secret is not burned.
    sqlx::query(
        "WITH t AS MATERIALIZED (SELECT date_trunc('milliseconds', clock_timestamp()) AS now),
         burned AS (
           UPDATE receipts SET state = 'burned', ended_at = now FROM t
            WHERE receipt_hash = $1 AND state = 'live' AND expires_at > now RETURNING id
         )
         DELETE FROM secrets s USING burned WHERE s.id = burned.id",
    )
    .bind(receipt_hash.as_slice())
    .execute(&mut *tx)
    .await?;
    let receipt = read_receipt(&mut tx, receipt_hash).await?;
    tx.commit().await?;
    Ok(receipt)
}

/// Small batches that step around locked rows, so that sweeping never makes a reader wait.
async fn sweep(pool: PgPool) -> Result<Swept, Trouble> {
    let secrets = sqlx::query(
        "WITH e AS MATERIALIZED (SELECT id FROM secrets WHERE expires_at <= clock_timestamp()
                                  ORDER BY expires_at LIMIT 100 FOR UPDATE SKIP LOCKED)
         DELETE FROM secrets s USING e WHERE s.id = e.id",
    )
    .execute(&pool)
    .await?;
    let claims = sqlx::query(
        "WITH e AS MATERIALIZED (SELECT claim_hash FROM claims WHERE expires_at <= clock_timestamp()
                                  ORDER BY expires_at LIMIT 1000 FOR UPDATE SKIP LOCKED)
         DELETE FROM claims c USING e WHERE c.claim_hash = e.claim_hash",
    )
    .execute(&pool)
    .await?;
    let receipts = sqlx::query(
        "WITH e AS MATERIALIZED (SELECT id FROM receipts WHERE expires_at <= clock_timestamp() - $1 * interval '1 second'
                                  ORDER BY expires_at LIMIT 1000 FOR UPDATE SKIP LOCKED)
         DELETE FROM receipts r USING e WHERE r.id = e.id",
    )
    .bind(RECEIPT_TTL.as_seconds_f64())
    .execute(&pool)
    .await?;
    Ok(Swept {
        secrets: secrets.rows_affected(),
        claims: claims.rows_affected(),
        receipts: receipts.rows_affected(),
    })
}
