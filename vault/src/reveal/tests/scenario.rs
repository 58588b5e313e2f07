//! Sequences of decisions: each reads what those before it have written.

use std::collections::HashMap;

use proptest::prelude::*;

use super::*;

#[derive(Debug, Clone)]
pub(super) enum Step {
    Reveal { right: bool, claim: u8 },
    Wait { millis: i64 },
}

pub(super) fn steps() -> impl Strategy<Value = Vec<Step>> {
    let reveal = (any::<bool>(), 0..6_u8).prop_map(|(right, claim)| Step::Reveal { right, claim });
    let wait =
        prop_oneof![0..5_000_i64, Just(300_000), Just(900_000)].prop_map(|millis| Step::Wait { millis });
    prop::collection::vec(prop_oneof![4 => reveal, 1 => wait], 1..120)
}

/// The rows of one secret in the three tables. Claims are named by passphrase and number.
pub(super) struct Tables {
    pub(super) now: DateTime<Utc>,
    pub(super) secret: Option<StoredSecret>,
    pub(super) receipt: ReceiptStatus,
    pub(super) claims: HashMap<(bool, u8), GrantedClaim>,
    pub(super) views: u32,
}

impl Tables {
    pub(super) fn with_views(views_left: u8) -> Self {
        let secret = StoredSecret { views_left, expires_at: at(3_600_000), ..stored_secret() };
        let RevealSnapshot { now, receipt, secret, .. } = snapshot(secret);
        Self { now, secret, receipt: receipt.unwrap(), claims: HashMap::new(), views: 0 }
    }

    pub(super) fn snapshot(&self, right: bool, claim: u8) -> RevealSnapshot {
        RevealSnapshot {
            now: self.now,
            claim: self.claims.get(&(right, claim)).cloned(),
            secret: self.secret.clone(),
            receipt: Some(self.receipt),
        }
    }

    pub(super) fn reveal(&mut self, right: bool, claim: u8) -> RevealOutcome {
        let snapshot = self.snapshot(right, claim);
        let (outcome, write) = decide(&snapshot, &attempt(if right { RIGHT } else { WRONG })).unwrap();
        match write {
            Some(RevealWrite::View { views_left }) => {
                self.views += 1;
                let share = self.secret.as_ref().unwrap().share.clone();
                let expires_at = self.now + CLAIM_RETRY_WINDOW;
                self.claims.insert((right, claim), GrantedClaim { share, views_left, expires_at });
                self.secret = self.secret.take().filter(|_| views_left > 0);
                if let Some(secret) = &mut self.secret {
                    (secret.views_left, secret.bad_tries, secret.locked_until) = (views_left, 0, None);
                } else {
                    (self.receipt.state, self.receipt.ended_at) = (SecretState::Viewed, Some(self.now));
                }
            }
            Some(RevealWrite::WrongPassphrase { bad_tries, locked_until }) => {
                let secret = self.secret.as_mut().unwrap();
                (secret.bad_tries, secret.locked_until) = (bad_tries, locked_until);
            }
            None => {}
        }
        outcome
    }
}

proptest! {
    #[test]
    fn views_never_exceed_the_limit_and_a_repeated_claim_uses_none(max_views in 1..8_u8, steps in steps()) {
        let mut tables = Tables::with_views(max_views);
        for step in steps {
            let Step::Reveal { right, claim } = step else {
                let Step::Wait { millis } = step else { unreachable!() };
                tables.now += TimeDelta::milliseconds(millis);
                continue;
            };
            let before = tables.views;
            let outcome = tables.reveal(right, claim);
            let granted = matches!(outcome, RevealOutcome::Granted { .. });
            prop_assert!(right || !granted);
            prop_assert!(tables.views <= u32::from(max_views));
            prop_assert_eq!(tables.views == u32::from(max_views), tables.secret.is_none());
            if granted {
                prop_assert_eq!(&tables.reveal(right, claim), &outcome);
                prop_assert!(tables.views <= before + 1);
            }
        }
    }
}

/// 64 guesses in one batch are decided in order of arrival. A batch that decided right passphrases first would allow 64
/// guesses at once.
#[test]
fn five_of_sixty_four_guesses_in_a_batch_count_wherever_the_right_one_is() {
    let is_granted = |right_one: u8| {
        let mut tables = Tables::with_views(1);
        let outcomes = (0..64).map(|guess| tables.reveal(guess == right_one, guess)).collect::<Vec<_>>();
        outcomes.iter().any(|outcome| matches!(outcome, RevealOutcome::Granted { .. }))
    };
    assert_eq!((0..64).filter(|right_one| is_granted(*right_one)).count(), 5);
}
