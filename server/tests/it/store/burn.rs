//! Burning: what ended first stays.

use shared_crypto::messages::SecretState;
use vault::{RevealOutcome, SecretEnd};

use crate::support::Bed;

suite! {
    burning_deletes_the_secret,
    burning_twice_gets_the_same_answer,
    what_ended_otherwise_is_not_burned,
    a_view_that_was_released_before_stays_in_the_receipt,
}

pub(crate) async fn burning_deletes_the_secret(bed: &Bed) {
    let (sample, other) = (bed.secret(2).await, bed.secret(1).await);
    let receipt = bed.burn(&sample).await;
    assert_eq!((receipt.state, receipt.viewed_at.len()), (SecretState::Burned, 0));
    assert!(!bed.holds(&sample).await);
    let gone =
        RevealOutcome::Gone(SecretEnd { state: SecretState::Burned, ended_at: receipt.ended_at.unwrap() });
    assert_eq!(bed.reveal(sample.attempt()).await, gone);
    assert_eq!(bed.reveal(sample.wrong()).await, gone);
    assert_eq!(bed.reveal(sample.stranger()).await, RevealOutcome::NotFound);
    assert_eq!(bed.receipt(&other).await.state, SecretState::Live);
}

async fn burning_twice_gets_the_same_answer(bed: &Bed) {
    let sample = bed.secret(2).await;
    let first = bed.burn(&sample).await;
    assert_eq!(bed.burn(&sample).await, first);
    assert_eq!(bed.receipt(&sample).await, first);
}

async fn what_ended_otherwise_is_not_burned(bed: &Bed) {
    let (viewed, expired, swept) = (bed.secret(1).await, bed.secret(1).await, bed.secret(1).await);
    bed.reveal(viewed.attempt()).await;
    bed.expire(&swept).await;
    bed.delete_expired().await;
    bed.expire(&expired).await;
    for (sample, state) in
        [(&viewed, SecretState::Viewed), (&expired, SecretState::Expired), (&swept, SecretState::Expired)]
    {
        let before = bed.receipt(sample).await;
        assert_eq!(before.state, state);
        assert_eq!(bed.burn(sample).await, before);
        assert_eq!(bed.receipt(sample).await, before);
    }
}

async fn a_view_that_was_released_before_stays_in_the_receipt(bed: &Bed) {
    let sample = bed.secret(3).await;
    let attempt = sample.attempt();
    assert_eq!(bed.reveal(attempt.clone()).await, sample.granted(2));
    bed.reveal(sample.wrong()).await;
    let before = bed.receipt(&sample).await;
    let burned = bed.burn(&sample).await;
    assert_eq!((burned.viewed_at, burned.wrong_passphrases), (before.viewed_at, 1));
    assert_eq!(bed.reveal(attempt).await, sample.granted(2));
}
