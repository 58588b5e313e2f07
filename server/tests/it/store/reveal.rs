//! Reveal: each claim uses one view, and the last view deletes the secret.

use std::time::Duration;

use shared_crypto::messages::SecretState;
use shared_crypto::sha256;
use vault::{RevealOutcome, SecretEnd};

use crate::support::{Database as _, Postgres, TestSecret, TestStore};

suite! {
    last_view_deletes_the_secret,
    views_left_decreases_with_each_reveal,
    reveal_without_the_link_changes_nothing,
    unknown_receipt_token_finds_nothing,
    reveal_during_a_lock_longer_than_the_timeout_is_retried;
    postgres: reveal_with_a_wrong_access_proof_does_not_wait_for_a_lock,
}

pub(crate) async fn last_view_deletes_the_secret(test: &TestStore) {
    let (secret, other) = (test.secret(1).await, test.secret(1).await);
    assert_eq!(test.reveal(secret.attempt()).await, secret.granted(0));
    assert!(!test.holds(&secret).await);
    assert!(test.holds(&other).await);

    let receipt = test.receipt(&secret).await;
    assert_eq!((receipt.state, receipt.viewed_at.len()), (SecretState::Viewed, 1));
    assert_eq!(receipt.ended_at, Some(receipt.viewed_at[0]));
    let gone = SecretEnd { state: SecretState::Viewed, ended_at: receipt.viewed_at[0] };
    assert_eq!(test.reveal(secret.attempt()).await, RevealOutcome::Gone(gone));
    assert_eq!(test.reveal(secret.wrong_attempt()).await, RevealOutcome::Gone(gone));
    assert_eq!(test.reveal(secret.attempt_without_link()).await, RevealOutcome::NotFound);
}

pub(crate) async fn views_left_decreases_with_each_reveal(test: &TestStore) {
    let secret = test.secret(3).await;
    for views_left in [2, 1, 0] {
        assert_eq!(test.receipt(&secret).await.state, SecretState::Live);
        assert_eq!(test.receipt(&secret).await.ended_at, None);
        assert_eq!(test.reveal(secret.attempt()).await, secret.granted(views_left));
    }
    let receipt = test.receipt(&secret).await;
    assert_eq!((receipt.state, receipt.max_views, receipt.viewed_at.len()), (SecretState::Viewed, 3, 3));
    assert!(receipt.viewed_at.is_sorted());
    assert_eq!(receipt.ended_at, receipt.viewed_at.last().copied());
}

async fn reveal_without_the_link_changes_nothing(test: &TestStore) {
    let secret = test.secret(1).await;
    let before = test.receipt(&secret).await;
    for _ in 0..50 {
        assert_eq!(test.reveal(secret.attempt_without_link()).await, RevealOutcome::NotFound);
        assert_eq!(test.reveal(TestSecret::new(1).attempt()).await, RevealOutcome::NotFound);
    }
    assert_eq!(test.receipt(&secret).await, before);
    assert_eq!((test.count("bad_tries", &secret).await, test.rows("claims").await), (0, 0));
    assert_eq!(test.reveal(secret.attempt()).await, secret.granted(0));
}

async fn unknown_receipt_token_finds_nothing(test: &TestStore) {
    let secret = test.secret(1).await;
    for hash in [TestSecret::new(1).receipt_hash(), secret.access_hash(), sha256(&[secret.reveal.as_bytes()])]
    {
        assert_eq!(test.store.receipt(&hash).await.unwrap(), None);
        assert_eq!(test.store.burn(&hash).await.unwrap(), None);
    }
    assert_eq!(test.receipt(&secret).await.state, SecretState::Live);
}

async fn reveal_during_a_lock_longer_than_the_timeout_is_retried(test: &TestStore) {
    let secret = test.secret(1).await;
    let lock = test.database.lock(&secret.id).await;
    let (store, attempt) = (test.store.clone(), secret.attempt());
    let waiting = tokio::spawn(async move { store.reveal(attempt).await.unwrap() });
    // Both databases give up waiting for a lock after five seconds.
    tokio::time::sleep(Duration::from_millis(5300)).await;
    lock.commit().await;
    assert_eq!(waiting.await.unwrap(), secret.granted(0));
}

async fn reveal_with_a_wrong_access_proof_does_not_wait_for_a_lock(test: &TestStore<Postgres>) {
    let secret = test.secret(1).await;
    let lock = test.database.lock(&secret.id).await;
    assert_eq!(test.reveal(secret.attempt_without_link()).await, RevealOutcome::NotFound);
    lock.commit().await;
}
