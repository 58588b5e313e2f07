//! Converts columns to values, and rows to the types of the store. Both databases share it.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use shared_crypto::messages::SecretState;
use shared_crypto::{Digest, SecretId, ServerShare};
use vault::{
    CreateOutcome, GrantedClaim, NewSecret, OpenOutcome, Receipt, ReceiptStatus, RevealSnapshot, StoredSecret,
};

use super::failure::DatabaseFailure;

pub(super) fn digest(bytes: Vec<u8>) -> Result<Digest, DatabaseFailure> {
    bytes.try_into().map_err(|_| DatabaseFailure::invalid_row("unexpected value in a hash"))
}

pub(super) fn id(bytes: Vec<u8>) -> Result<SecretId, DatabaseFailure> {
    bytes
        .try_into()
        .map(SecretId::from_bytes)
        .map_err(|_| DatabaseFailure::invalid_row("unexpected value in id"))
}

pub(super) fn share(bytes: Vec<u8>) -> Result<ServerShare, DatabaseFailure> {
    bytes
        .try_into()
        .map(ServerShare::from_bytes)
        .map_err(|_| DatabaseFailure::invalid_row("unexpected value in share"))
}

fn state(text: &str) -> Result<SecretState, DatabaseFailure> {
    match text {
        "live" => Ok(SecretState::Live),
        "viewed" => Ok(SecretState::Viewed),
        "burned" => Ok(SecretState::Burned),
        _ => Err(DatabaseFailure::invalid_row("unexpected value in state")),
    }
}

/// Converts a number to a type that is smaller than the column's.
pub(super) fn count<T: TryFrom<i64>>(number: impl Into<i64>) -> Result<T, DatabaseFailure> {
    T::try_from(number.into()).map_err(|_| DatabaseFailure::invalid_row("unexpected value in a count"))
}

/// The type in which a database returns times.
pub(super) trait Time {
    fn into_utc(self) -> Result<DateTime<Utc>, DatabaseFailure>;
}

/// PostgreSQL's `timestamptz`.
impl Time for DateTime<Utc> {
    fn into_utc(self) -> Result<Self, DatabaseFailure> {
        Ok(self)
    }
}

/// Milliseconds since 1970, as SQLite's tables have them.
impl Time for i64 {
    fn into_utc(self) -> Result<DateTime<Utc>, DatabaseFailure> {
        DateTime::from_timestamp_millis(self)
            .ok_or_else(|| DatabaseFailure::invalid_row("unexpected value in a time"))
    }
}

fn optional_utc<T: Time>(time: Option<T>) -> Result<Option<DateTime<Utc>>, DatabaseFailure> {
    time.map(Time::into_utc).transpose()
}

/// A receipt that was stored by a create.
#[derive(sqlx::FromRow)]
pub(super) struct CreatedRow<T> {
    id: Vec<u8>,
    created_at: T,
    expires_at: T,
}

impl<T: Time> CreatedRow<T> {
    pub(super) fn into_outcome(self) -> Result<CreateOutcome, DatabaseFailure> {
        Ok(CreateOutcome::Created {
            id: id(self.id)?,
            created_at: self.created_at.into_utc()?,
            expires_at: self.expires_at.into_utc()?,
        })
    }
}

/// Matches the rows that a batch of creates has inserted to its secrets, by the ids that the server generated for
/// them. A secret without a row was not inserted.
pub(super) fn created_secrets<T: Time>(
    secrets: &[Arc<NewSecret>],
    rows: Vec<CreatedRow<T>>,
) -> Result<Vec<Option<CreateOutcome>>, DatabaseFailure> {
    let created = rows.into_iter().map(|row| Ok((row.id.clone(), row.into_outcome()?)));
    let mut created = created.collect::<Result<HashMap<_, _>, DatabaseFailure>>()?;
    Ok(secrets.iter().map(|secret| created.remove(secret.id.as_bytes().as_slice())).collect())
}

/// A receipt, and the envelope of its secret if that is live.
#[derive(sqlx::FromRow)]
pub(super) struct OpenRow<T> {
    state: String,
    max_views: i16,
    created_at: T,
    expires_at: T,
    ended_at: Option<T>,
    envelope: Option<Vec<u8>>,
    views_left: Option<i16>,
}

impl<T: Time> OpenRow<T> {
    pub(super) fn into_outcome(self) -> Result<OpenOutcome, DatabaseFailure> {
        let expires_at = self.expires_at.into_utc()?;
        if let (Some(envelope), Some(views_left)) = (self.envelope, self.views_left) {
            return Ok(OpenOutcome::Live {
                envelope,
                max_views: count(self.max_views)?,
                views_left: count(views_left)?,
                created_at: self.created_at.into_utc()?,
                expires_at,
            });
        }
        let ended_at = optional_utc(self.ended_at)?;
        Ok(OpenOutcome::Gone(ReceiptStatus { state: state(&self.state)?, expires_at, ended_at }.end()))
    }
}

/// The rows that decide one attempt to reveal, read in one statement.
#[derive(sqlx::FromRow)]
pub(super) struct SnapshotRow<T> {
    /// The number of the attempt in its batch, counted from 0.
    n: i64,
    now: T,
    claim_share: Option<Vec<u8>>,
    claim_views_left: Option<i16>,
    claim_expires_at: Option<T>,
    state: Option<String>,
    expires_at: Option<T>,
    ended_at: Option<T>,
    reveal_hash: Option<Vec<u8>>,
    share: Option<Vec<u8>>,
    views_left: Option<i16>,
    bad_tries: Option<i32>,
    locked_until: Option<T>,
    secret_expires_at: Option<T>,
}

impl<T: Time> SnapshotRow<T> {
    /// Returns the snapshot, and the number of the attempt that it is for.
    pub(super) fn into_snapshot(self) -> Result<(i64, RevealSnapshot), DatabaseFailure> {
        let claim = match (self.claim_share, self.claim_views_left, self.claim_expires_at) {
            (Some(bytes), Some(views_left), Some(expires_at)) => Some(GrantedClaim {
                share: share(bytes)?,
                views_left: count(views_left)?,
                expires_at: expires_at.into_utc()?,
            }),
            _ => None,
        };
        let receipt = match (self.state, self.expires_at) {
            (Some(text), Some(expires_at)) => Some(ReceiptStatus {
                state: state(&text)?,
                expires_at: expires_at.into_utc()?,
                ended_at: optional_utc(self.ended_at)?,
            }),
            _ => None,
        };
        let secret =
            match (self.reveal_hash, self.share, self.views_left, self.bad_tries, self.secret_expires_at) {
                (Some(hash), Some(bytes), Some(views_left), Some(bad_tries), Some(expires_at)) => {
                    Some(StoredSecret {
                        reveal_hash: digest(hash)?,
                        share: share(bytes)?,
                        views_left: count(views_left)?,
                        bad_tries: count(bad_tries)?,
                        locked_until: optional_utc(self.locked_until)?,
                        expires_at: expires_at.into_utc()?,
                    })
                }
                _ => None,
            };
        Ok((self.n, RevealSnapshot { now: self.now.into_utc()?, claim, secret, receipt }))
    }
}

/// A receipt and the database's clock, without `viewed_at`, whose type differs between the databases.
#[derive(sqlx::FromRow)]
pub(super) struct ReceiptRow<T> {
    now: T,
    state: String,
    created_at: T,
    expires_at: T,
    max_views: i16,
    wrong_passphrases: i32,
    ended_at: Option<T>,
}

impl<T: Time> ReceiptRow<T> {
    pub(super) fn into_receipt(self, viewed_at: Vec<DateTime<Utc>>) -> Result<Receipt, DatabaseFailure> {
        let expires_at = self.expires_at.into_utc()?;
        let ended_at = optional_utc(self.ended_at)?;
        let status = ReceiptStatus { state: state(&self.state)?, expires_at, ended_at };
        let end = status.ended_by(self.now.into_utc()?);
        Ok(Receipt {
            state: end.map_or(SecretState::Live, |end| end.state),
            created_at: self.created_at.into_utc()?,
            expires_at,
            max_views: count(self.max_views)?,
            viewed_at,
            wrong_passphrases: count(self.wrong_passphrases)?,
            ended_at: end.map(|end| end.ended_at),
        })
    }
}

/// The row of [`SecretStore::stats`](vault::SecretStore::stats).
#[derive(sqlx::FromRow)]
pub(super) struct StatsRow {
    secrets: i64,
    bytes: i64,
    /// `None` if there are no secrets.
    lag: Option<i64>,
}

impl StatsRow {
    pub(super) fn into_stats(self) -> Result<vault::StorageStats, DatabaseFailure> {
        Ok(vault::StorageStats {
            secrets: count(self.secrets)?,
            bytes: count(self.bytes)?,
            sweep_lag_seconds: count(self.lag.unwrap_or_default())?,
        })
    }
}
