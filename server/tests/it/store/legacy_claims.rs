//! Claims of schemas before migration 0002, repeated alone and in batches with new attempts.

use std::sync::Arc;

use vault::{RevealAttempt, RevealOutcome};

use crate::support::{Database as _, InitialSchema, Sqlite, TestSecret, TestStore, run_concurrently};

suite! {
    sqlite: secrets_in_a_batch_with_legacy_claims_release_their_own_shares,
    retry_of_a_legacy_claim_returns_the_stored_view,
    expired_legacy_claim_is_granted_a_new_view_and_then_repeated,
    claim_stored_in_both_forms_returns_the_newer_view,
    legacy_claim_grants_no_view_of_another_secret
}

/// Inserts secrets of which one of three views is used, each with the claim of that view.
async fn insert_viewed(
    schema: &InitialSchema,
    number: usize,
    millis: i64,
) -> Vec<(TestSecret, RevealAttempt)> {
    let mut all = Vec::new();
    for _ in 0..number {
        let secret = TestSecret::new(3);
        let attempt = secret.attempt();
        schema.insert(&secret, 1).await;
        schema.insert_claim(&attempt, &secret.share, 2, millis).await;
        all.push((secret, attempt));
    }
    all
}

async fn secrets_in_a_batch_with_legacy_claims_release_their_own_shares(_: &TestStore<Sqlite>) {
    let schema = InitialSchema::create().await;
    let valid = insert_viewed(&schema, 10, 280_000).await;
    let expired = insert_viewed(&schema, 10, -1000).await;
    let mut calls: Vec<(RevealAttempt, RevealOutcome)> = Vec::new();
    for (secret, attempt) in &valid {
        calls.push((attempt.clone(), secret.granted(2)));
    }
    for (secret, attempt) in &expired {
        // Granted again by this version below, so that the claim is then stored in both forms.
        calls.push((attempt.clone(), secret.granted(1)));
    }
    let mut untouched = Vec::new();
    for number in 0..150 {
        let secret = TestSecret::new(2);
        schema.insert(&secret, 0).await;
        calls.push((secret.attempt(), secret.granted(1)));
        if number % 10 == 0 {
            calls.push((secret.attempt_without_link(), RevealOutcome::NotFound));
        }
        untouched.push(secret);
    }
    let test = TestStore::connect(schema.database).await;
    for (secret, attempt) in &expired {
        assert_eq!(test.reveal(attempt.clone()).await, secret.granted(1));
    }
    // The first call is written alone, the others in batches of up to 64. The second round repeats every claim.
    for round in 0..2 {
        let outcomes = run_concurrently(calls.len(), |i| {
            let (store, attempt) = (Arc::clone(&test.store), calls[i].0.clone());
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
    for secret in &untouched {
        let receipt = test.receipt(secret).await;
        assert_eq!((receipt.viewed_at.len(), receipt.wrong_passphrases), (1, 0));
    }
    test.close().await;
}

async fn retry_of_a_legacy_claim_returns_the_stored_view(_: &TestStore<Sqlite>) {
    let schema = InitialSchema::create().await;
    let all = insert_viewed(&schema, 5, 280_000).await;
    let last = TestSecret::new(1);
    let attempt_of_last = last.attempt();
    schema.insert(&last, 1).await;
    schema.insert_claim(&attempt_of_last, &last.share, 0, 280_000).await;
    let test = TestStore::connect(schema.database).await;
    let [_, (viewed, _), (burned, _), (locked, _), (expired, _)] = &all[..] else { unreachable!() };
    test.reveal(viewed.attempt()).await;
    test.reveal(viewed.attempt()).await;
    test.burn(burned).await;
    for _ in 0..5 {
        test.reveal(locked.wrong_attempt()).await;
    }
    test.expire(expired).await;
    test.delete_expired().await;
    for _ in 0..2 {
        for (secret, attempt) in &all {
            assert_eq!(test.reveal(attempt.clone()).await, secret.granted(2));
        }
        assert_eq!(test.reveal(attempt_of_last.clone()).await, last.granted(0));
    }
    test.expire_claims().await;
    assert!(matches!(test.reveal(attempt_of_last).await, RevealOutcome::Gone(_)));
    test.close().await;
}

async fn expired_legacy_claim_is_granted_a_new_view_and_then_repeated(_: &TestStore<Sqlite>) {
    let schema = InitialSchema::create().await;
    let all = insert_viewed(&schema, 3, -1).await;
    let test = TestStore::connect(schema.database).await;
    for (secret, attempt) in &all {
        let outcomes = run_concurrently(50, |_| {
            let (store, attempt) = (Arc::clone(&test.store), attempt.clone());
            async move { store.reveal(attempt).await.unwrap() }
        })
        .await;
        assert!(outcomes.iter().all(|outcome| *outcome == secret.granted(1)), "{outcomes:?}");
        assert_eq!(test.receipt(secret).await.viewed_at.len(), 2);
        assert_eq!(test.reveal(secret.attempt()).await, secret.granted(0));
        assert_eq!(test.reveal(attempt.clone()).await, secret.granted(1));
        test.delete_expired().await;
        assert_eq!(test.reveal(attempt.clone()).await, secret.granted(1));
    }
    test.close().await;
}

/// Both forms are valid at the same time if the clock was set back. A retry then gets the view that was granted last, as
/// on PostgreSQL.
async fn claim_stored_in_both_forms_returns_the_newer_view(_: &TestStore<Sqlite>) {
    let schema = InitialSchema::create().await;
    let all = insert_viewed(&schema, 2, -1).await;
    let test = TestStore::connect(schema.database).await;
    for (secret, attempt) in &all {
        assert_eq!(test.reveal(attempt.clone()).await, secret.granted(1));
    }
    test.change(format!(
        "UPDATE claims SET expires_at = {} WHERE receipt = 0",
        test.database.sql_time(400_000)
    ))
    .await;
    for (secret, attempt) in &all {
        assert_eq!(test.reveal(attempt.clone()).await, secret.granted(1));
        assert_eq!(test.receipt(secret).await.viewed_at.len(), 2);
    }
    test.close().await;
}

async fn legacy_claim_grants_no_view_of_another_secret(_: &TestStore<Sqlite>) {
    let schema = InitialSchema::create().await;
    let (secret, attempt) = insert_viewed(&schema, 1, 280_000).await.remove(0);
    let other = TestSecret::new(1);
    schema.insert(&other, 0).await;
    let test = TestStore::connect(schema.database).await;
    assert_eq!(
        test.reveal(other.wrong_attempt()).await,
        RevealOutcome::WrongPassphrase { tries_left: 4, wait: None }
    );
    assert_eq!(
        test.reveal(secret.wrong_attempt()).await,
        RevealOutcome::WrongPassphrase { tries_left: 4, wait: None }
    );
    assert_eq!(test.reveal(secret.attempt_without_link()).await, RevealOutcome::NotFound);
    assert_eq!(test.reveal(other.attempt()).await, other.granted(0));
    assert_eq!(test.reveal(attempt).await, secret.granted(2));
    test.close().await;
}
