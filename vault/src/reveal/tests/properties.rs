//! What holds whatever was read.

use proptest::option;
use proptest::prelude::*;

use super::*;

/// Moments around now, now among them.
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
    fn traces()(
        state in prop_oneof![Just(SecretState::Live), Just(SecretState::Viewed), Just(SecretState::Burned)],
        expires_at in moment(),
        ended_at in moment(),
    ) -> ReceiptStatus {
        ReceiptStatus { state, expires_at, ended_at: (state != SecretState::Live).then_some(ended_at) }
    }
}

prop_compose! {
    fn finds()(
        claim in option::of(moment().prop_map(claimed)),
        secret in option::of(secrets()),
        receipt in option::of(traces()),
    ) -> RevealSnapshot {
        RevealSnapshot { now: at(0), claim, secret, receipt }
    }
}

proptest! {
    #[test]
    fn a_view_is_written_for_the_right_passphrase_of_a_live_secret_only(
        found in finds(),
        reveal_hash in prop_oneof![Just(RIGHT), Just(WRONG), any::<Digest>()],
    ) {
        let Ok((outcome, write)) = decide(&found, &attempt(reveal_hash)) else { return Ok(()) };
        let repeated = found.claim.filter(|claim| claim.expires_at > found.now);
        let live = found.secret.filter(|secret| secret.expires_at > found.now);
        let open = live.filter(|secret| secret.locked_until.is_none_or(|until| until <= found.now));
        match (outcome, write) {
            (RevealOutcome::Granted { share: told, views_left }, None) => {
                let claim = repeated.unwrap();
                prop_assert_eq!((told, views_left), (claim.share, claim.views_left));
            }
            (RevealOutcome::Granted { share: told, views_left }, Some(write)) => {
                prop_assert!(repeated.is_none());
                prop_assert_eq!(reveal_hash, RIGHT);
                let secret = open.unwrap();
                prop_assert_eq!((told, views_left + 1), (secret.share, secret.views_left));
                prop_assert_eq!(write, RevealWrite::View { views_left });
            }
            (RevealOutcome::WrongPassphrase { tries_left, wait }, Some(RevealWrite::Try { bad_tries, locked_until })) => {
                prop_assert_ne!(reveal_hash, RIGHT);
                prop_assert!(bad_tries > open.unwrap().bad_tries || bad_tries == u32::MAX);
                prop_assert_eq!(tries_left == 0, wait.is_some());
                prop_assert!(wait.is_none_or(|seconds| (2..=900).contains(&seconds)));
                let wait = wait.map(|seconds| found.now + TimeDelta::seconds(seconds.into()));
                prop_assert_eq!(locked_until, wait);
            }
            (RevealOutcome::Locked { wait }, None) => {
                prop_assert!(open.is_none());
                prop_assert!(wait >= 1);
            }
            (RevealOutcome::Gone(ended), None) => prop_assert_ne!(ended.state, SecretState::Live),
            (RevealOutcome::NotFound, None) => prop_assert!(found.receipt.is_none()),
            told => prop_assert!(false, "{:?}", told),
        }
    }

    #[test]
    fn it_is_read_again_only_where_a_live_receipt_has_no_live_secret(found in finds()) {
        let repeated = found.claim.as_ref().is_some_and(|claim| claim.expires_at > found.now);
        let live = found.secret.as_ref().is_some_and(|secret| secret.expires_at > found.now);
        let trace = found.receipt.is_some_and(|trace| trace.state == SecretState::Live && trace.expires_at > found.now);
        let again = decide(&found, &attempt(RIGHT)) == Err(StaleSnapshot);
        prop_assert_eq!(again, !repeated && !live && trace);
    }
}
