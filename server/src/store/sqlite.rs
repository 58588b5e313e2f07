//! SQLite, the embedded default. One writer, `BEGIN IMMEDIATE`, the clock read in the SQL.

mod files;

use std::str::FromStr;
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
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
    SqliteSynchronous,
};
use sqlx::{Connection, FromRow, Row, Sqlite, Transaction};
use tokio::sync::Notify;

use super::ConnectError;
use super::rows::{self, AfterLock, ReceiptRow, SecretRow, Time as _};
use super::unit::{Trouble, unit};

/// How long one connection waits for another process's write.
const BUSY: Duration = Duration::from_secs(5);

/// Secrets in one SQLite file.
#[derive(Debug, Clone)]
pub struct SqliteStore {
    writer: SqlitePool,
    readers: SqlitePool,
    deleted: Arc<Notify>,
}

impl SqliteStore {
    /// Opens or makes the file of `sqlite:PATH` and migrates it.
    pub async fn connect(url: &str) -> Result<Self, ConnectError> {
        Self::connect_with(Self::options(url)?, SqlitePoolOptions::new()).await
    }

    /// How every connection is set up.
    pub fn options(url: &str) -> Result<SqliteConnectOptions, ConnectError> {
        Ok(SqliteConnectOptions::from_str(url)?
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            // Overwrites what is deleted. FAST is not enough: it keeps whatever is longer than a page. Nor is ON
            // alone: see `padding` in the migrations, which are made for pages of this size.
            .pragma("secure_delete", "ON")
            .page_size(4096)
            .pragma("trusted_schema", "OFF")
            .busy_timeout(BUSY))
    }

    /// The same with the caller's own options, and its own pool for the writer.
    pub async fn connect_with(
        options: SqliteConnectOptions,
        writer: SqlitePoolOptions,
    ) -> Result<Self, ConnectError> {
        files::make_private(options.get_filename())?;
        let writer = writer.max_connections(1).acquire_timeout(BUSY).after_release(|connection, _| {
            Box::pin(async move { fit_for_another_transaction(connection).await })
        });
        let writer = writer.connect_with(options.clone()).await?;
        files::migrate(&writer).await?;
        let readers = SqlitePoolOptions::new().max_connections(4).acquire_timeout(BUSY);
        let readers = readers.connect_lazy_with(options.read_only(true));
        let deleted = Arc::new(Notify::new());
        // What a process that was killed has left in the log.
        deleted.notify_one();
        files::checkpoint_after_deletions(&writer, &deleted);
        Ok(Self { writer, readers, deleted })
    }

    /// The pool of the one writer, for tests that look at the rows.
    pub const fn pool(&self) -> &SqlitePool {
        &self.writer
    }
}

#[async_trait]
impl SecretStore for SqliteStore {
    async fn create(&self, secret: NewSecret) -> Result<Creation, StoreError> {
        let (writer, secret) = (self.writer.clone(), Arc::new(secret));
        unit(move || create(writer.clone(), Arc::clone(&secret))).await
    }

    async fn open(&self, id: &SecretId, access_hash: &Digest) -> Result<Option<Opened>, StoreError> {
        let (readers, id, access_hash) = (self.readers.clone(), id.clone(), *access_hash);
        unit(move || open(readers.clone(), id.clone(), access_hash)).await
    }

    async fn reveal(&self, attempt: Attempt) -> Result<Outcome, StoreError> {
        let (store, attempt) = (self.clone(), Arc::new(attempt));
        unit(move || reveal(store.clone(), Arc::clone(&attempt))).await
    }

    async fn receipt(&self, receipt_hash: &Digest) -> Result<Option<Receipt>, StoreError> {
        let (readers, receipt_hash) = (self.readers.clone(), *receipt_hash);
        unit(move || {
            let readers = readers.clone();
            async move { Ok(read_receipt(&mut *readers.acquire().await?, receipt_hash).await?) }
        })
        .await
    }

    async fn burn(&self, receipt_hash: &Digest) -> Result<Option<Receipt>, StoreError> {
        let (store, receipt_hash) = (self.clone(), *receipt_hash);
        unit(move || burn(store.clone(), receipt_hash)).await
    }

    async fn sweep(&self) -> Result<Swept, StoreError> {
        let store = self.clone();
        unit(move || sweep(store.clone())).await
    }

    async fn stored_bytes(&self) -> Result<u64, StoreError> {
        let readers = self.readers.clone();
        unit(move || {
            let readers = readers.clone();
            async move {
                let pages = "SELECT (page_count - freelist_count) * page_size
                               FROM pragma_page_count, pragma_freelist_count, pragma_page_size";
                Ok(rows::small(sqlx::query_scalar::<_, i64>(pages).fetch_one(&readers).await?)?)
            }
        })
        .await
    }

    async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }

    async fn ping(&self) -> Result<(), StoreError> {
        let readers = self.readers.clone();
        unit(move || {
            let readers = readers.clone();
            async move { Ok(sqlx::query("SELECT 1").execute(&readers).await.map(|_| ())?) }
        })
        .await
    }
}

/// Where a commit fails, SQLite rolls back by itself, and sqlx goes on to believe in a transaction: on such a
/// connection no other can begin.
async fn fit_for_another_transaction(connection: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    // The rollback that sqlx has queued comes before the answer to this.
    connection.ping().await?;
    Ok(!connection.is_in_transaction())
}

/// The write lock, before anything is read: what is read afterwards stays true until the commit.
async fn begin(writer: &SqlitePool) -> Result<Transaction<'static, Sqlite>, sqlx::Error> {
    writer.begin_with("BEGIN IMMEDIATE").await
}

async fn now(tx: &mut SqliteConnection) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER)").fetch_one(tx).await
}

async fn create(writer: SqlitePool, secret: Arc<NewSecret>) -> Result<Creation, Trouble> {
    let mut tx = begin(&writer).await?;
    let now = now(&mut tx).await?;
    let known = sqlx::query(
        "SELECT access_hash = ?1 AND receipt_hash = ?2 AND request_hash = ?3 AS same, id, created_at, expires_at
           FROM receipts WHERE access_hash = ?1 OR receipt_hash = ?2 ORDER BY same DESC LIMIT 1",
    )
    .bind(secret.access_hash.as_slice())
    .bind(secret.receipt_hash.as_slice())
    .bind(secret.request_hash.as_slice())
    .fetch_optional(&mut *tx)
    .await?;
    if let Some(row) = known {
        tx.commit().await?;
        return if row.try_get::<bool, _>("same")? {
            Ok(Creation::Created {
                id: rows::id(row.try_get("id")?)?,
                created_at: row.try_get::<i64, _>("created_at")?.into_utc()?,
                expires_at: row.try_get::<i64, _>("expires_at")?.into_utc()?,
            })
        } else {
            Ok(Creation::Conflict)
        };
    }
    if !secret.has_room {
        return Ok(Creation::NoRoom);
    }
    let expires_at = now + i64::from(secret.ttl_seconds) * 1000;
    sqlx::query(
        "INSERT INTO receipts (id, access_hash, receipt_hash, request_hash, max_views, created_at, expires_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )
    .bind(secret.id.as_bytes().as_slice())
    .bind(secret.access_hash.as_slice())
    .bind(secret.receipt_hash.as_slice())
    .bind(secret.request_hash.as_slice())
    .bind(secret.max_views)
    .bind(now)
    .bind(expires_at)
    .execute(&mut *tx)
    .await?;
    sqlx::query(
        "INSERT INTO secrets (id, access_hash, reveal_hash, share, envelope, views_left, expires_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )
    .bind(secret.id.as_bytes().as_slice())
    .bind(secret.access_hash.as_slice())
    .bind(secret.reveal_hash.as_slice())
    .bind(secret.share.as_bytes().as_slice())
    .bind(secret.envelope.as_slice())
    .bind(secret.max_views)
    .bind(expires_at)
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(Creation::Created {
        id: secret.id.clone(),
        created_at: now.into_utc()?,
        expires_at: expires_at.into_utc()?,
    })
}

async fn open(readers: SqlitePool, id: SecretId, access_hash: Digest) -> Result<Option<Opened>, Trouble> {
    let row = sqlx::query(
        "WITH t AS MATERIALIZED (SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER) AS now)
         SELECT r.state, r.ended_at, r.max_views, r.created_at, r.expires_at, s.envelope, s.views_left
           FROM t JOIN receipts r ON r.id = ?1 AND r.access_hash = ?2
                  LEFT JOIN secrets s ON s.id = r.id AND s.access_hash = r.access_hash AND s.expires_at > t.now",
    )
    .bind(id.as_bytes().as_slice())
    .bind(access_hash.as_slice())
    .fetch_optional(&readers)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let expires_at: DateTime<Utc> = row.try_get::<i64, _>("expires_at")?.into_utc()?;
    if let (Some(envelope), Some(left)) =
        (row.try_get("envelope")?, row.try_get::<Option<i64>, _>("views_left")?)
    {
        return Ok(Some(Opened::Live {
            envelope,
            max_views: rows::small(row.try_get::<i64, _>("max_views")?)?,
            views_left: rows::small(left)?,
            created_at: row.try_get::<i64, _>("created_at")?.into_utc()?,
            expires_at,
        }));
    }
    let state = match rows::state(row.try_get("state")?)? {
        State::Live => State::Expired,
        ended => ended,
    };
    let ended_at: Option<i64> = row.try_get("ended_at")?;
    Ok(Some(Opened::Gone(Ended { state, ended_at: ended_at.map_or(Ok(expires_at), i64::into_utc)? })))
}

/// Says so where it has deleted something, and not its caller, who may have hung up.
async fn reveal(store: SqliteStore, attempt: Arc<Attempt>) -> Result<Outcome, Trouble> {
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

async fn read_receipt(
    connection: &mut SqliteConnection,
    receipt_hash: Digest,
) -> Result<Option<Receipt>, sqlx::Error> {
    let row = sqlx::query(
        "SELECT state, created_at, expires_at, max_views, viewed_at, wrong_passphrases, ended_at,
                CAST(unixepoch('subsec') * 1000 AS INTEGER) AS now
           FROM receipts WHERE receipt_hash = ?1",
    )
    .bind(receipt_hash.as_slice())
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let viewed_at: Vec<i64> =
        serde_json::from_str(row.try_get("viewed_at")?).map_err(|error| sqlx::Error::Decode(error.into()))?;
    let viewed_at = viewed_at.into_iter().map(i64::into_utc).collect::<Result<_, _>>()?;
    ReceiptRow::<i64>::from_row(&row)?.into_receipt(viewed_at).map(Some)
}

async fn burn(store: SqliteStore, receipt_hash: Digest) -> Result<Option<Receipt>, Trouble> {
    let mut tx = begin(&store.writer).await?;
    let now = now(&mut tx).await?;
    // What ended first stays: an expired or viewed secret is not burned.
    let burned = sqlx::query(
        "DELETE FROM secrets WHERE id =
            (SELECT id FROM receipts WHERE receipt_hash = ?1 AND state = 'live' AND expires_at > ?2)",
    )
    .bind(receipt_hash.as_slice())
    .bind(now)
    .execute(&mut *tx)
    .await?;
    sqlx::query(
        "UPDATE receipts SET state = 'burned', ended_at = ?2
          WHERE receipt_hash = ?1 AND state = 'live' AND expires_at > ?2",
    )
    .bind(receipt_hash.as_slice())
    .bind(now)
    .execute(&mut *tx)
    .await?;
    let receipt = read_receipt(&mut tx, receipt_hash).await?;
    tx.commit().await?;
    if burned.rows_affected() > 0 {
        store.deleted.notify_one();
    }
    Ok(receipt)
}

async fn sweep(store: SqliteStore) -> Result<Swept, Trouble> {
    let mut tx = begin(&store.writer).await?;
    let now = now(&mut tx).await?;
    let secrets = sqlx::query(
        "DELETE FROM secrets WHERE id IN
            (SELECT id FROM secrets WHERE expires_at <= ?1 ORDER BY expires_at LIMIT 500)",
    )
    .bind(now)
    .execute(&mut *tx)
    .await?;
    let claims = sqlx::query(
        "DELETE FROM claims WHERE claim_hash IN
            (SELECT claim_hash FROM claims WHERE expires_at <= ?1 ORDER BY expires_at LIMIT 500)",
    )
    .bind(now)
    .execute(&mut *tx)
    .await?;
    let receipts = sqlx::query(
        "DELETE FROM receipts WHERE id IN
            (SELECT id FROM receipts WHERE expires_at <= ?1 ORDER BY expires_at LIMIT 500)",
    )
    .bind(now - RECEIPT_TTL.num_milliseconds())
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    let swept = Swept {
        secrets: secrets.rows_affected(),
        claims: claims.rows_affected(),
        receipts: receipts.rows_affected(),
    };
    if !swept.is_empty() {
        store.deleted.notify_one();
    }
    Ok(swept)
}
