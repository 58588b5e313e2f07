//! Claims: a repeated claim gets the same view again for five minutes, so that a retry uses no second view.

use shared_crypto::messages::SecretState;
use shared_crypto::{Claim, RevealProof};
use vault::{RevealOutcome, SecretEnd};

use crate::support::{TestStore, run_concurrently};

suite! {
    fifty_concurrent_copies_of_one_claim_use_one_view,
    fifty_concurrent_copies_of_the_last_claim_get_the_same_outcome,
    retry_after_the_secret_ended_returns_the_granted_view,
    retry_while_the_secret_is_locked_returns_the_granted_view,
    retry_on_another_server_or_after_a_restart_returns_the_granted_view,
    claim_is_kept_for_five_minutes,
    claim_repeated_after_five_minutes_is_a_new_claim,
    same_claim_on_two_secrets_uses_a_view_of_each,
    wrong_passphrases_with_the_same_claim_are_counted_separately,
}

pub(crate) async fn fifty_concurrent_copies_of_one_claim_use_one_view(test: &TestStore) {
    let other = test.database.connect().await;
    for _ in 0..10 {
        let secret = test.secret(5).await;
        let attempt = secret.attempt();
        let outcomes = run_concurrently(50, |i| {
            let store = if i % 2 == 0 { test.store.clone() } else { other.clone() };
            let attempt = attempt.clone();
            async move { store.reveal(attempt).await.unwrap() }
        })
        .await;
        assert!(outcomes.iter().all(|outcome| *outcome == secret.granted(4)));
        assert_eq!(test.count("views_left", &secret).await, 4);
        assert_eq!(test.receipt(&secret).await.viewed_at.len(), 1);
    }
    other.close().await;
}

async fn fifty_concurrent_copies_of_the_last_claim_get_the_same_outcome(test: &TestStore) {
    for _ in 0..10 {
        let secret = test.secret(1).await;
        let attempt = secret.attempt();
        let outcomes = run_concurrently(50, |_| {
            let (store, attempt) = (test.store.clone(), attempt.clone());
            async move { store.reveal(attempt).await.unwrap() }
        })
        .await;
        assert!(outcomes.iter().all(|outcome| *outcome == secret.granted(0)));
        assert_eq!(test.receipt(&secret).await.viewed_at.len(), 1);
    }
}

async fn retry_after_the_secret_ended_returns_the_granted_view(test: &TestStore) {
    let (viewed, burned) = (test.secret(1).await, test.secret(3).await);
    let (expired, swept) = (test.secret(3).await, test.secret(3).await);
    let mut claims = Vec::new();
    for (secret, views_left) in [(&viewed, 0), (&burned, 2), (&expired, 2), (&swept, 2)] {
        let attempt = secret.attempt();
        assert_eq!(test.reveal(attempt.clone()).await, secret.granted(views_left));
        claims.push((secret, attempt, secret.granted(views_left)));
    }
    test.burn(&burned).await;
    test.expire(&swept).await;
    test.delete_expired().await;
    test.expire(&expired).await;
    for (secret, attempt, outcome) in claims {
        assert_eq!(test.reveal(attempt).await, outcome);
        assert_eq!(test.receipt(secret).await.viewed_at.len(), 1);
        assert!(matches!(test.reveal(secret.attempt()).await, RevealOutcome::Gone(_)));
    }
}

async fn retry_while_the_secret_is_locked_returns_the_granted_view(test: &TestStore) {
    let secret = test.secret(2).await;
    let attempt = secret.attempt();
    assert_eq!(test.reveal(attempt.clone()).await, secret.granted(1));
    for _ in 0..5 {
        test.reveal(secret.wrong_attempt()).await;
    }
    assert!(matches!(test.reveal(secret.attempt()).await, RevealOutcome::Locked { .. }));
    assert_eq!(test.reveal(attempt).await, secret.granted(1));
    // The retry does not end the lock.
    assert!(matches!(test.reveal(secret.attempt()).await, RevealOutcome::Locked { .. }));
}

async fn retry_on_another_server_or_after_a_restart_returns_the_granted_view(test: &TestStore) {
    let other = test.database.connect().await;
    let secret = test.secret(2).await;
    let attempt = secret.attempt();
    assert_eq!(test.reveal(attempt.clone()).await, secret.granted(1));
    assert_eq!(other.reveal(attempt.clone()).await.unwrap(), secret.granted(1));
    other.close().await;
    test.store.close().await;

    let restarted = test.database.connect().await;
    assert_eq!(restarted.reveal(attempt).await.unwrap(), secret.granted(1));
    assert_eq!(restarted.reveal(secret.attempt()).await.unwrap(), secret.granted(0));
    restarted.close().await;
}

async fn claim_is_kept_for_five_minutes(test: &TestStore) {
    let secret = test.secret(2).await;
    test.reveal(secret.attempt()).await;
    let (sooner, later) = (test.database.sql_time(290_000), test.database.sql_time(300_000));
    let kept = format!("claims WHERE expires_at > {sooner} AND expires_at <= {later}");
    assert_eq!(test.rows(&kept).await, 1);
}

async fn claim_repeated_after_five_minutes_is_a_new_claim(test: &TestStore) {
    let (single, multiple) = (test.secret(1).await, test.secret(5).await);
    let (first, second) = (single.attempt(), multiple.attempt());
    test.reveal(first.clone()).await;
    assert_eq!(test.reveal(second.clone()).await, multiple.granted(4));
    for (is_deleted, views_left) in [(false, 3), (true, 2)] {
        test.expire_claims().await;
        if is_deleted {
            test.delete_expired().await;
            assert_eq!(test.rows("claims").await, 0);
        }
        let ended_at = test.receipt(&single).await.viewed_at[0];
        assert_eq!(
            test.reveal(first.clone()).await,
            RevealOutcome::Gone(SecretEnd { state: SecretState::Viewed, ended_at })
        );
        assert_eq!(test.reveal(second.clone()).await, multiple.granted(views_left));
        assert_eq!(test.reveal(second.clone()).await, multiple.granted(views_left));
    }
}

async fn same_claim_on_two_secrets_uses_a_view_of_each(test: &TestStore) {
    let (one, two) = (test.secret(2).await, test.secret(2).await);
    let claim = Claim::generate().unwrap();
    assert_eq!(test.reveal(one.attempt_with(&one.reveal, &claim)).await, one.granted(1));
    assert_eq!(test.reveal(two.attempt_with(&two.reveal, &claim)).await, two.granted(1));
}

async fn wrong_passphrases_with_the_same_claim_are_counted_separately(test: &TestStore) {
    let secret = test.secret(1).await;
    let claim = Claim::generate().unwrap();
    let outcomes = run_concurrently(64, |_| {
        let guess = secret.attempt_with(&RevealProof::generate().unwrap(), &claim);
        let store = test.store.clone();
        async move { store.reveal(guess).await.unwrap() }
    })
    .await;
    let locked = outcomes.iter().filter(|outcome| matches!(outcome, RevealOutcome::Locked { .. })).count();
    assert_eq!(locked, 59);
    assert_eq!(test.count("bad_tries", &secret).await, 5);
}
