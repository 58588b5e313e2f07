//! Several attempts in one batch: each is decided as if those before it had been written already.

use std::collections::HashMap;
use std::fmt;

use chrono::{DateTime, Utc};
use shared_crypto::messages::SecretState;
use shared_crypto::{ClaimMask, Digest, SecretId, ServerShare};

use crate::{
    CLAIM_TTL, GrantedClaim, ReceiptStatus, RevealAttempt, RevealOutcome, RevealSnapshot, RevealWrite,
    StaleSnapshot, StoredSecret, decide,
};

/// What was read of one secret, and what becomes of it.
#[derive(Debug, Clone)]
struct BatchEntry {
    expected: SecretVersion,
    secret: Option<StoredSecret>,
    receipt: Option<ReceiptStatus>,
    viewed: u32,
    wrong: u32,
}

/// Where a secret stands: all of it that attempts change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SecretVersion {
    /// Views that remain; with 0 it is gone.
    pub views_left: u8,
    /// Wrong passphrases since the last right one.
    pub bad_tries: u32,
    /// Until when nothing is tried.
    pub locked_until: Option<DateTime<Utc>>,
}

impl From<Option<&StoredSecret>> for SecretVersion {
    fn from(held: Option<&StoredSecret>) -> Self {
        held.map_or(Self { views_left: 0, bad_tries: 0, locked_until: None }, |held| Self {
            views_left: held.views_left,
            bad_tries: held.bad_tries,
            locked_until: held.locked_until,
        })
    }
}

/// What is to be written about one secret, after all attempts of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretChange {
    /// Which.
    pub id: SecretId,
    /// Where it stood when it was read: who holds no lock writes only if it still does.
    pub expected: SecretVersion,
    /// Where it stands now; with no views left it is removed, and its receipt ends as viewed.
    pub new: SecretVersion,
    /// Views of this batch.
    pub viewed: u32,
    /// Wrong passphrases of this batch.
    pub wrong: u32,
}

/// A claim that is to be written with the view it expected granted.
#[derive(Clone, PartialEq, Eq)]
pub struct NewClaim {
    /// Of which secret.
    pub id: SecretId,
    /// Names the claim.
    pub claim_hash: Digest,
    /// Hides the share; see [`RevealAttempt::claim_mask`].
    pub claim_mask: ClaimMask,
    /// What was released.
    pub share: ServerShare,
    /// Views that were left with it.
    pub views_left: u8,
}

/// Shows no hash.
impl fmt::Debug for NewClaim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewClaim").field("views_left", &self.views_left).finish_non_exhaustive()
    }
}

/// The attempts of one batch, decided one after the other. Pure, as [`decide`] is.
pub struct RevealBatch {
    now: DateTime<Utc>,
    entries: HashMap<Key, BatchEntry>,
    claims: HashMap<Digest, GrantedClaim>,
    new_claims: Vec<NewClaim>,
}

/// Shows no id and no hash.
impl fmt::Debug for RevealBatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RevealBatch").field("secrets", &self.entries.len()).finish_non_exhaustive()
    }
}

/// A secret, for those who have the link to it.
type Key = ([u8; 12], Digest);

fn key(attempt: &RevealAttempt) -> Key {
    (*attempt.id.as_bytes(), attempt.access_hash)
}

impl RevealBatch {
    /// Empty, at the moment that the database's clock showed when everything was read.
    pub fn new(now: DateTime<Utc>) -> Self {
        Self { now, entries: HashMap::new(), claims: HashMap::new(), new_claims: Vec::new() }
    }

    /// What was read for an attempt. What is said of one secret by several attempts is the same.
    pub fn read(
        &mut self,
        attempt: &RevealAttempt,
        secret: Option<StoredSecret>,
        receipt: Option<ReceiptStatus>,
        claim: Option<GrantedClaim>,
    ) {
        let expected = secret.as_ref().into();
        self.entries.entry(key(attempt)).or_insert(BatchEntry {
            expected,
            secret,
            receipt,
            viewed: 0,
            wrong: 0,
        });
        if let Some(claim) = claim {
            self.claims.entry(attempt.claim_hash).or_insert(claim);
        }
    }

    /// Decides the next attempt, and remembers what that changes.
    pub fn decide(&mut self, attempt: &RevealAttempt) -> Result<RevealOutcome, StaleSnapshot> {
        let entry = self.entries.get_mut(&key(attempt)).ok_or(StaleSnapshot)?;
        let found = RevealSnapshot {
            now: self.now,
            claim: self.claims.get(&attempt.claim_hash).cloned(),
            secret: entry.secret.clone(),
            receipt: entry.receipt,
        };
        let (outcome, write) = decide(&found, attempt)?;
        match (write, &outcome, entry.secret.as_mut()) {
            (Some(RevealWrite::View { views_left }), RevealOutcome::Granted { share, .. }, Some(held)) => {
                entry.viewed += 1;
                held.views_left = views_left;
                held.bad_tries = 0;
                held.locked_until = None;
                let expires_at = self.now + CLAIM_TTL;
                self.claims.insert(
                    attempt.claim_hash,
                    GrantedClaim { share: share.clone(), views_left, expires_at },
                );
                self.new_claims.push(NewClaim {
                    id: attempt.id.clone(),
                    claim_hash: attempt.claim_hash,
                    claim_mask: attempt.claim_mask.clone(),
                    share: share.clone(),
                    views_left,
                });
                if views_left == 0 {
                    // Gone for those who come after, in this batch already.
                    entry.secret = None;
                    entry.receipt = entry.receipt.map(|trace| ReceiptStatus {
                        state: SecretState::Viewed,
                        ended_at: Some(self.now),
                        ..trace
                    });
                }
            }
            (Some(RevealWrite::Try { bad_tries, locked_until }), _, Some(held)) => {
                entry.wrong += 1;
                held.bad_tries = bad_tries;
                held.locked_until = locked_until;
            }
            _ => {}
        }
        Ok(outcome)
    }

    /// The moment of all of them.
    pub const fn now(&self) -> DateTime<Utc> {
        self.now
    }

    /// Claims to be inserted.
    pub fn new_claims(&self) -> &[NewClaim] {
        &self.new_claims
    }

    /// What becomes of each secret that something becomes of, by id.
    pub fn changes(&self) -> Vec<SecretChange> {
        let touched = self.entries.iter().filter(|(_, entry)| entry.viewed + entry.wrong > 0);
        let mut changes: Vec<_> = touched
            .map(|((id, _), entry)| SecretChange {
                id: SecretId::from_bytes(*id),
                expected: entry.expected,
                new: entry.secret.as_ref().into(),
                viewed: entry.viewed,
                wrong: entry.wrong,
            })
            .collect();
        changes.sort_by_key(|change| *change.id.as_bytes());
        changes
    }
}
