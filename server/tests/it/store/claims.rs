//! A retry is not a second view: a claim gets its answer again, for five minutes.

use shared_crypto::messages::SecretState;
use shared_crypto::{Claim, RevealProof};
use vault::{RevealOutcome, SecretEnd};

use crate::support::{Bed, inline_repoll};

suite! {
    fifty_copies_of_one_claim_use_one_view,
    fifty_copies_of_the_last_claim_get_one_answer,
    a_retry_is_answered_whatever_has_become_of_the_secret,
    a_retry_is_answered_while_the_secret_is_locked,
    a_retry_is_answered_by_another_server_and_after_a_restart,
    a_claim_is_kept_for_five_minutes,
    after_five_minutes_it_is_a_new_claim,
    a_claim_is_good_for_no_other_secret,
    sixty_four_passphrases_with_one_claim_are_sixty_four_tries,
}

pub(crate) async fn fifty_copies_of_one_claim_use_one_view(bed: &Bed) {
    let other = bed.database.connect().await;
    for _ in 0..10 {
        let sample = bed.secret(5).await;
        let attempt = sample.attempt();
        let outcomes = inline_repoll(50, |i| {
            let store = if i % 2 == 0 { bed.store.clone() } else { other.clone() };
            let attempt = attempt.clone();
            async move { store.reveal(attempt).await.unwrap() }
        })
        .await;
        assert!(outcomes.iter().all(|outcome| *outcome == sample.granted(4)));
        assert_eq!(bed.count("views_left", &sample).await, 4);
        assert_eq!(bed.receipt(&sample).await.viewed_at.len(), 1);
    }
    other.close().await;
}

async fn fifty_copies_of_the_last_claim_get_one_answer(bed: &Bed) {
    for _ in 0..10 {
        let sample = bed.secret(1).await;
        let attempt = sample.attempt();
        let outcomes = inline_repoll(50, |_| {
            let (store, attempt) = (bed.store.clone(), attempt.clone());
            async move { store.reveal(attempt).await.unwrap() }
        })
        .await;
        assert!(outcomes.iter().all(|outcome| *outcome == sample.granted(0)));
        assert_eq!(bed.receipt(&sample).await.viewed_at.len(), 1);
    }
}

async fn a_retry_is_answered_whatever_has_become_of_the_secret(bed: &Bed) {
    let (viewed, burned) = (bed.secret(1).await, bed.secret(3).await);
    let (expired, swept) = (bed.secret(3).await, bed.secret(3).await);
    let mut claims = Vec::new();
    for (sample, views_left) in [(&viewed, 0), (&burned, 2), (&expired, 2), (&swept, 2)] {
        let attempt = sample.attempt();
        assert_eq!(bed.reveal(attempt.clone()).await, sample.granted(views_left));
        claims.push((sample, attempt, sample.granted(views_left)));
    }
    bed.burn(&burned).await;
    bed.expire(&swept).await;
    bed.delete_expired().await;
    bed.expire(&expired).await;
    for (sample, attempt, outcome) in claims {
        assert_eq!(bed.reveal(attempt).await, outcome);
        assert_eq!(bed.receipt(sample).await.viewed_at.len(), 1);
        assert!(matches!(bed.reveal(sample.attempt()).await, RevealOutcome::Gone(_)));
    }
}

async fn a_retry_is_answered_while_the_secret_is_locked(bed: &Bed) {
    let sample = bed.secret(2).await;
    let attempt = sample.attempt();
    assert_eq!(bed.reveal(attempt.clone()).await, sample.granted(1));
    for _ in 0..5 {
        bed.reveal(sample.wrong()).await;
    }
    assert!(matches!(bed.reveal(sample.attempt()).await, RevealOutcome::Locked { .. }));
    assert_eq!(bed.reveal(attempt).await, sample.granted(1));
    // Nor does it end the lock.
    assert!(matches!(bed.reveal(sample.attempt()).await, RevealOutcome::Locked { .. }));
}

async fn a_retry_is_answered_by_another_server_and_after_a_restart(bed: &Bed) {
    let other = bed.database.connect().await;
    let sample = bed.secret(2).await;
    let attempt = sample.attempt();
    assert_eq!(bed.reveal(attempt.clone()).await, sample.granted(1));
    assert_eq!(other.reveal(attempt.clone()).await.unwrap(), sample.granted(1));
    other.close().await;
    bed.store.close().await;

    let restarted = bed.database.connect().await;
    assert_eq!(restarted.reveal(attempt).await.unwrap(), sample.granted(1));
    assert_eq!(restarted.reveal(sample.attempt()).await.unwrap(), sample.granted(0));
    restarted.close().await;
}

async fn a_claim_is_kept_for_five_minutes(bed: &Bed) {
    let sample = bed.secret(2).await;
    bed.reveal(sample.attempt()).await;
    let (sooner, later) = (bed.database.moment(290_000), bed.database.moment(300_000));
    let kept = format!("claims WHERE expires_at > {sooner} AND expires_at <= {later}");
    assert_eq!(bed.rows(&kept).await, 1);
}

async fn after_five_minutes_it_is_a_new_claim(bed: &Bed) {
    let (once, often) = (bed.secret(1).await, bed.secret(5).await);
    let (first, second) = (once.attempt(), often.attempt());
    bed.reveal(first.clone()).await;
    assert_eq!(bed.reveal(second.clone()).await, often.granted(4));
    for (swept, views_left) in [(false, 3), (true, 2)] {
        bed.expire_claims().await;
        if swept {
            bed.delete_expired().await;
            assert_eq!(bed.rows("claims").await, 0);
        }
        let ended_at = bed.receipt(&once).await.viewed_at[0];
        assert_eq!(
            bed.reveal(first.clone()).await,
            RevealOutcome::Gone(SecretEnd { state: SecretState::Viewed, ended_at })
        );
        assert_eq!(bed.reveal(second.clone()).await, often.granted(views_left));
        assert_eq!(bed.reveal(second.clone()).await, often.granted(views_left));
    }
}

async fn a_claim_is_good_for_no_other_secret(bed: &Bed) {
    let (one, two) = (bed.secret(2).await, bed.secret(2).await);
    let claim = Claim::generate().unwrap();
    assert_eq!(bed.reveal(one.guess(&one.reveal, &claim)).await, one.granted(1));
    assert_eq!(bed.reveal(two.guess(&two.reveal, &claim)).await, two.granted(1));
}

async fn sixty_four_passphrases_with_one_claim_are_sixty_four_tries(bed: &Bed) {
    let sample = bed.secret(1).await;
    let claim = Claim::generate().unwrap();
    let outcomes = inline_repoll(64, |_| {
        let guess = sample.guess(&RevealProof::generate().unwrap(), &claim);
        let store = bed.store.clone();
        async move { store.reveal(guess).await.unwrap() }
    })
    .await;
    let locked = outcomes.iter().filter(|outcome| matches!(outcome, RevealOutcome::Locked { .. })).count();
    assert_eq!(locked, 59);
    assert_eq!(bed.count("bad_tries", &sample).await, 5);
}
