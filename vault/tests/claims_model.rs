//! Model checking of the reveal protocol: visits every state that clients and servers can reach.
//!
//! Clients retry, two servers share one database, and a server can crash, or a response be lost, between any two steps.
//! The model decides with the product's own [`decide`]. It checks that there are never more claims than views, that no
//! view is lost, and that the claim of a used view gets its response again.
//!
//! A second group of tests removes one rule of the protocol at a time, and expects the model to find the violation.
#![allow(missing_docs, clippy::unwrap_used, reason = "a failing test names its line")]

use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};
use shared_crypto::messages::SecretState;
use shared_crypto::{ClaimMask, SecretId, ServerShare};
use vault::{GrantedClaim, ReceiptStatus, RevealSnapshot, RevealWrite, StoredSecret, decide};
use vault::{RevealAttempt, RevealOutcome};

const CLIENTS: usize = 3;
const SERVERS: usize = 2;
/// Number of faults in one run: crashes, lost responses and client timeouts.
const MAX_FAULTS: u8 = 3;

/// The rules of the protocol. The product follows all of them.
#[derive(Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "each is a rule that a test removes alone")]
struct Rules {
    /// The secret's row is locked until the commit.
    lock: bool,
    /// The rows are read after the lock was obtained.
    read_after_lock: bool,
    /// A granted claim is answered before any other condition is checked.
    claim_first: bool,
    /// The claim is written in the transaction of the view.
    claim_with_view: bool,
    /// The last view deletes the secret in the same transaction.
    delete_with_view: bool,
    /// The response is sent after the commit.
    respond_after_commit: bool,
}

const ALL_RULES: Rules = Rules {
    lock: true,
    read_after_lock: true,
    claim_first: true,
    claim_with_view: true,
    delete_with_view: true,
    respond_after_commit: true,
};

/// The rows that a transaction has read: the views that are left, and those that the client's claim was answered with.
type Rows = (Option<u8>, Option<u8>);

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum ServerStep {
    Idle,
    /// The transaction of this client waits for the lock. It has the rows if the rule `read_after_lock` is removed.
    WaitingForLock(usize, Option<Rows>),
    Locked(usize, Option<Rows>),
    /// The attempt is decided; nothing is written.
    Decided(usize, Response),
    /// The view is committed without the claim, or without the deletion of the secret.
    HalfCommitted(usize, Response),
    Committed(usize, Response),
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Response {
    /// A share, for a view that was used now.
    NewView(u8),
    /// The share of a repeated claim.
    Repeated(u8),
    Refused,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Client {
    /// Has no request in flight, and no response.
    Idle,
    Waiting,
    HasShare(u8),
    Refused,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct State {
    max_views: u8,
    /// The row of the secret: views that are left.
    secret: Option<u8>,
    /// The row of each client's claim: views that were left.
    claims: [Option<u8>; CLIENTS],
    /// The server that holds the lock.
    lock: Option<usize>,
    servers: [ServerStep; SERVERS],
    clients: [Client; CLIENTS],
    /// Views that each client has used.
    used: [u8; CLIENTS],
    faults_left: u8,
}

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp_millis(1_800_000_000_000).unwrap()
}

fn share() -> ServerShare {
    ServerShare::from_bytes([7; 32])
}

/// Calls the product's decision with these rows.
fn decide_rows(rules: Rules, (secret, claim): Rows) -> Response {
    let expires_at = now() + TimeDelta::hours(1);
    let state = if secret.is_some() { SecretState::Live } else { SecretState::Viewed };
    let snapshot = RevealSnapshot {
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
    match decide(&snapshot, &attempt).unwrap() {
        (RevealOutcome::Granted { views_left, .. }, Some(RevealWrite::View { .. })) => {
            Response::NewView(views_left)
        }
        (RevealOutcome::Granted { views_left, .. }, None) => Response::Repeated(views_left),
        (RevealOutcome::Gone(_), None) => Response::Refused,
        other => panic!("unexpected outcome {other:?}"),
    }
}

impl State {
    fn new(max_views: u8) -> Self {
        Self {
            max_views,
            secret: Some(max_views),
            claims: [None; CLIENTS],
            lock: None,
            servers: [ServerStep::Idle; SERVERS],
            clients: [Client::Idle; CLIENTS],
            used: [0; CLIENTS],
            faults_left: MAX_FAULTS,
        }
    }

    fn read(&self, client: usize) -> Rows {
        (self.secret, self.claims[client])
    }

    /// Returns every state that can follow.
    fn next(&self, rules: Rules) -> Vec<Self> {
        let mut states = Vec::new();
        for client in 0..CLIENTS {
            if self.clients[client] == Client::Idle {
                for server in (0..SERVERS).filter(|server| self.servers[*server] == ServerStep::Idle) {
                    let mut state = self.clone();
                    state.clients[client] = Client::Waiting;
                    let early = (!rules.read_after_lock).then(|| self.read(client));
                    state.servers[server] = ServerStep::WaitingForLock(client, early);
                    states.push(state);
                }
            }
            // The client times out and retries, while its first request may still be running.
            if self.clients[client] == Client::Waiting && self.faults_left > 0 {
                let mut state = self.clone();
                state.clients[client] = Client::Idle;
                state.faults_left -= 1;
                states.push(state);
            }
        }
        for server in 0..SERVERS {
            states.extend(self.advance(rules, server));
            if self.servers[server] != ServerStep::Idle && self.faults_left > 0 {
                states.push(self.crash(server));
            }
        }
        states
    }

    fn advance(&self, rules: Rules, server: usize) -> Option<Self> {
        let mut state = self.clone();
        state.servers[server] = match self.servers[server] {
            ServerStep::Idle => return None,
            ServerStep::WaitingForLock(client, early) => {
                if rules.lock && self.secret.is_some() {
                    if self.lock.is_some() {
                        return None;
                    }
                    state.lock = Some(server);
                }
                ServerStep::Locked(client, early)
            }
            ServerStep::Locked(client, early) => {
                let response = decide_rows(rules, early.unwrap_or_else(|| self.read(client)));
                if !rules.respond_after_commit {
                    state.respond(client, response);
                }
                ServerStep::Decided(client, response)
            }
            ServerStep::Decided(client, response) => {
                let mut is_complete = true;
                if let Response::NewView(views_left) = response {
                    state.used[client] += 1;
                    if views_left > 0 || rules.delete_with_view {
                        state.secret = Some(views_left).filter(|left| *left > 0);
                    } else {
                        is_complete = false;
                    }
                    if rules.claim_with_view {
                        state.claims[client] = Some(views_left);
                    } else {
                        is_complete = false;
                    }
                }
                state.unlock(server);
                if is_complete {
                    ServerStep::Committed(client, response)
                } else {
                    ServerStep::HalfCommitted(client, response)
                }
            }
            ServerStep::HalfCommitted(client, response) => {
                if let Response::NewView(views_left) = response {
                    state.claims[client] = Some(views_left);
                    state.secret = state.secret.filter(|_| views_left > 0);
                }
                ServerStep::Committed(client, response)
            }
            ServerStep::Committed(client, response) => {
                if rules.respond_after_commit {
                    state.respond(client, response);
                }
                ServerStep::Idle
            }
        };
        Some(state)
    }

    /// Delivers a response, if the client still waits for one.
    fn respond(&mut self, client: usize, response: Response) {
        if self.clients[client] == Client::Waiting {
            self.clients[client] = match response {
                Response::NewView(left) | Response::Repeated(left) => Client::HasShare(left),
                Response::Refused => Client::Refused,
            };
        }
    }

    fn unlock(&mut self, server: usize) {
        self.lock = self.lock.filter(|holder| *holder != server);
    }

    /// Crashes a server, or its connection to the database: its open transaction is rolled back, and its client gets no
    /// response.
    fn crash(&self, server: usize) -> Self {
        let mut state = self.clone();
        state.faults_left -= 1;
        state.unlock(server);
        let (ServerStep::WaitingForLock(client, _)
        | ServerStep::Locked(client, _)
        | ServerStep::Decided(client, _)
        | ServerStep::HalfCommitted(client, _)
        | ServerStep::Committed(client, _)) = self.servers[server]
        else {
            return state;
        };
        state.servers[server] = ServerStep::Idle;
        if state.clients[client] == Client::Waiting {
            state.clients[client] = Client::Idle;
        }
        state
    }

    /// Returns the property that this state violates, if any.
    fn violation(&self, rules: Rules) -> Option<&'static str> {
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
        for client in 0..CLIENTS {
            if matches!(self.clients[client], Client::HasShare(_)) && self.used[client] == 0 {
                return Some("a share was released and no view was used");
            }
            let redeemed = matches!(decide_rows(rules, self.read(client)), Response::Repeated(_));
            if self.used[client] > 0 && !redeemed {
                return Some("a view that was used cannot be redeemed");
            }
            if self.used[client] > 0 && self.clients[client] == Client::Refused {
                return Some("a client whose view was used was refused");
            }
        }
        None
    }
}

/// Visits every reachable state and returns their number, or the first violation.
fn explore(rules: Rules, max_views: u8) -> Result<usize, &'static str> {
    let mut visited = HashSet::from([State::new(max_views)]);
    let mut pending: Vec<State> = visited.iter().cloned().collect();
    while let Some(state) = pending.pop() {
        if let Some(violation) = state.violation(rules) {
            return Err(violation);
        }
        let next = state.next(rules);
        // A state without a successor must have a response for every client.
        if next.is_empty()
            && state.clients.iter().any(|client| matches!(client, Client::Idle | Client::Waiting))
        {
            return Err("a client waits forever");
        }
        pending.extend(next.into_iter().filter(|state| visited.insert(state.clone())));
    }
    Ok(visited.len())
}

#[test]
fn claims_never_exceed_views_and_every_used_view_can_be_redeemed() {
    for max_views in 1..=3 {
        let states = explore(ALL_RULES, max_views).unwrap();
        assert!(states > 10_000, "only {states} states were visited");
    }
}

#[test]
fn views_are_granted_twice_without_the_lock() {
    assert!(explore(Rules { lock: false, ..ALL_RULES }, 1).is_err());
}

#[test]
fn rows_read_before_the_lock_grant_a_used_view() {
    assert!(explore(Rules { read_after_lock: false, ..ALL_RULES }, 1).is_err());
}

#[test]
fn retry_uses_a_second_view_if_the_claim_is_not_checked_first() {
    assert!(explore(Rules { claim_first: false, ..ALL_RULES }, 2).is_err());
}

#[test]
fn claim_written_after_its_view_is_lost_in_a_crash() {
    assert_eq!(
        explore(Rules { claim_with_view: false, ..ALL_RULES }, 1),
        Err("a view that was used cannot be redeemed")
    );
}

#[test]
fn secret_deleted_after_its_last_view_is_granted_again() {
    assert_eq!(explore(Rules { delete_with_view: false, ..ALL_RULES }, 1), Err("more claims than views"));
}

#[test]
fn share_released_before_the_commit_uses_no_view() {
    assert_eq!(
        explore(Rules { respond_after_commit: false, ..ALL_RULES }, 1),
        Err("a share was released and no view was used")
    );
}
