//! ACCEPTANCE 64: claims from before migration 0002, alone and in batches with others.

use std::sync::Arc;

use vault::{RevealAttempt, RevealOutcome};

use crate::support::{Bed, Database as _, FirstSchema, Sample, Sqlite, inline_repoll};

suite! {
    sqlite: untouched_secrets_in_batches_with_old_claims_each_release_their_own_share,
    retry_of_an_old_claim_returns_what_was_stored_whatever_happened_since,
    expired_old_claim_is_granted_once_more_and_then_repeated,
    claim_stored_in_both_forms_answers_with_the_newer,
    old_claim_helps_no_other_secret
}

/// Secrets with three views of which one was used, each with the claim of that view.
async fn claimed(schema: &FirstSchema, number: usize, millis: i64) -> Vec<(Sample, RevealAttempt)> {
    let mut all = Vec::new();
    for _ in 0..number {
        let sample = Sample::new(3);
        let attempt = sample.attempt();
        schema.insert(&sample, 1).await;
        schema.insert_claim(&attempt, &sample.share, 2, millis).await;
        all.push((sample, attempt));
    }
    all
}

async fn untouched_secrets_in_batches_with_old_claims_each_release_their_own_share(_: &Bed<Sqlite>) {
    let schema = FirstSchema::empty().await;
    let alive = claimed(&schema, 10, 280_000).await;
    let expired = claimed(&schema, 10, -1000).await;
    let mut calls: Vec<(RevealAttempt, RevealOutcome)> = Vec::new();
    for (sample, attempt) in &alive {
        calls.push((attempt.clone(), sample.granted(2)));
    }
    for (sample, attempt) in &expired {
        // Granted once more by this version, below: from then on it is stored in both forms.
        calls.push((attempt.clone(), sample.granted(1)));
    }
    let mut untouched = Vec::new();
    for number in 0..150 {
        let sample = Sample::new(2);
        schema.insert(&sample, 0).await;
        calls.push((sample.attempt(), sample.granted(1)));
        if number % 10 == 0 {
            calls.push((sample.stranger(), RevealOutcome::NotFound));
        }
        untouched.push(sample);
    }
    let bed = Bed::make(schema.0).await;
    for (sample, attempt) in &expired {
        assert_eq!(bed.reveal(attempt.clone()).await, sample.granted(1));
    }
    // The first call goes alone; the others form batches of up to 64. The second round repeats every claim.
    for round in 0..2 {
        let outcomes = inline_repoll(calls.len(), |i| {
            let (store, attempt) = (Arc::clone(&bed.store), calls[i].0.clone());
            async move { store.reveal(attempt).await }
        })
        .await;
        for (number, (outcome, (_, expected))) in outcomes.iter().zip(&calls).enumerate() {
            assert!(
                outcome.as_ref().is_ok_and(|outcome| outcome == expected),
                "round {round}, call {number}"
            );
        }
    }
    for sample in &untouched {
        let receipt = bed.receipt(sample).await;
        assert_eq!((receipt.viewed_at.len(), receipt.wrong_passphrases), (1, 0));
    }
    bed.close().await;
}

async fn retry_of_an_old_claim_returns_what_was_stored_whatever_happened_since(_: &Bed<Sqlite>) {
    let schema = FirstSchema::empty().await;
    let all = claimed(&schema, 5, 280_000).await;
    let last = Sample::new(1);
    let attempt_of_last = last.attempt();
    schema.insert(&last, 1).await;
    schema.insert_claim(&attempt_of_last, &last.share, 0, 280_000).await;
    let bed = Bed::make(schema.0).await;
    let [_, (viewed, _), (burned, _), (locked, _), (expired, _)] = &all[..] else { unreachable!() };
    bed.reveal(viewed.attempt()).await;
    bed.reveal(viewed.attempt()).await;
    bed.burn(burned).await;
    for _ in 0..5 {
        bed.reveal(locked.wrong()).await;
    }
    bed.expire(expired).await;
    bed.delete_expired().await;
    for _ in 0..2 {
        for (sample, attempt) in &all {
            assert_eq!(bed.reveal(attempt.clone()).await, sample.granted(2));
        }
        assert_eq!(bed.reveal(attempt_of_last.clone()).await, last.granted(0));
    }
    bed.expire_claims().await;
    assert!(matches!(bed.reveal(attempt_of_last).await, RevealOutcome::Gone(_)));
    bed.close().await;
}

async fn expired_old_claim_is_granted_once_more_and_then_repeated(_: &Bed<Sqlite>) {
    let schema = FirstSchema::empty().await;
    let all = claimed(&schema, 3, -1).await;
    let bed = Bed::make(schema.0).await;
    for (sample, attempt) in &all {
        let outcomes = inline_repoll(50, |_| {
            let (store, attempt) = (Arc::clone(&bed.store), attempt.clone());
            async move { store.reveal(attempt).await.unwrap() }
        })
        .await;
        assert!(outcomes.iter().all(|outcome| *outcome == sample.granted(1)), "{outcomes:?}");
        assert_eq!(bed.receipt(sample).await.viewed_at.len(), 2);
        assert_eq!(bed.reveal(sample.attempt()).await, sample.granted(0));
        assert_eq!(bed.reveal(attempt.clone()).await, sample.granted(1));
        bed.delete_expired().await;
        assert_eq!(bed.reveal(attempt.clone()).await, sample.granted(1));
    }
    bed.close().await;
}

/// As after the clock was set back: what was released last is what a retry gets, as on PostgreSQL.
async fn claim_stored_in_both_forms_answers_with_the_newer(_: &Bed<Sqlite>) {
    let schema = FirstSchema::empty().await;
    let all = claimed(&schema, 2, -1).await;
    let bed = Bed::make(schema.0).await;
    for (sample, attempt) in &all {
        assert_eq!(bed.reveal(attempt.clone()).await, sample.granted(1));
    }
    bed.change(format!("UPDATE claims SET expires_at = {} WHERE receipt = 0", bed.database.moment(400_000)))
        .await;
    for (sample, attempt) in &all {
        assert_eq!(bed.reveal(attempt.clone()).await, sample.granted(1));
        assert_eq!(bed.receipt(sample).await.viewed_at.len(), 2);
    }
    bed.close().await;
}

async fn old_claim_helps_no_other_secret(_: &Bed<Sqlite>) {
    let schema = FirstSchema::empty().await;
    let (sample, attempt) = claimed(&schema, 1, 280_000).await.remove(0);
    let other = Sample::new(1);
    schema.insert(&other, 0).await;
    let bed = Bed::make(schema.0).await;
    assert_eq!(bed.reveal(other.wrong()).await, RevealOutcome::WrongPassphrase { tries_left: 4, wait: None });
    assert_eq!(
        bed.reveal(sample.wrong()).await,
        RevealOutcome::WrongPassphrase { tries_left: 4, wait: None }
    );
    assert_eq!(bed.reveal(sample.stranger()).await, RevealOutcome::NotFound);
    assert_eq!(bed.reveal(other.attempt()).await, other.granted(0));
    assert_eq!(bed.reveal(attempt).await, sample.granted(2));
    bed.close().await;
}
