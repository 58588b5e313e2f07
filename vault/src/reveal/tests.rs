//! Checks the order of the conditions in [`decide`], and its numbers.

mod batch;
mod properties;
mod scenario;

use shared_crypto::{ClaimMask, SecretId};

use super::*;

const RIGHT: Digest = [1; 32];
const WRONG: Digest = [2; 32];
const NOW: i64 = 1_800_000_000_000;

fn at(millis_from_now: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(NOW + millis_from_now).unwrap()
}

fn share(number: u8) -> ServerShare {
    ServerShare::from_bytes([number; 32])
}

fn attempt(reveal_hash: Digest) -> RevealAttempt {
    let id = SecretId::from_bytes([0; 12]);
    RevealAttempt {
        id,
        access_hash: [0; 32],
        reveal_hash,
        claim_hash: [0; 32],
        claim_mask: ClaimMask::from_bytes([0; 32]),
    }
}

fn stored_secret() -> StoredSecret {
    StoredSecret {
        reveal_hash: RIGHT,
        share: share(1),
        views_left: 3,
        bad_tries: 0,
        locked_until: None,
        expires_at: at(60_000),
    }
}

/// Returns the snapshot of a live secret with its receipt.
fn snapshot(secret: StoredSecret) -> RevealSnapshot {
    let receipt = ReceiptStatus { state: SecretState::Live, expires_at: secret.expires_at, ended_at: None };
    RevealSnapshot { now: at(0), claim: None, secret: Some(secret), receipt: Some(receipt) }
}

fn granted_claim(expires_at: DateTime<Utc>) -> GrantedClaim {
    GrantedClaim { share: share(9), views_left: 7, expires_at }
}

#[test]
fn granted_claim_is_answered_before_any_other_condition() {
    let repeated = Ok((RevealOutcome::Granted { share: share(9), views_left: 7 }, None));
    let burned = ReceiptStatus { state: SecretState::Burned, expires_at: at(1), ended_at: Some(at(-1)) };
    for secret in [
        Some(stored_secret()),
        Some(StoredSecret { expires_at: at(-1), ..stored_secret() }),
        Some(StoredSecret { locked_until: Some(at(1)), ..stored_secret() }),
        None,
    ] {
        for receipt in [Some(burned), None] {
            let snapshot = RevealSnapshot {
                now: at(0),
                claim: Some(granted_claim(at(1))),
                secret: secret.clone(),
                receipt,
            };
            assert_eq!(decide(&snapshot, &attempt(RIGHT)), repeated);
            assert_eq!(decide(&snapshot, &attempt(WRONG)), repeated);
        }
    }
}

/// PostgreSQL grants this one case without calling [`decide`], in `server/src/store/postgres/last_view.rs`.
#[test]
fn last_view_without_wrong_passphrases_is_granted_to_the_right_proof() {
    for (millis, state) in [
        (1, SecretState::Live),
        (60_000, SecretState::Live),
        (1, SecretState::Viewed),
        (1, SecretState::Burned),
    ] {
        let secret = StoredSecret { views_left: 1, expires_at: at(millis), ..stored_secret() };
        let receipt = ReceiptStatus { state, expires_at: secret.expires_at, ended_at: None };
        for receipt in [Some(receipt), None] {
            let plain = RevealSnapshot { receipt, ..snapshot(secret.clone()) };
            let granted = RevealOutcome::Granted { share: share(1), views_left: 0 };
            assert_eq!(
                decide(&plain, &attempt(RIGHT)),
                Ok((granted, Some(RevealWrite::View { views_left: 0 })))
            );
        }
    }
}

#[test]
fn expired_claim_uses_another_view() {
    for millis in [-1, 0] {
        let expired = RevealSnapshot { claim: Some(granted_claim(at(millis))), ..snapshot(stored_secret()) };
        let (outcome, write) = decide(&expired, &attempt(RIGHT)).unwrap();
        assert_eq!(outcome, RevealOutcome::Granted { share: share(1), views_left: 2 });
        assert_eq!(write, Some(RevealWrite::View { views_left: 2 }));
    }
}

#[test]
fn expiry_is_checked_before_the_lock_and_the_passphrase() {
    for millis in [-1, 0] {
        let secret =
            StoredSecret { expires_at: at(millis), locked_until: Some(at(900_000)), ..stored_secret() };
        let gone = RevealOutcome::Gone(SecretEnd { state: SecretState::Expired, ended_at: at(millis) });
        for reveal_hash in [RIGHT, WRONG] {
            assert_eq!(decide(&snapshot(secret.clone()), &attempt(reveal_hash)), Ok((gone.clone(), None)));
        }
    }
    let last_moment = snapshot(StoredSecret { expires_at: at(1), ..stored_secret() });
    assert!(matches!(decide(&last_moment, &attempt(RIGHT)), Ok((RevealOutcome::Granted { .. }, Some(_)))));
}

#[test]
fn lock_is_checked_before_the_passphrase() {
    for (millis, wait) in [(1, 1), (1000, 1), (1001, 2), (899_001, 900), (900_000, 900)] {
        let locked =
            snapshot(StoredSecret { locked_until: Some(at(millis)), bad_tries: 5, ..stored_secret() });
        for reveal_hash in [RIGHT, WRONG] {
            assert_eq!(decide(&locked, &attempt(reveal_hash)), Ok((RevealOutcome::Locked { wait }, None)));
        }
    }
    let unlocked = snapshot(StoredSecret { locked_until: Some(at(0)), bad_tries: 5, ..stored_secret() });
    assert!(matches!(decide(&unlocked, &attempt(RIGHT)), Ok((RevealOutcome::Granted { .. }, Some(_)))));
}

#[test]
fn nth_wrong_passphrase_locks_for_two_to_the_power_of_n_minus_four_seconds() {
    let waits = [2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900];
    let expected = [(4, None), (3, None), (2, None), (1, None)];
    let expected = expected.into_iter().chain(waits.into_iter().map(|wait| (0, Some(wait))));
    for (bad_tries, (tries_left, wait)) in (1..).zip(expected) {
        let secret = StoredSecret { bad_tries: bad_tries - 1, ..stored_secret() };
        let locked_until = wait.map(|seconds| at(0) + TimeDelta::seconds(seconds.into()));
        let outcome = RevealOutcome::WrongPassphrase { tries_left, wait };
        let write = RevealWrite::WrongPassphrase { bad_tries, locked_until };
        assert_eq!(decide(&snapshot(secret), &attempt(WRONG)), Ok((outcome, Some(write))));
    }
    let most_tries = snapshot(StoredSecret { bad_tries: u32::MAX, ..stored_secret() });
    let outcome = RevealOutcome::WrongPassphrase { tries_left: 0, wait: Some(900) };
    assert_eq!(decide(&most_tries, &attempt(WRONG)).unwrap().0, outcome);
}

#[test]
fn right_passphrase_counts_down_to_the_last_view() {
    for (views_before, views_left) in [(100, 99), (2, 1), (1, 0)] {
        let secret = StoredSecret { views_left: views_before, bad_tries: 4, ..stored_secret() };
        let granted = RevealOutcome::Granted { share: share(1), views_left };
        let write = Some(RevealWrite::View { views_left });
        assert_eq!(decide(&snapshot(secret), &attempt(RIGHT)), Ok((granted, write)));
    }
}

#[test]
fn missing_secret_is_gone_as_its_receipt_says() {
    let no_secret = |receipt| RevealSnapshot { now: at(0), claim: None, secret: None, receipt };
    for (state, expires_at, ended_at, end_state, end_at) in [
        (SecretState::Viewed, 5, Some(-3), SecretState::Viewed, -3),
        (SecretState::Burned, 5, Some(-3), SecretState::Burned, -3),
        // A view before the expiry decides, also after the expiry.
        (SecretState::Viewed, -2, Some(-3), SecretState::Viewed, -3),
        (SecretState::Live, -2, None, SecretState::Expired, -2),
        (SecretState::Live, 0, None, SecretState::Expired, 0),
    ] {
        let receipt = ReceiptStatus { state, expires_at: at(expires_at), ended_at: ended_at.map(at) };
        let gone = RevealOutcome::Gone(SecretEnd { state: end_state, ended_at: at(end_at) });
        assert_eq!(decide(&no_secret(Some(receipt)), &attempt(RIGHT)), Ok((gone, None)));
    }
    assert_eq!(decide(&no_secret(None), &attempt(RIGHT)), Ok((RevealOutcome::NotFound, None)));
    let live = ReceiptStatus { state: SecretState::Live, expires_at: at(1), ended_at: None };
    assert_eq!(decide(&no_secret(Some(live)), &attempt(RIGHT)), Err(StaleSnapshot));
}
