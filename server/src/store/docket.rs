//! From what a batch has read to what each of its callers is told: the same for both databases.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use app::store::{Attempt, Outcome};
use app::vault::{Docket, Held};
use shared_crypto::Digest;

use super::rows::{AfterLock, Time};

/// A secret, for those who have the link to it.
pub(super) type Key = ([u8; 12], Digest);

pub(super) fn key(attempt: &Attempt) -> Key {
    (*attempt.id.as_bytes(), attempt.access_hash)
}

/// Every secret that a batch asks for, once, in one order.
pub(super) fn wanted(attempts: &[Arc<Attempt>]) -> BTreeSet<Key> {
    attempts.iter().map(|attempt| key(attempt)).collect()
}

/// What was read for one attempt, after the locks.
pub(super) struct Read<T> {
    /// Whether the secret is there, whoever has its lock.
    pub(super) is_there: bool,
    pub(super) after: AfterLock<T>,
}

/// Decides one after the other, in the order of arrival. `None` for who needs a closer look: whose secret is there
/// and was not among those that this transaction has locked.
pub(super) fn decide_all<T: Time>(
    attempts: &[Arc<Attempt>],
    mut held: HashMap<Key, Held>,
    read: Vec<Read<T>>,
) -> Result<(Docket, Vec<Option<Outcome>>), sqlx::Error> {
    let now = read.first().map(|read| read.after.now).ok_or(sqlx::Error::RowNotFound)?.into_utc()?;
    let mut docket = Docket::new(now);
    let mut elsewhere = BTreeSet::new();
    for (attempt, Read { is_there, after }) in attempts.iter().zip(read) {
        let key = key(attempt);
        let (claim, receipt) = after.into_parts()?;
        let secret = held.remove(&key);
        if secret.is_none() && is_there && !docket.knows(attempt) {
            elsewhere.insert(key);
        } else {
            docket.read(attempt, secret, receipt, claim);
        }
    }
    let outcomes = attempts
        .iter()
        .map(|attempt| if elsewhere.contains(&key(attempt)) { None } else { docket.decide(attempt).ok() })
        .collect();
    Ok((docket, outcomes))
}
