//! Decides several attempts in one transaction, each as if the changes of those before it were written already.

use std::collections::HashMap;
use std::fmt;

use chrono::{DateTime, Utc};
use shared_crypto::messages::SecretState;
use shared_crypto::{ClaimMask, Digest, SecretId, ServerShare};

use crate::{
    CLAIM_RETRY_WINDOW, GrantedClaim, ReceiptStatus, RevealAttempt, RevealOutcome, RevealSnapshot,
    RevealWrite, StaleSnapshot, StoredSecret, decide,
};

/// The columns of a secret that attempts change, for optimistic concurrency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SecretVersion {
    /// Views that are left; 0 means that the secret is deleted.
    pub views_left: u8,
    /// Wrong passphrases since the last right one.
    pub bad_tries: u32,
    /// The end of the lock that wrong passphrases have caused.
    pub locked_until: Option<DateTime<Utc>>,
}

impl From<Option<&StoredSecret>> for SecretVersion {
    fn from(secret: Option<&StoredSecret>) -> Self {
        secret.map_or(Self { views_left: 0, bad_tries: 0, locked_until: None }, |secret| Self {
            views_left: secret.views_left,
            bad_tries: secret.bad_tries,
            locked_until: secret.locked_until,
        })
    }
}

/// The change to write to one secret and its receipt after all attempts of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretChange {
    /// The id of the secret.
    pub id: SecretId,
    /// The version that was read. A caller that holds no lock writes only if the row still has it.
    pub expected: SecretVersion,
    /// The version to write. If no views are left, the secret is deleted and its receipt marked as viewed.
    pub new: SecretVersion,
    /// Views that the batch has granted.
    pub views: u32,
    /// Wrong passphrases in the batch.
    pub wrong_passphrases: u32,
}

/// A claim to insert, together with the view that was granted to it.
#[derive(Clone, PartialEq, Eq)]
pub struct NewClaim {
    /// The id of the secret.
    pub id: SecretId,
    /// The hash that names the claim.
    pub claim_hash: Digest,
    /// The mask for the stored share; see [`RevealAttempt::claim_mask`].
    pub claim_mask: ClaimMask,
    /// The key share that was released.
    pub share: ServerShare,
    /// Views that were left after this one.
    pub views_left: u8,
}

/// Leaves out the hash, the mask and the share.
impl fmt::Debug for NewClaim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewClaim").field("views_left", &self.views_left).finish_non_exhaustive()
    }
}

/// Decides the attempts of a batch one after the other, in order of arrival, and collects what to write.
///
/// It is pure, as [`decide`] is, and makes no decision of its own: it hands each attempt to [`decide`] with a snapshot
/// in which the attempts before it are written.
pub struct RevealBatch {
    now: DateTime<Utc>,
    entries: HashMap<Key, BatchEntry>,
    claims: HashMap<Digest, GrantedClaim>,
    new_claims: Vec<NewClaim>,
}

/// The current rows of one secret, and the changes so far.
#[derive(Debug, Clone)]
struct BatchEntry {
    expected: SecretVersion,
    secret: Option<StoredSecret>,
    receipt: Option<ReceiptStatus>,
    views: u32,
    wrong_passphrases: u32,
}

/// The id of a secret and the hash of its access proof. An attempt with another proof does not see the secret.
type Key = ([u8; 12], Digest);

fn key(attempt: &RevealAttempt) -> Key {
    (*attempt.id.as_bytes(), attempt.access_hash)
}

/// Leaves out ids and hashes.
impl fmt::Debug for RevealBatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RevealBatch").field("secrets", &self.entries.len()).finish_non_exhaustive()
    }
}

impl RevealBatch {
    /// Decides all attempts of a batch.
    ///
    /// `snapshots` has an element for each attempt, in the same order, all read at the same moment. The outcome of an
    /// attempt is `None` if its rows contradict each other ([`StaleSnapshot`]). Returns an error if there is no attempt.
    pub fn decide_all<A: AsRef<RevealAttempt>>(
        attempts: &[A],
        snapshots: Vec<RevealSnapshot>,
    ) -> Result<(Self, Vec<Option<RevealOutcome>>), StaleSnapshot> {
        let now = snapshots.first().ok_or(StaleSnapshot)?.now;
        let mut batch = Self::new(now);
        for (attempt, snapshot) in attempts.iter().zip(snapshots) {
            batch.add_snapshot(attempt.as_ref(), snapshot);
        }
        let outcomes = attempts.iter().map(|attempt| batch.decide(attempt.as_ref()).ok()).collect();
        Ok((batch, outcomes))
    }

    /// Creates an empty batch; `now` is the database's clock when the rows were read.
    pub(crate) fn new(now: DateTime<Utc>) -> Self {
        Self { now, entries: HashMap::new(), claims: HashMap::new(), new_claims: Vec::new() }
    }

    /// Adds the rows that were read for an attempt. Snapshots of the same secret agree, so that the first one counts.
    pub(crate) fn add_snapshot(&mut self, attempt: &RevealAttempt, snapshot: RevealSnapshot) {
        let RevealSnapshot { claim, secret, receipt, .. } = snapshot;
        self.entries.entry(key(attempt)).or_insert(BatchEntry {
            expected: secret.as_ref().into(),
            secret,
            receipt,
            views: 0,
            wrong_passphrases: 0,
        });
        if let Some(claim) = claim {
            self.claims.entry(attempt.claim_hash).or_insert(claim);
        }
    }

    /// Decides the next attempt, and applies its changes to the rows in memory.
    pub(crate) fn decide(&mut self, attempt: &RevealAttempt) -> Result<RevealOutcome, StaleSnapshot> {
        let entry = self.entries.get_mut(&key(attempt)).ok_or(StaleSnapshot)?;
        let snapshot = RevealSnapshot {
            now: self.now,
            claim: self.claims.get(&attempt.claim_hash).cloned(),
            secret: entry.secret.clone(),
            receipt: entry.receipt,
        };
        let (outcome, write) = decide(&snapshot, attempt)?;
        match (write, &outcome, entry.secret.as_mut()) {
            (Some(RevealWrite::View { views_left }), RevealOutcome::Granted { share, .. }, Some(secret)) => {
                entry.views += 1;
                secret.views_left = views_left;
                secret.bad_tries = 0;
                secret.locked_until = None;
                if views_left == 0 {
                    entry.secret = None;
                    entry.receipt = entry.receipt.map(|receipt| ReceiptStatus {
                        state: SecretState::Viewed,
                        ended_at: Some(self.now),
                        ..receipt
                    });
                }
                let expires_at = self.now + CLAIM_RETRY_WINDOW;
                let claim = GrantedClaim { share: share.clone(), views_left, expires_at };
                self.claims.insert(attempt.claim_hash, claim);
                self.new_claims.push(NewClaim {
                    id: attempt.id.clone(),
                    claim_hash: attempt.claim_hash,
                    claim_mask: attempt.claim_mask.clone(),
                    share: share.clone(),
                    views_left,
                });
            }
            (Some(RevealWrite::WrongPassphrase { bad_tries, locked_until }), _, Some(secret)) => {
                entry.wrong_passphrases += 1;
                secret.bad_tries = bad_tries;
                secret.locked_until = locked_until;
            }
            _ => {}
        }
        Ok(outcome)
    }

    /// Returns the database's clock when the rows were read.
    pub const fn now(&self) -> DateTime<Utc> {
        self.now
    }

    /// Returns the claims to insert.
    pub fn new_claims(&self) -> &[NewClaim] {
        &self.new_claims
    }

    /// Returns the changes to write, sorted by id.
    pub fn changes(&self) -> Vec<SecretChange> {
        let touched = self.entries.iter().filter(|(_, entry)| entry.views + entry.wrong_passphrases > 0);
        let mut changes: Vec<_> = touched
            .map(|((id, _), entry)| SecretChange {
                id: SecretId::from_bytes(*id),
                expected: entry.expected,
                new: entry.secret.as_ref().into(),
                views: entry.views,
                wrong_passphrases: entry.wrong_passphrases,
            })
            .collect();
        changes.sort_by_key(|change| *change.id.as_bytes());
        changes
    }
}
