//! Who gets a view: the one place where that is decided.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use shared_crypto::messages::SecretState;
use shared_crypto::{Digest, ServerShare};

use crate::{RevealAttempt, RevealOutcome, SecretEnd};

/// How long a claim can be repeated.
pub const CLAIM_TTL: TimeDelta = TimeDelta::minutes(5);
/// How long a receipt outlives the expiry that was asked for.
pub const RECEIPT_TTL: TimeDelta = TimeDelta::days(7);
/// Wrong passphrases that lock a secret for a while.
const TRIES: u32 = 5;
/// The longest such while, in seconds.
const MAX_WAIT: u32 = 900;

/// What was read of one secret, all at one moment: after its lock was obtained, or for a batch that writes only where
/// it still is so.
#[derive(Debug, Clone)]
pub struct RevealSnapshot {
    /// The database's clock at that moment, or after it.
    pub now: DateTime<Utc>,
    /// The claim of this attempt, if it was granted before.
    pub claim: Option<GrantedClaim>,
    /// The secret with this id and this proof.
    pub secret: Option<StoredSecret>,
    /// Its receipt, with this id and this proof.
    pub receipt: Option<ReceiptStatus>,
}

/// A claim that was granted.
#[derive(Debug, Clone)]
pub struct GrantedClaim {
    /// What was released.
    pub share: ServerShare,
    /// What was answered with it.
    pub views_left: u8,
    /// Until when the same claim gets the same answer.
    pub expires_at: DateTime<Utc>,
}

/// A secret that is there.
#[derive(Clone)]
pub struct StoredSecret {
    /// SHA-256 of the proof that a view needs.
    pub reveal_hash: Digest,
    /// What a view releases.
    pub share: ServerShare,
    /// At least 1: a row with no views left does not exist.
    pub views_left: u8,
    /// Wrong passphrases since the last right one.
    pub bad_tries: u32,
    /// Until when nothing is tried.
    pub locked_until: Option<DateTime<Utc>>,
    /// When it is gone.
    pub expires_at: DateTime<Utc>,
}

/// Shows no hash.
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

/// What the receipt says of how it ended.
#[derive(Debug, Clone, Copy)]
pub struct ReceiptStatus {
    /// As stored: never [`SecretState::Expired`].
    pub state: SecretState,
    /// When it is, or would have been, gone.
    pub expires_at: DateTime<Utc>,
    /// When it ended, unless by expiry.
    pub ended_at: Option<DateTime<Utc>>,
}

impl ReceiptStatus {
    /// The state at a moment: what is stored as live has expired once its time is over.
    pub fn at(&self, now: DateTime<Utc>) -> (SecretState, Option<DateTime<Utc>>) {
        if self.state == SecretState::Live && self.expires_at <= now {
            (SecretState::Expired, Some(self.expires_at))
        } else {
            (self.state, self.ended_at)
        }
    }

    /// How it ended, if it has.
    pub fn ended(&self, now: DateTime<Utc>) -> Option<SecretEnd> {
        let (state, ended_at) = self.at(now);
        (state != SecretState::Live)
            .then(|| SecretEnd { state, ended_at: ended_at.unwrap_or(self.expires_at) })
    }
}

/// What has to be written in the same transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RevealWrite {
    /// A view: insert the claim, note the view in the receipt, and either count down or, where
    /// `views_left` is 0, delete the secret and end the receipt as viewed.
    View {
        /// Views that remain.
        views_left: u8,
    },
    /// A wrong passphrase: note it in the secret and in the receipt.
    Try {
        /// Wrong ones since the last right one, this one included.
        bad_tries: u32,
        /// Until when nothing is tried.
        locked_until: Option<DateTime<Utc>>,
    },
}

/// What was read does not fit together: the secret was not there yet when it was looked for, or the
/// clock stepped back. Reading again helps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StaleSnapshot;

/// Decides an attempt from what was read, and says what to write. Pure: no clock, no
/// I/O, no randomness. The order of the questions is part of the protocol.
pub fn decide(
    found: &RevealSnapshot,
    attempt: &RevealAttempt,
) -> Result<(RevealOutcome, Option<RevealWrite>), StaleSnapshot> {
    let now = found.now;
    if let Some(claim) = found.claim.as_ref().filter(|claim| claim.expires_at > now) {
        return Ok((
            RevealOutcome::Granted { share: claim.share.clone(), views_left: claim.views_left },
            None,
        ));
    }
    if let Some(secret) = found.secret.as_ref().filter(|secret| secret.expires_at > now) {
        return Ok(decide_live(secret, now, attempt));
    }
    match found.receipt {
        None => Ok((RevealOutcome::NotFound, None)),
        Some(trace) => trace.ended(now).map(|ended| (RevealOutcome::Gone(ended), None)).ok_or(StaleSnapshot),
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
        let locked_until = wait.map(|seconds| now + TimeDelta::seconds(seconds.into()));
        let outcome = RevealOutcome::WrongPassphrase { tries_left: TRIES.saturating_sub(bad_tries), wait };
        return (outcome, Some(RevealWrite::Try { bad_tries, locked_until }));
    }
    let views_left = secret.views_left.saturating_sub(1);
    (
        RevealOutcome::Granted { share: secret.share.clone(), views_left },
        Some(RevealWrite::View { views_left }),
    )
}

/// Seconds for which the n-th wrong passphrase in a row locks: 2, 4, 8, ... up to [`MAX_WAIT`].
const fn lock_seconds(bad_tries: u32) -> Option<u32> {
    match bad_tries.checked_sub(TRIES - 1) {
        None | Some(0) => None,
        Some(over) if over < 10 => Some(1 << over),
        Some(_) => Some(MAX_WAIT),
    }
}

/// Whole seconds from `now` until a later moment, never too few.
fn seconds_until(until: DateTime<Utc>, now: DateTime<Utc>) -> u32 {
    let millis = (until - now).num_milliseconds().max(1);
    u32::try_from((millis + 999) / 1000).unwrap_or(MAX_WAIT)
}

#[cfg(test)]
mod tests;
