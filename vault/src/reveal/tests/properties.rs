//! Properties of [`decide`] for every snapshot.

use proptest::option;
use proptest::prelude::*;

use super::*;

/// Generates moments around now, including now.
fn moment() -> impl Strategy<Value = DateTime<Utc>> {
    prop_oneof![-2..=2_i64, -1_000_000..1_000_000_i64].prop_map(at)
}

prop_compose! {
    fn secrets()(
        views_left in 1..=100_u8,
        bad_tries in prop_oneof![0..20_u32, Just(u32::MAX)],
        locked_until in option::of(moment()),
        expires_at in moment(),
    ) -> StoredSecret {
        StoredSecret { reveal_hash: RIGHT, share: share(1), views_left, bad_tries, locked_until, expires_at }
    }
}

prop_compose! {
    fn receipts()(
        state in prop_oneof![Just(SecretState::Live), Just(SecretState::Viewed), Just(SecretState::Burned)],
        expires_at in moment(),
        ended_at in moment(),
    ) -> ReceiptStatus {
        ReceiptStatus { state, expires_at, ended_at: (state != SecretState::Live).then_some(ended_at) }
    }
}

prop_compose! {
    fn snapshots()(
        claim in option::of(moment().prop_map(granted_claim)),
        secret in option::of(secrets()),
        receipt in option::of(receipts()),
    ) -> RevealSnapshot {
        RevealSnapshot { now: at(0), claim, secret, receipt }
    }
}

proptest! {
    #[test]
    fn view_is_written_only_for_the_right_passphrase_of_a_live_secret(
        snapshot in snapshots(),
        reveal_hash in prop_oneof![Just(RIGHT), Just(WRONG), any::<Digest>()],
    ) {
        let Ok((outcome, write)) = decide(&snapshot, &attempt(reveal_hash)) else { return Ok(()) };
        let repeated = snapshot.claim.filter(|claim| claim.expires_at > snapshot.now);
        let live = snapshot.secret.filter(|secret| secret.expires_at > snapshot.now);
        let unlocked = live.filter(|secret| secret.locked_until.is_none_or(|until| until <= snapshot.now));
        match (outcome, write) {
            (RevealOutcome::Granted { share, views_left }, None) => {
                let claim = repeated.unwrap();
                prop_assert_eq!((share, views_left), (claim.share, claim.views_left));
            }
            (RevealOutcome::Granted { share, views_left }, Some(write)) => {
                prop_assert!(repeated.is_none());
                prop_assert_eq!(reveal_hash, RIGHT);
                let secret = unlocked.unwrap();
                prop_assert_eq!((share, views_left + 1), (secret.share, secret.views_left));
                prop_assert_eq!(write, RevealWrite::View { views_left });
            }
            (RevealOutcome::WrongPassphrase { tries_left, wait }, Some(RevealWrite::WrongPassphrase { bad_tries, locked_until })) => {
                prop_assert_ne!(reveal_hash, RIGHT);
                prop_assert!(bad_tries > unlocked.unwrap().bad_tries || bad_tries == u32::MAX);
                prop_assert_eq!(tries_left == 0, wait.is_some());
                prop_assert!(wait.is_none_or(|seconds| (2..=900).contains(&seconds)));
                let wait = wait.map(|seconds| snapshot.now + TimeDelta::seconds(seconds.into()));
                prop_assert_eq!(locked_until, wait);
            }
            (RevealOutcome::Locked { wait }, None) => {
                prop_assert!(unlocked.is_none());
                prop_assert!(wait >= 1);
            }
            (RevealOutcome::Gone(end), None) => prop_assert_ne!(end.state, SecretState::Live),
            (RevealOutcome::NotFound, None) => prop_assert!(snapshot.receipt.is_none()),
            other => prop_assert!(false, "{:?}", other),
        }
    }

    #[test]
    fn snapshot_is_stale_only_if_a_live_receipt_has_no_live_secret(snapshot in snapshots()) {
        let repeated = snapshot.claim.as_ref().is_some_and(|claim| claim.expires_at > snapshot.now);
        let live = snapshot.secret.as_ref().is_some_and(|secret| secret.expires_at > snapshot.now);
        let is_receipt_live = snapshot
            .receipt
            .is_some_and(|receipt| receipt.state == SecretState::Live && receipt.expires_at > snapshot.now);
        let is_stale = decide(&snapshot, &attempt(RIGHT)) == Err(StaleSnapshot);
        prop_assert_eq!(is_stale, !repeated && !live && is_receipt_live);
    }
}
