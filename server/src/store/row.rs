//! Columns to values: what both databases share of reading a row.

use chrono::{DateTime, Utc};
use shared_crypto::messages::SecretState;
use shared_crypto::{Digest, SecretId, ServerShare};
use vault::Receipt;
use vault::{GrantedClaim, ReceiptStatus, RevealSnapshot, StoredSecret};

use super::failure::DatabaseFailure;

pub(super) fn digest(bytes: Vec<u8>) -> Result<Digest, DatabaseFailure> {
    bytes.try_into().map_err(|_| DatabaseFailure::row("unexpected value in a hash"))
}

pub(super) fn id(bytes: Vec<u8>) -> Result<SecretId, DatabaseFailure> {
    bytes.try_into().map(SecretId::from_bytes).map_err(|_| DatabaseFailure::row("unexpected value in id"))
}

pub(super) fn share(bytes: Vec<u8>) -> Result<ServerShare, DatabaseFailure> {
    bytes
        .try_into()
        .map(ServerShare::from_bytes)
        .map_err(|_| DatabaseFailure::row("unexpected value in share"))
}

pub(super) fn state(text: &str) -> Result<SecretState, DatabaseFailure> {
    match text {
        "live" => Ok(SecretState::Live),
        "viewed" => Ok(SecretState::Viewed),
        "burned" => Ok(SecretState::Burned),
        _ => Err(DatabaseFailure::row("unexpected value in state")),
    }
}

pub(super) fn small<T: TryFrom<i64>>(number: impl Into<i64>) -> Result<T, DatabaseFailure> {
    T::try_from(number.into()).map_err(|_| DatabaseFailure::row("unexpected value in a count"))
}

/// What decides about a view, read in one statement; times of the database's own kind.
#[derive(sqlx::FromRow)]
pub(super) struct FoundRow<T> {
    /// The number of the attempt that it is of, counted from 0.
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

impl<T: Time> FoundRow<T> {
    /// What was found, and the number of the attempt that it was found for.
    pub(super) fn into_found(self) -> Result<(i64, RevealSnapshot), DatabaseFailure> {
        let claim = match (self.claim_share, self.claim_views_left, self.claim_expires_at) {
            (Some(bytes), Some(left), Some(until)) => Some(GrantedClaim {
                share: share(bytes)?,
                views_left: small(left)?,
                expires_at: until.into_utc()?,
            }),
            _ => None,
        };
        let receipt = match (self.state, self.expires_at) {
            (Some(text), Some(expires_at)) => Some(ReceiptStatus {
                state: state(&text)?,
                expires_at: expires_at.into_utc()?,
                ended_at: self.ended_at.map(Time::into_utc).transpose()?,
            }),
            _ => None,
        };
        let secret =
            match (self.reveal_hash, self.share, self.views_left, self.bad_tries, self.secret_expires_at) {
                (Some(hash), Some(bytes), Some(left), Some(tries), Some(expires_at)) => Some(StoredSecret {
                    reveal_hash: digest(hash)?,
                    share: share(bytes)?,
                    views_left: small(left)?,
                    bad_tries: small(tries)?,
                    locked_until: self.locked_until.map(Time::into_utc).transpose()?,
                    expires_at: expires_at.into_utc()?,
                }),
                _ => None,
            };
        Ok((self.n, RevealSnapshot { now: self.now.into_utc()?, claim, secret, receipt }))
    }
}

/// A receipt's columns and the clock; `viewed_at` comes apart, since each database has its own list.
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
        let ended_at = self.ended_at.map(Time::into_utc).transpose()?;
        let (state, ended_at) =
            ReceiptStatus { state: state(&self.state)?, expires_at, ended_at }.at(self.now.into_utc()?);
        Ok(Receipt {
            state,
            created_at: self.created_at.into_utc()?,
            expires_at,
            max_views: small(self.max_views)?,
            viewed_at,
            wrong_passphrases: small(self.wrong_passphrases)?,
            ended_at,
        })
    }
}

/// A database's kind of time.
pub(super) trait Time {
    fn into_utc(self) -> Result<DateTime<Utc>, DatabaseFailure>;
}

impl Time for DateTime<Utc> {
    fn into_utc(self) -> Result<Self, DatabaseFailure> {
        Ok(self)
    }
}

/// Milliseconds since 1970.
impl Time for i64 {
    fn into_utc(self) -> Result<DateTime<Utc>, DatabaseFailure> {
        DateTime::from_timestamp_millis(self)
            .ok_or_else(|| DatabaseFailure::row("unexpected value in a time"))
    }
}
