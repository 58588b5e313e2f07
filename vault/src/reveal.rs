//! Decides who gets a view. No other code makes this decision.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use shared_crypto::messages::SecretState;
use shared_crypto::{Digest, ServerShare};

use crate::{RevealAttempt, RevealOutcome, SecretEnd};

/// How long a granted claim can be repeated: within this time the same claim gets the same response, and uses no
/// second view.
pub const CLAIM_RETRY_WINDOW: TimeDelta = TimeDelta::minutes(5);
/// How long a receipt is kept after the expiry that its sender asked for.
pub const RECEIPT_RETENTION: TimeDelta = TimeDelta::days(7);
/// The number of wrong passphrases in a row that locks a secret for the first time.
const WRONG_PASSPHRASES_UNTIL_LOCK: u32 = 5;
/// The longest time for which wrong passphrases lock a secret, in seconds.
const MAX_LOCK_SECONDS: u32 = 900;

/// The rows that decide one attempt, all read at the same moment.
///
/// That moment is either after the secret's row was locked, or the caller writes the decision only if the row has not
/// changed since.
#[derive(Debug, Clone)]
pub struct RevealSnapshot {
    /// The database's clock, read together with the rows or after them.
    pub now: DateTime<Utc>,
    /// The claim of this attempt, if it was granted before.
    pub claim: Option<GrantedClaim>,
    /// The secret with this id and this access proof.
    pub secret: Option<StoredSecret>,
    /// The receipt with this id and this access proof.
    pub receipt: Option<ReceiptStatus>,
}

/// A claim that was granted, and the response that it got.
#[derive(Debug, Clone)]
pub struct GrantedClaim {
    /// The server's key share, which the view released.
    pub share: ServerShare,
    /// The number of views that were left after this one.
    pub views_left: u8,
    /// The end of the [`CLAIM_RETRY_WINDOW`].
    pub expires_at: DateTime<Utc>,
}

/// A row of the table of secrets.
#[derive(Clone)]
pub struct StoredSecret {
    /// SHA-256 of the reveal proof, which depends on the passphrase.
    pub reveal_hash: Digest,
    /// The server's key share, which a view releases.
    pub share: ServerShare,
    /// Views that are left, at least 1: the last view deletes the row.
    pub views_left: u8,
    /// Wrong passphrases since the last right one.
    pub bad_tries: u32,
    /// The end of the lock that wrong passphrases have caused.
    pub locked_until: Option<DateTime<Utc>>,
    /// The moment from which on the secret is expired, whether its row is deleted already or not.
    pub expires_at: DateTime<Utc>,
}

/// Leaves out the hash and the share.
impl fmt::Debug for StoredSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredSecret")
            .field("views_left", &self.views_left)
            .field("bad_tries", &self.bad_tries)
            .field("locked_until", &self.locked_until)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// The columns of a receipt that tell whether and how its secret ended.
#[derive(Debug, Clone, Copy)]
pub struct ReceiptStatus {
    /// The state as stored, which is never [`SecretState::Expired`]: an expired secret is stored as live.
    pub state: SecretState,
    /// The moment from which on the secret is expired, unless it ended before.
    pub expires_at: DateTime<Utc>,
    /// The time of the last view or of the burning, if there was one.
    pub ended_at: Option<DateTime<Utc>>,
}

impl ReceiptStatus {
    /// Returns how the secret ended, if it has ended by the moment `now`.
    pub fn ended_by(&self, now: DateTime<Utc>) -> Option<SecretEnd> {
        (self.state != SecretState::Live || self.expires_at <= now).then(|| self.end())
    }

    /// Returns how the secret ended, for a caller that has found no live row of it.
    ///
    /// A secret that ended and is still stored as live has expired: views and burnings are stored.
    pub fn end(&self) -> SecretEnd {
        match self.state {
            SecretState::Live => SecretEnd { state: SecretState::Expired, ended_at: self.expires_at },
            state => SecretEnd { state, ended_at: self.ended_at.unwrap_or(self.expires_at) },
        }
    }
}

/// The changes to write in the transaction that has read the snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RevealWrite {
    /// A view: insert the claim, add the view to the receipt, and count the secret's views down. If `views_left` is 0,
    /// delete the secret instead and mark the receipt as viewed.
    View {
        /// Views that are left.
        views_left: u8,
    },
    /// A wrong passphrase: count it in the secret and in the receipt.
    WrongPassphrase {
        /// Wrong passphrases since the last right one, this one included.
        bad_tries: u32,
        /// The end of the lock, if this one locks the secret.
        locked_until: Option<DateTime<Utc>>,
    },
}

/// The error for rows that contradict each other: a receipt says *live*, and there is no live secret.
///
/// This happens if the secret was inserted between two reads, or if the database's clock was set back. Reading again
/// resolves it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StaleSnapshot;

/// Decides an attempt from the rows in the snapshot, and returns what to write.
///
/// This function is pure. The order of its conditions is part of the protocol: a repeated claim, a missing or expired
/// secret, a lock, the passphrase.
pub fn decide(
    snapshot: &RevealSnapshot,
    attempt: &RevealAttempt,
) -> Result<(RevealOutcome, Option<RevealWrite>), StaleSnapshot> {
    let now = snapshot.now;
    if let Some(claim) = snapshot.claim.as_ref().filter(|claim| claim.expires_at > now) {
        let outcome = RevealOutcome::Granted { share: claim.share.clone(), views_left: claim.views_left };
        return Ok((outcome, None));
    }
    if let Some(secret) = snapshot.secret.as_ref().filter(|secret| secret.expires_at > now) {
        return Ok(decide_live(secret, now, attempt));
    }
    match snapshot.receipt {
        None => Ok((RevealOutcome::NotFound, None)),
        Some(receipt) => {
            let end = receipt.ended_by(now).ok_or(StaleSnapshot)?;
            Ok((RevealOutcome::Gone(end), None))
        }
    }
}

fn decide_live(
    secret: &StoredSecret,
    now: DateTime<Utc>,
    attempt: &RevealAttempt,
) -> (RevealOutcome, Option<RevealWrite>) {
    if let Some(until) = secret.locked_until.filter(|until| *until > now) {
        return (RevealOutcome::Locked { wait: seconds_until(until, now) }, None);
    }
    if secret.reveal_hash != attempt.reveal_hash {
        let bad_tries = secret.bad_tries.saturating_add(1);
        let wait = lock_seconds(bad_tries);
        let tries_left = WRONG_PASSPHRASES_UNTIL_LOCK.saturating_sub(bad_tries);
        let locked_until = wait.map(|seconds| now + TimeDelta::seconds(seconds.into()));
        return (
            RevealOutcome::WrongPassphrase { tries_left, wait },
            Some(RevealWrite::WrongPassphrase { bad_tries, locked_until }),
        );
    }
    let views_left = secret.views_left.saturating_sub(1);
    (
        RevealOutcome::Granted { share: secret.share.clone(), views_left },
        Some(RevealWrite::View { views_left }),
    )
}

/// Returns the seconds for which the n-th wrong passphrase in a row locks the secret: none for the first four, then 2,
/// 4, 8, ... up to [`MAX_LOCK_SECONDS`].
const fn lock_seconds(bad_tries: u32) -> Option<u32> {
    match bad_tries.checked_sub(WRONG_PASSPHRASES_UNTIL_LOCK - 1) {
        None | Some(0) => None,
        Some(exponent) if exponent < 10 => Some(1 << exponent),
        Some(_) => Some(MAX_LOCK_SECONDS),
    }
}

/// Returns the seconds from `now` until a later moment, rounded up.
fn seconds_until(until: DateTime<Utc>, now: DateTime<Utc>) -> u32 {
    let millis = (until - now).num_milliseconds().max(1);
    u32::try_from((millis + 999) / 1000).unwrap_or(MAX_LOCK_SECONDS)
}

#[cfg(test)]
mod tests;
