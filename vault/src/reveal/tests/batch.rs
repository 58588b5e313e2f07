//! A batch has the outcomes that its attempts would have had one after the other.

use proptest::prelude::*;

use super::scenario::{Step, Tables, steps};
use super::*;
use crate::{RevealBatch, SecretVersion};

/// Returns an attempt. The claim hash depends on the passphrase, as it does in the protocol.
fn attempt_with(right: bool, claim: u8) -> RevealAttempt {
    let mut claim_hash = [0; 32];
    (claim_hash[0], claim_hash[1]) = (u8::from(right), claim);
    RevealAttempt { claim_hash, ..attempt(if right { RIGHT } else { WRONG }) }
}

proptest! {
    #[test]
    fn attempts_in_a_batch_have_the_outcomes_of_single_attempts(max_views in 1..8_u8, steps in steps()) {
        let mut tables = Tables::with_views(max_views);
        let turns = steps.split_inclusive(|step| matches!(step, Step::Wait { .. }));
        for turn in turns {
            let reveals: Vec<(bool, u8)> = turn
                .iter()
                .filter_map(|step| match step {
                    Step::Reveal { right, claim } => Some((*right, *claim)),
                    Step::Wait { .. } => None,
                })
                .collect();
            let mut batch = RevealBatch::new(tables.now);
            for (right, claim) in &reveals {
                batch.add_snapshot(&attempt_with(*right, *claim), tables.snapshot(*right, *claim));
            }
            let (before, views_before) = (tables.secret.clone(), tables.views);
            for (right, claim) in &reveals {
                let outcome = batch.decide(&attempt_with(*right, *claim)).unwrap();
                prop_assert_eq!(outcome, tables.reveal(*right, *claim));
            }
            // The changes lead from the rows that were read to those of the single attempts.
            let changes = batch.changes();
            let views: u32 = changes.iter().map(|change| change.views).sum();
            prop_assert_eq!(views, tables.views - views_before);
            prop_assert_eq!(batch.new_claims().len(), usize::try_from(views).unwrap());
            if let Some(change) = changes.first() {
                prop_assert_eq!(change.expected, SecretVersion::from(before.as_ref()));
                prop_assert_eq!(change.new, SecretVersion::from(tables.secret.as_ref()));
            }
            if let Some(Step::Wait { millis }) = turn.last() {
                tables.now += TimeDelta::milliseconds(*millis);
            }
        }
    }
}

#[test]
fn secrets_in_one_batch_are_decided_independently() {
    let other = RevealAttempt { id: SecretId::from_bytes([9; 12]), ..attempt_with(true, 1) };
    let stranger = RevealAttempt { access_hash: [7; 32], ..attempt_with(true, 2) };
    let mut batch = RevealBatch::new(at(0));
    batch.add_snapshot(&attempt_with(false, 0), snapshot(stored_secret()));
    batch.add_snapshot(
        &other,
        RevealSnapshot {
            secret: Some(StoredSecret { views_left: 1, ..stored_secret() }),
            ..snapshot(stored_secret())
        },
    );
    batch.add_snapshot(&stranger, RevealSnapshot { now: at(0), claim: None, secret: None, receipt: None });
    assert_eq!(
        batch.decide(&attempt_with(false, 0)),
        Ok(RevealOutcome::WrongPassphrase { tries_left: 4, wait: None })
    );
    assert_eq!(batch.decide(&other), Ok(RevealOutcome::Granted { share: share(1), views_left: 0 }));
    assert_eq!(batch.decide(&stranger), Ok(RevealOutcome::NotFound));
    let changed: Vec<_> =
        batch.changes().into_iter().map(|change| (change.id, change.new.views_left)).collect();
    assert_eq!(changed, [(attempt_with(false, 0).id, 3), (other.id.clone(), 0)]);
    // No rows were read for this one.
    let unread = RevealAttempt { id: SecretId::from_bytes([8; 12]), ..other };
    assert_eq!(batch.decide(&unread), Err(StaleSnapshot));
}

#[test]
fn decide_all_matches_snapshots_to_attempts_by_position() {
    let right = attempt_with(true, 1);
    let stranger = RevealAttempt { access_hash: [7; 32], ..attempt_with(true, 2) };
    let missing = RevealSnapshot { now: at(0), claim: None, secret: None, receipt: None };
    let live = ReceiptStatus { state: SecretState::Live, expires_at: at(1), ended_at: None };
    let stale = RevealSnapshot { receipt: Some(live), ..missing.clone() };
    let early = RevealAttempt { id: SecretId::from_bytes([9; 12]), ..attempt_with(true, 3) };
    let (batch, outcomes) =
        RevealBatch::decide_all(&[stranger, right, early], vec![missing, snapshot(stored_secret()), stale])
            .unwrap();
    let granted = RevealOutcome::Granted { share: share(1), views_left: 2 };
    assert_eq!(outcomes, [Some(RevealOutcome::NotFound), Some(granted), None]);
    assert_eq!((batch.now(), batch.new_claims().len(), batch.changes().len()), (at(0), 1, 1));
    assert!(RevealBatch::decide_all::<RevealAttempt>(&[], Vec::new()).is_err());
}
