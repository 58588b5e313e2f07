//! A batch is what its callers one after the other would have been.

use proptest::prelude::*;

use super::scenario::{Step, Tables, steps};
use super::*;
use crate::{RevealBatch, SecretVersion};

/// A reader's attempt: a right and a wrong passphrase with one claim are two claims.
fn asked(right: bool, claim: u8) -> RevealAttempt {
    let mut claim_hash = [0; 32];
    (claim_hash[0], claim_hash[1]) = (u8::from(right), claim);
    RevealAttempt { claim_hash, ..attempt(if right { RIGHT } else { WRONG }) }
}

proptest! {
    #[test]
    fn each_caller_of_a_batch_gets_what_it_would_have_got_alone(max_views in 1..8_u8, steps in steps()) {
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
                let known = tables.claims.get(&(*right, *claim)).cloned();
                batch.read(&asked(*right, *claim), tables.secret.clone(), Some(tables.receipt), known);
            }
            let (before, views_before) = (tables.secret.clone(), tables.views);
            for (right, claim) in &reveals {
                let together = batch.decide(&asked(*right, *claim)).unwrap();
                prop_assert_eq!(together, tables.reveal(*right, *claim));
            }
            // What is written is what became of it.
            let changes = batch.changes();
            let viewed: u32 = changes.iter().map(|change| change.viewed).sum();
            prop_assert_eq!(viewed, tables.views - views_before);
            prop_assert_eq!(batch.new_claims().len(), usize::try_from(viewed).unwrap());
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
fn secrets_of_one_batch_have_nothing_to_do_with_each_other() {
    let other = RevealAttempt { id: SecretId::from_bytes([9; 12]), ..asked(true, 1) };
    let stranger = RevealAttempt { access_hash: [7; 32], ..asked(true, 2) };
    let mut batch = RevealBatch::new(at(0));
    let trace = found(held()).receipt;
    batch.read(&asked(false, 0), Some(held()), trace, None);
    batch.read(&other, Some(StoredSecret { views_left: 1, ..held() }), trace, None);
    batch.read(&stranger, None, None, None);
    assert_eq!(
        batch.decide(&asked(false, 0)),
        Ok(RevealOutcome::WrongPassphrase { tries_left: 4, wait: None })
    );
    assert_eq!(batch.decide(&other), Ok(RevealOutcome::Granted { share: share(1), views_left: 0 }));
    assert_eq!(batch.decide(&stranger), Ok(RevealOutcome::NotFound));
    let changed: Vec<_> =
        batch.changes().into_iter().map(|change| (change.id, change.new.views_left)).collect();
    assert_eq!(changed, [(asked(false, 0).id, 3), (other.id.clone(), 0)]);
    // Nothing was read of this one.
    let unread = RevealAttempt { id: SecretId::from_bytes([8; 12]), ..other };
    assert_eq!(batch.decide(&unread), Err(StaleSnapshot));
}
