//! The order of the questions, and the numbers.

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

fn held() -> StoredSecret {
    StoredSecret {
        reveal_hash: RIGHT,
        share: share(1),
        views_left: 3,
        bad_tries: 0,
        locked_until: None,
        expires_at: at(60_000),
    }
}

/// A live secret as it is found, with its receipt.
fn found(secret: StoredSecret) -> RevealSnapshot {
    let trace = ReceiptStatus { state: SecretState::Live, expires_at: secret.expires_at, ended_at: None };
    RevealSnapshot { now: at(0), claim: None, secret: Some(secret), receipt: Some(trace) }
}

fn claimed(expires_at: DateTime<Utc>) -> GrantedClaim {
    GrantedClaim { share: share(9), views_left: 7, expires_at }
}

#[test]
fn a_known_claim_comes_before_everything() {
    let again = Ok((RevealOutcome::Granted { share: share(9), views_left: 7 }, None));
    let burned = ReceiptStatus { state: SecretState::Burned, expires_at: at(1), ended_at: Some(at(-1)) };
    for secret in [
        Some(held()),
        Some(StoredSecret { expires_at: at(-1), ..held() }),
        Some(StoredSecret { locked_until: Some(at(1)), ..held() }),
        None,
    ] {
        for receipt in [Some(burned), None] {
            let found =
                RevealSnapshot { now: at(0), claim: Some(claimed(at(1))), secret: secret.clone(), receipt };
            assert_eq!(decide(&found, &attempt(RIGHT)), again);
            assert_eq!(decide(&found, &attempt(WRONG)), again);
        }
    }
}

/// PostgreSQL writes this one case down without asking (`server/src/store/postgres/last_view.rs`).
#[test]
fn the_last_view_of_a_secret_that_nobody_has_tried_is_granted_to_the_right_proof() {
    for (millis, state) in [
        (1, SecretState::Live),
        (60_000, SecretState::Live),
        (1, SecretState::Viewed),
        (1, SecretState::Burned),
    ] {
        let secret = StoredSecret { views_left: 1, expires_at: at(millis), ..held() };
        let trace = ReceiptStatus { state, expires_at: secret.expires_at, ended_at: None };
        for receipt in [Some(trace), None] {
            let plain = RevealSnapshot { receipt, ..found(secret.clone()) };
            let granted = RevealOutcome::Granted { share: share(1), views_left: 0 };
            assert_eq!(
                decide(&plain, &attempt(RIGHT)),
                Ok((granted, Some(RevealWrite::View { views_left: 0 })))
            );
        }
    }
}

#[test]
fn a_claim_whose_time_is_over_is_none() {
    for millis in [-1, 0] {
        let over = RevealSnapshot { claim: Some(claimed(at(millis))), ..found(held()) };
        let (outcome, write) = decide(&over, &attempt(RIGHT)).unwrap();
        assert_eq!(outcome, RevealOutcome::Granted { share: share(1), views_left: 2 });
        assert_eq!(write, Some(RevealWrite::View { views_left: 2 }));
    }
}

#[test]
fn expiry_comes_before_the_lock_and_the_passphrase() {
    for millis in [-1, 0] {
        let secret = StoredSecret { expires_at: at(millis), locked_until: Some(at(900_000)), ..held() };
        let gone = RevealOutcome::Gone(SecretEnd { state: SecretState::Expired, ended_at: at(millis) });
        for reveal_hash in [RIGHT, WRONG] {
            assert_eq!(decide(&found(secret.clone()), &attempt(reveal_hash)), Ok((gone.clone(), None)));
        }
    }
    let last_moment = found(StoredSecret { expires_at: at(1), ..held() });
    assert!(matches!(decide(&last_moment, &attempt(RIGHT)), Ok((RevealOutcome::Granted { .. }, Some(_)))));
}

#[test]
fn the_lock_comes_before_the_passphrase() {
    for (millis, wait) in [(1, 1), (1000, 1), (1001, 2), (899_001, 900), (900_000, 900)] {
        let locked = found(StoredSecret { locked_until: Some(at(millis)), bad_tries: 5, ..held() });
        for reveal_hash in [RIGHT, WRONG] {
            assert_eq!(decide(&locked, &attempt(reveal_hash)), Ok((RevealOutcome::Locked { wait }, None)));
        }
    }
    let open_again = found(StoredSecret { locked_until: Some(at(0)), bad_tries: 5, ..held() });
    assert!(matches!(decide(&open_again, &attempt(RIGHT)), Ok((RevealOutcome::Granted { .. }, Some(_)))));
}

#[test]
fn the_nth_wrong_passphrase_locks_for_two_to_the_power_of_n_minus_four() {
    let waits = [2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900];
    let expected = [(4, None), (3, None), (2, None), (1, None)];
    let expected = expected.into_iter().chain(waits.into_iter().map(|wait| (0, Some(wait))));
    for (bad_tries, (tries_left, wait)) in (1..).zip(expected) {
        let secret = StoredSecret { bad_tries: bad_tries - 1, ..held() };
        let locked_until = wait.map(|seconds| at(0) + TimeDelta::seconds(seconds.into()));
        let told = RevealOutcome::WrongPassphrase { tries_left, wait };
        let write = RevealWrite::Try { bad_tries, locked_until };
        assert_eq!(decide(&found(secret), &attempt(WRONG)), Ok((told, Some(write))));
    }
    let never_again = found(StoredSecret { bad_tries: u32::MAX, ..held() });
    let told = RevealOutcome::WrongPassphrase { tries_left: 0, wait: Some(900) };
    assert_eq!(decide(&never_again, &attempt(WRONG)).unwrap().0, told);
}

#[test]
fn a_right_passphrase_counts_down_to_the_end() {
    for (had, views_left) in [(100, 99), (2, 1), (1, 0)] {
        let secret = StoredSecret { views_left: had, bad_tries: 4, ..held() };
        let granted = RevealOutcome::Granted { share: share(1), views_left };
        let write = Some(RevealWrite::View { views_left });
        assert_eq!(decide(&found(secret), &attempt(RIGHT)), Ok((granted, write)));
    }
}

#[test]
fn without_a_secret_the_receipt_answers() {
    let no_secret = |receipt| RevealSnapshot { now: at(0), claim: None, secret: None, receipt };
    for (state, expires_at, ended_at, told, told_at) in [
        (SecretState::Viewed, 5, Some(-3), SecretState::Viewed, -3),
        (SecretState::Burned, 5, Some(-3), SecretState::Burned, -3),
        // What ended first stays, whatever time it is.
        (SecretState::Viewed, -2, Some(-3), SecretState::Viewed, -3),
        (SecretState::Live, -2, None, SecretState::Expired, -2),
        (SecretState::Live, 0, None, SecretState::Expired, 0),
    ] {
        let trace = ReceiptStatus { state, expires_at: at(expires_at), ended_at: ended_at.map(at) };
        let gone = RevealOutcome::Gone(SecretEnd { state: told, ended_at: at(told_at) });
        assert_eq!(decide(&no_secret(Some(trace)), &attempt(RIGHT)), Ok((gone, None)));
    }
    assert_eq!(decide(&no_secret(None), &attempt(RIGHT)), Ok((RevealOutcome::NotFound, None)));
    let live = ReceiptStatus { state: SecretState::Live, expires_at: at(1), ended_at: None };
    assert_eq!(decide(&no_secret(Some(live)), &attempt(RIGHT)), Err(StaleSnapshot));
}
