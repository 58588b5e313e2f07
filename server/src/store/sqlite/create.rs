//! Storing a secret and its receipt.

use std::collections::HashSet;
use std::sync::Arc;

use app::store::{Creation, NewSecret};
use shared_crypto::ServerShare;
use sqlx::sqlite::{Sqlite, SqliteConnection};
use sqlx::{QueryBuilder, Row};

use super::writer::{BEGIN, Writer, at_commit};
use crate::store::gather::Carrier;
use crate::store::rows::{self, Time as _};
use crate::store::unit::Trouble;

pub(super) async fn create(writer: Writer, secret: Arc<NewSecret>) -> Result<Creation, Trouble> {
    let page_size = writer.page_size();
    writer.transaction(move |tx| Box::pin(async move { create_one(tx, &secret, page_size).await })).await
}

/// Alone, with a look at what was here before.
async fn create_one(
    tx: &mut SqliteConnection,
    secret: &NewSecret,
    page_size: usize,
) -> Result<Creation, Trouble> {
    let (now, last): (i64, i64) = sqlx::query_as(NOW_AND_LAST).fetch_one(&mut *tx).await?;
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
    insertion(&[secret], now, last, page_size).build().execute(tx).await?;
    Ok(created(secret, now)?)
}

fn created(secret: &NewSecret, now: i64) -> Result<Creation, sqlx::Error> {
    Ok(Creation::Created {
        id: secret.id.clone(),
        created_at: now.into_utc()?,
        expires_at: expiry(secret, now).into_utc()?,
    })
}

/// Several at once, with one wait for the disk.
pub(super) struct Creates(pub(super) Writer);

impl Carrier for Creates {
    type Call = NewSecret;
    type Answer = Creation;

    /// `None` for each that was here before, is in conflict, or has no room.
    async fn carry(
        &mut self,
        calls: &[Arc<NewSecret>],
        answers: &mut [Option<Creation>],
    ) -> Result<(), Trouble> {
        let secrets = calls.to_vec();
        let page_size = self.0.page_size();
        let created =
            self.0.work(|line| Box::pin(async move { create_all(line, &secrets, page_size).await })).await?;
        answers.clone_from_slice(&created);
        Ok(())
    }
}

/// In two strings of statements, the first of which begins the transaction and the second of which ends it.
async fn create_all(
    line: &mut SqliteConnection,
    secrets: &[Arc<NewSecret>],
    page_size: usize,
) -> Result<Vec<Option<Creation>>, Trouble> {
    let (now, last, known) = known(line, secrets).await?;
    // Of twins in one batch the second was here before.
    let (mut ids, mut hashes) = (HashSet::new(), HashSet::new());
    let is_new: Vec<bool> = secrets
        .iter()
        .zip(0..)
        .map(|(secret, number)| {
            secret.has_room
                && !known.contains(&number)
                && ids.insert(*secret.id.as_bytes())
                && hashes.insert(secret.access_hash)
                && hashes.insert(secret.receipt_hash)
        })
        .collect();
    let new: Vec<&NewSecret> =
        secrets.iter().zip(&is_new).filter(|(_, is_new)| **is_new).map(|(secret, _)| &**secret).collect();
    let mut changes = insertion(&new, now, last, page_size);
    changes.push("COMMIT");
    changes.build().execute(line).await.map_err(at_commit)?;
    let answer = |(secret, is_new): (&Arc<NewSecret>, bool)| is_new.then(|| created(secret, now)).transpose();
    Ok(secrets.iter().zip(is_new).map(answer).collect::<Result<_, sqlx::Error>>()?)
}

fn expiry(secret: &NewSecret, now: i64) -> i64 {
    now + i64::from(secret.ttl_seconds) * 1000
}

/// The clock, and the last number. A secret or a claim may be there for a moment longer than its receipt.
const NOW_AND_LAST: &str = "SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER) AS now,
    max(coalesce((SELECT max(number) FROM receipts), 0), coalesce((SELECT max(receipt) FROM secrets), 0),
        coalesce((SELECT max(receipt) FROM claims), 0)) AS last";

/// The same, and which of them share something with what was here before.
async fn known(
    tx: &mut SqliteConnection,
    secrets: &[Arc<NewSecret>],
) -> Result<(i64, i64, HashSet<i64>), sqlx::Error> {
    let mut query = QueryBuilder::<Sqlite>::new(BEGIN);
    query.push("; WITH q(n, access_hash, receipt_hash) AS (");
    query.push_values(secrets.iter().zip(0_i64..), |mut row, (secret, n)| {
        row.push_bind(n).push_bind(secret.access_hash.to_vec()).push_bind(secret.receipt_hash.to_vec());
    });
    query.push(") SELECT t.now, t.last, k.n FROM (").push(NOW_AND_LAST).push(
        ") t LEFT JOIN (SELECT n FROM q WHERE EXISTS (SELECT 1 FROM receipts WHERE access_hash = q.access_hash)
                                     OR EXISTS (SELECT 1 FROM receipts WHERE receipt_hash = q.receipt_hash)) k",
    );
    let rows: Vec<(i64, i64, Option<i64>)> = query.build_query_as().fetch_all(tx).await?;
    let (now, last) = rows.first().map(|(now, last, _)| (*now, *last)).ok_or(sqlx::Error::RowNotFound)?;
    Ok((now, last, rows.into_iter().filter_map(|(.., number)| number).collect()))
}

/// Under numbers that follow on the last. `OR FAIL`: a failure ends the whole transaction anyway, and SQLite need not
/// keep what it would undo of one statement.
fn insertion(new: &[&NewSecret], now: i64, last: i64, page_size: usize) -> QueryBuilder<Sqlite> {
    let mut rows = QueryBuilder::new("");
    if new.is_empty() {
        return rows;
    }
    let numbered = || new.iter().zip(last + 1..);
    rows.push(
        "INSERT OR FAIL INTO receipts
           (number, id, access_hash, receipt_hash, request_hash, max_views, created_at, expires_at) ",
    );
    rows.push_values(numbered(), |mut row, (secret, number)| {
        row.push_bind(number)
            .push_bind(secret.id.as_bytes().to_vec())
            .push_bind(secret.access_hash.to_vec())
            .push_bind(secret.receipt_hash.to_vec())
            .push_bind(secret.request_hash.to_vec())
            .push_bind(secret.max_views)
            .push_bind(now)
            .push_bind(expiry(secret, now));
    });
    rows.push(
        "; INSERT OR FAIL INTO secrets
             (receipt, id, reveal_hash, padding, share, envelope, views_left, expires_at) ",
    );
    rows.push_values(numbered(), |mut row, (secret, number)| {
        row.push_bind(number)
            .push_bind(secret.id.as_bytes().to_vec())
            .push_bind(secret.reveal_hash.to_vec())
            .push("zeroblob(")
            .push_bind_unseparated(padding(secret.envelope.len(), page_size))
            .push_unseparated(")")
            .push_bind(secret.share.as_bytes().to_vec())
            .push_bind(secret.envelope.clone())
            .push_bind(secret.max_views)
            .push_bind(expiry(secret, now));
    });
    rows.push("; ");
    rows
}

/// Zeros between what a secret says of itself and what must not outlive it, its share and its envelope: so many that
/// these fill whole overflow pages, the last of them to its end.
///
/// Of a row that does not fit into its page SQLite leaves a certain least in the tree, and what is over that and whole
/// overflow pages (<https://www.sqlite.org/fileformat2.html#b_tree_pages>).
fn padding(envelope: usize, page_size: usize) -> i64 {
    /// Less than all columns in front and the row's header have together, 63: so there is always something over.
    const IN_FRONT: usize = 56;
    let in_tree = (page_size - 12) * 32 / 255 - 23;
    let overflow = page_size - 4;
    let sealed = ServerShare::LEN + envelope;
    let whole = sealed.div_ceil(overflow) * overflow;
    // In pages of 512 bytes what is in front is more than the least.
    i64::try_from(in_tree.saturating_sub(IN_FRONT) + whole - sealed).unwrap_or_default()
}
