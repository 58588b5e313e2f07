//! The protocol of a reveal as a small model, every state of which is visited: readers who retry, two servers on
//! one database, and a crash or a lost answer between any two steps. What is decided is decided by the product's
//! own [`decide`].
//!
//! It holds that there are never more claims than views, that no view is lost, and that a view which was used can
//! be redeemed. Each rule of the protocol is taken out once, and the model then finds what goes wrong.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test that cannot go on says where")]

use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};
use shared_crypto::messages::SecretState;
use shared_crypto::{ClaimMask, SecretId, ServerShare};
use vault::{GrantedClaim, ReceiptStatus, RevealSnapshot, RevealWrite, StoredSecret, decide};
use vault::{RevealAttempt, RevealOutcome};

const READERS: usize = 3;
const SERVERS: usize = 2;
/// Crashes, lost answers and readers who lose patience, in all.
const TROUBLES: u8 = 3;

/// The rules of the protocol; the product keeps all of them.
#[derive(Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "each is a rule that can be taken out by itself")]
struct Rules {
    /// The row is locked until the commit.
    lock: bool,
    /// What decides is read after the lock was obtained.
    read_after_lock: bool,
    /// A known claim is answered before anything else is asked.
    claim_first: bool,
    /// The claim is written in the transaction of the view.
    claim_with_view: bool,
    /// The last view deletes the secret in its transaction.
    delete_with_view: bool,
    /// The share leaves the server after the commit.
    answer_after_commit: bool,
}

const ALL: Rules = Rules {
    lock: true,
    read_after_lock: true,
    claim_first: true,
    claim_with_view: true,
    delete_with_view: true,
    answer_after_commit: true,
};

/// What one transaction read: views that are left, and what this reader's claim was answered with.
type Read = (Option<u8>, Option<u8>);

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Step {
    Idle,
    /// Wants the lock; what it has read already, where it reads too early.
    Waiting(usize, Option<Read>),
    Locked(usize, Option<Read>),
    /// Decided, and nothing written yet.
    Decided(usize, Answer),
    /// The view is committed, and what belongs to it is still to be written.
    Half(usize, Answer),
    Committed(usize, Answer),
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Answer {
    /// A view, used now.
    New(u8),
    /// The same answer again.
    Again(u8),
    Refused,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Reader {
    /// Has not asked yet, or got no answer.
    Silent,
    Asking,
    Holds(u8),
    Refused,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct World {
    max_views: u8,
    /// The tables: the secret's views, and each reader's claim.
    secret: Option<u8>,
    claims: [Option<u8>; READERS],
    lock: Option<usize>,
    servers: [Step; SERVERS],
    readers: [Reader; READERS],
    /// Whose view is committed.
    used: [u8; READERS],
    troubles: u8,
}

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp_millis(1_800_000_000_000).unwrap()
}

fn share() -> ServerShare {
    ServerShare::from_bytes([7; 32])
}

/// The product's decision over what was read.
fn judge(rules: Rules, (secret, claim): Read) -> Answer {
    let expires_at = now() + TimeDelta::hours(1);
    let state = if secret.is_some() { SecretState::Live } else { SecretState::Viewed };
    let found = RevealSnapshot {
        now: now(),
        claim: claim.filter(|_| rules.claim_first).map(|views_left| GrantedClaim {
            share: share(),
            views_left,
            expires_at,
        }),
        secret: secret.map(|views_left| StoredSecret {
            reveal_hash: [1; 32],
            share: share(),
            views_left,
            bad_tries: 0,
            locked_until: None,
            expires_at,
        }),
        receipt: Some(ReceiptStatus { state, expires_at, ended_at: secret.is_none().then(now) }),
    };
    let attempt = RevealAttempt {
        id: SecretId::from_bytes([0; 12]),
        access_hash: [0; 32],
        reveal_hash: [1; 32],
        claim_hash: [0; 32],
        claim_mask: ClaimMask::from_bytes([0; 32]),
    };
    match decide(&found, &attempt).unwrap() {
        (RevealOutcome::Granted { views_left, .. }, Some(RevealWrite::View { .. })) => {
            Answer::New(views_left)
        }
        (RevealOutcome::Granted { views_left, .. }, None) => Answer::Again(views_left),
        (RevealOutcome::Gone(_), None) => Answer::Refused,
        other => panic!("{other:?} has no place here"),
    }
}

impl World {
    fn new(max_views: u8) -> Self {
        Self {
            max_views,
            secret: Some(max_views),
            claims: [None; READERS],
            lock: None,
            servers: [Step::Idle; SERVERS],
            readers: [Reader::Silent; READERS],
            used: [0; READERS],
            troubles: TROUBLES,
        }
    }

    fn read(&self, reader: usize) -> Read {
        (self.secret, self.claims[reader])
    }

    /// Every world that can come next.
    fn next(&self, rules: Rules) -> Vec<Self> {
        let mut worlds = Vec::new();
        for reader in 0..READERS {
            if self.readers[reader] == Reader::Silent {
                for server in (0..SERVERS).filter(|server| self.servers[*server] == Step::Idle) {
                    let mut world = self.clone();
                    world.readers[reader] = Reader::Asking;
                    let early = (!rules.read_after_lock).then(|| self.read(reader));
                    world.servers[server] = Step::Waiting(reader, early);
                    worlds.push(world);
                }
            }
            // Out of patience: asks again, while the first request may still be under way.
            if self.readers[reader] == Reader::Asking && self.troubles > 0 {
                let mut world = self.clone();
                world.readers[reader] = Reader::Silent;
                world.troubles -= 1;
                worlds.push(world);
            }
        }
        for server in 0..SERVERS {
            worlds.extend(self.advance(rules, server));
            if self.servers[server] != Step::Idle && self.troubles > 0 {
                worlds.push(self.crash(server));
            }
        }
        worlds
    }

    fn advance(&self, rules: Rules, server: usize) -> Option<Self> {
        let mut world = self.clone();
        world.servers[server] = match self.servers[server] {
            Step::Idle => return None,
            Step::Waiting(reader, early) => {
                if rules.lock && self.secret.is_some() {
                    if self.lock.is_some() {
                        return None;
                    }
                    world.lock = Some(server);
                }
                Step::Locked(reader, early)
            }
            Step::Locked(reader, early) => {
                let answer = judge(rules, early.unwrap_or_else(|| self.read(reader)));
                if !rules.answer_after_commit {
                    world.answer(reader, answer);
                }
                Step::Decided(reader, answer)
            }
            Step::Decided(reader, answer) => {
                let mut whole = true;
                if let Answer::New(views_left) = answer {
                    world.used[reader] += 1;
                    if views_left > 0 || rules.delete_with_view {
                        world.secret = Some(views_left).filter(|left| *left > 0);
                    } else {
                        whole = false;
                    }
                    if rules.claim_with_view {
                        world.claims[reader] = Some(views_left);
                    } else {
                        whole = false;
                    }
                }
                world.unlock(server);
                if whole { Step::Committed(reader, answer) } else { Step::Half(reader, answer) }
            }
            Step::Half(reader, answer) => {
                if let Answer::New(views_left) = answer {
                    world.claims[reader] = Some(views_left);
                    world.secret = world.secret.filter(|_| views_left > 0);
                }
                Step::Committed(reader, answer)
            }
            Step::Committed(reader, answer) => {
                if rules.answer_after_commit {
                    world.answer(reader, answer);
                }
                Step::Idle
            }
        };
        Some(world)
    }

    /// An answer reaches whoever still waits for it.
    fn answer(&mut self, reader: usize, answer: Answer) {
        if self.readers[reader] == Reader::Asking {
            self.readers[reader] = match answer {
                Answer::New(left) | Answer::Again(left) => Reader::Holds(left),
                Answer::Refused => Reader::Refused,
            };
        }
    }

    fn unlock(&mut self, server: usize) {
        self.lock = self.lock.filter(|holder| *holder != server);
    }

    /// The server dies, or its connection: what was not committed is gone, and nobody is answered.
    fn crash(&self, server: usize) -> Self {
        let mut world = self.clone();
        world.troubles -= 1;
        world.unlock(server);
        let (Step::Waiting(reader, _)
        | Step::Locked(reader, _)
        | Step::Decided(reader, _)
        | Step::Half(reader, _)
        | Step::Committed(reader, _)) = self.servers[server]
        else {
            return world;
        };
        world.servers[server] = Step::Idle;
        if world.readers[reader] == Reader::Asking {
            world.readers[reader] = Reader::Silent;
        }
        world
    }

    /// What is wrong here.
    fn wrong(&self, rules: Rules) -> Option<&'static str> {
        let used: u8 = self.used.iter().sum();
        if used > self.max_views {
            return Some("more claims than views");
        }
        if self.used.iter().any(|views| *views > 1) {
            return Some("one claim used two views");
        }
        if self.secret.unwrap_or(0) + used < self.max_views {
            return Some("a view was lost");
        }
        for reader in 0..READERS {
            if matches!(self.readers[reader], Reader::Holds(_)) && self.used[reader] == 0 {
                return Some("a share was released and no view was used");
            }
            let redeemed = matches!(judge(rules, self.read(reader)), Answer::Again(_));
            if self.used[reader] > 0 && !redeemed {
                return Some("a view that was used cannot be redeemed");
            }
            if self.used[reader] > 0 && self.readers[reader] == Reader::Refused {
                return Some("a reader whose view was used was refused");
            }
        }
        None
    }
}

/// Visits every world, and says how many there are, or what is wrong in one of them.
fn explore(rules: Rules, max_views: u8) -> Result<usize, &'static str> {
    let mut seen = HashSet::from([World::new(max_views)]);
    let mut ahead: Vec<World> = seen.iter().cloned().collect();
    while let Some(world) = ahead.pop() {
        if let Some(wrong) = world.wrong(rules) {
            return Err(wrong);
        }
        let next = world.next(rules);
        // Nobody is stuck: where nothing moves, everybody has an answer.
        if next.is_empty()
            && world.readers.iter().any(|reader| matches!(reader, Reader::Silent | Reader::Asking))
        {
            return Err("somebody waits for ever");
        }
        ahead.extend(next.into_iter().filter(|world| seen.insert(world.clone())));
    }
    Ok(seen.len())
}

#[test]
fn never_more_claims_than_views_and_every_view_that_was_used_can_be_redeemed() {
    for max_views in 1..=3 {
        let worlds = explore(ALL, max_views).unwrap();
        assert!(worlds > 10_000, "only {worlds} worlds were visited");
    }
}

#[test]
fn without_the_lock_views_are_granted_twice() {
    assert!(explore(Rules { lock: false, ..ALL }, 1).is_err());
}

#[test]
fn what_was_read_before_the_lock_grants_what_is_gone() {
    assert!(explore(Rules { read_after_lock: false, ..ALL }, 1).is_err());
}

#[test]
fn where_the_claim_is_not_asked_first_a_retry_is_a_second_view() {
    assert!(explore(Rules { claim_first: false, ..ALL }, 2).is_err());
}

#[test]
fn a_claim_written_apart_from_its_view_is_lost_in_a_crash() {
    assert_eq!(
        explore(Rules { claim_with_view: false, ..ALL }, 1),
        Err("a view that was used cannot be redeemed")
    );
}

#[test]
fn a_secret_deleted_apart_from_its_last_view_is_granted_again() {
    assert_eq!(explore(Rules { delete_with_view: false, ..ALL }, 1), Err("more claims than views"));
}

#[test]
fn a_share_released_before_the_commit_was_never_paid_for() {
    assert_eq!(
        explore(Rules { answer_after_commit: false, ..ALL }, 1),
        Err("a share was released and no view was used")
    );
}
