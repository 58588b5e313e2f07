//! Concurrent calls are written in one batch, and each gets its own result.

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use shared_crypto::messages::SecretState;
use vault::{CreateOutcome, NewSecret, RevealOutcome, SecretStore as _, StoreError};

use crate::support::{Postgres, Proxy, ProxyMode, TestSecret, TestStore, eventually, run_concurrently};

suite! {
    concurrent_creates_each_get_their_own_result,
    concurrent_reveals_each_get_their_own_result,
    invalid_create_in_a_batch_fails_alone,
    reveal_of_a_disconnected_caller_runs_to_completion;
    postgres: locked_row_does_not_delay_reveals_of_other_secrets,
    wrong_passphrase_with_a_lost_commit_confirmation_is_counted_at_most_once,
    claim_with_a_lost_commit_confirmation_gets_the_last_view_on_retry,
    concurrent_attempts_on_a_last_view_get_only_what_decide_grants,
    expired_claim_that_was_not_deleted_is_granted_a_new_view
}

async fn concurrent_creates_each_get_their_own_result(test: &TestStore) {
    let known = test.secret(1).await;
    let full = |secret: &TestSecret| NewSecret { has_capacity: false, ..secret.create_request() };
    let mut requests = Vec::new();
    for number in 0..120 {
        let secret = TestSecret::new(3);
        let request = match number % 6 {
            // A repeated request, one with a known hash, one without capacity, and one that is sent twice.
            0 => (known.repeated_create_request(), Some(known.id.clone()), true),
            1 => (NewSecret { access_hash: known.access_hash(), ..secret.create_request() }, None, true),
            2 => (full(&secret), None, false),
            3 => {
                requests.push((secret.create_request(), None, true));
                (secret.repeated_create_request(), None, true)
            }
            _ => (secret.create_request(), Some(secret.id.clone()), true),
        };
        requests.push(request);
    }
    let outcomes = run_concurrently(requests.len(), |i| {
        let (store, request) = (Arc::clone(&test.store), requests[i].0.clone());
        async move { store.create(request).await.unwrap() }
    })
    .await;
    for (index, ((request, expected, has_capacity), outcome)) in requests.iter().zip(&outcomes).enumerate() {
        match outcome {
            CreateOutcome::Created { id, .. } => {
                // Both copies of a request get the same id.
                let same = requests.iter().zip(&outcomes).filter(|((other, ..), outcome)| {
                    other.request_hash == request.request_hash
                        && matches!(outcome, CreateOutcome::Created { id: theirs, .. } if theirs == id)
                });
                let copies = if expected.is_some() { same.count().min(1) } else { same.count() - 1 };
                assert_eq!(copies, 1, "{index}");
                assert!(expected.as_ref().is_none_or(|expected| expected == id), "{index}");
            }
            CreateOutcome::Conflict => assert_eq!(request.access_hash, known.access_hash(), "{index}"),
            CreateOutcome::StorageFull => assert!(!has_capacity, "{index}"),
        }
    }
    // 40 new requests, 20 that were sent twice, and the one from the beginning.
    assert_eq!(test.rows("secrets").await, 61);
    assert_eq!(test.rows("receipts").await, 61);
}

async fn concurrent_reveals_each_get_their_own_result(test: &TestStore) {
    let mut secrets = Vec::new();
    for views in [1, 2, 1, 1, 1] {
        for _ in 0..30 {
            secrets.push(test.secret(views).await);
        }
    }
    for burned in &secrets[90..120] {
        test.burn(burned).await;
    }
    let outcomes = run_concurrently(secrets.len(), |i| {
        let (store, secret) = (Arc::clone(&test.store), secrets[i].clone());
        let attempt = match i / 30 {
            2 => secret.wrong_attempt(),
            4 => secret.attempt_without_link(),
            _ => secret.attempt(),
        };
        async move { store.reveal(attempt).await.unwrap() }
    })
    .await;
    for (i, (secret, outcome)) in secrets.iter().zip(outcomes).enumerate() {
        match i / 30 {
            0 => assert_eq!(outcome, secret.granted(0)),
            1 => assert_eq!(outcome, secret.granted(1)),
            2 => assert_eq!(outcome, RevealOutcome::WrongPassphrase { tries_left: 4, wait: None }),
            3 => assert!(matches!(outcome, RevealOutcome::Gone(ended) if ended.state == SecretState::Burned)),
            _ => assert_eq!(outcome, RevealOutcome::NotFound),
        }
        let receipt = test.receipt(secret).await;
        assert_eq!(receipt.viewed_at.len(), usize::from(i < 60), "{i}");
        assert_eq!(receipt.wrong_passphrases, u32::from(i / 30 == 2), "{i}");
    }
}

async fn invalid_create_in_a_batch_fails_alone(test: &TestStore) {
    let outcomes = run_concurrently(40, |i| {
        let store = Arc::clone(&test.store);
        // A secret without views violates a CHECK constraint, which fails the statement of the whole batch.
        let request = TestSecret::new(u8::from(i % 10 != 5)).create_request();
        async move { store.create(request).await }
    })
    .await;
    for (i, outcome) in outcomes.into_iter().enumerate() {
        assert_eq!(matches!(outcome, Ok(CreateOutcome::Created { .. })), i % 10 != 5, "{i} {outcome:?}");
    }
    assert_eq!(test.rows("secrets").await, 36);
}

async fn reveal_of_a_disconnected_caller_runs_to_completion(test: &TestStore) {
    let secrets = join_all((0..40).map(|_| test.secret(1))).await;
    for secret in &secrets {
        let (store, attempt) = (Arc::clone(&test.store), secret.attempt());
        let revealing = tokio::spawn(async move { store.reveal(attempt).await });
        tokio::time::sleep(Duration::from_micros(u64::from(crate::support::random(3000)))).await;
        revealing.abort();
    }
    for secret in &secrets {
        // When its transaction has ended, a secret is either unchanged or deleted with a view in its receipt.
        eventually(|| async {
            let receipt = test.receipt(secret).await;
            test.holds(secret).await == receipt.viewed_at.is_empty()
        })
        .await;
    }
    // Later calls are served.
    let next = test.secret(1).await;
    assert_eq!(test.reveal(next.attempt()).await, next.granted(0));
}

async fn locked_row_does_not_delay_reveals_of_other_secrets(test: &TestStore<Postgres>) {
    let locked = test.secret(1).await;
    let others = join_all((0..20).map(|_| test.secret(1))).await;
    let mut tx = test.database.pool.begin().await.unwrap();
    sqlx::query("SELECT FROM secrets WHERE id = $1 FOR UPDATE")
        .bind(locked.id.as_bytes().as_slice())
        .execute(&mut *tx)
        .await
        .unwrap();

    let waiting = {
        let (store, attempt) = (Arc::clone(&test.store), locked.attempt());
        tokio::spawn(async move { store.reveal(attempt).await.unwrap() })
    };
    // A call that waited for this lock would fail with a timeout.
    let outcomes = join_all(others.iter().map(|other| test.reveal(other.attempt()))).await;
    for (other, outcome) in others.iter().zip(outcomes) {
        assert_eq!(outcome, other.granted(0));
    }
    assert!(!waiting.is_finished());
    tx.rollback().await.unwrap();
    assert_eq!(waiting.await.unwrap(), locked.granted(0));
}

async fn wrong_passphrase_with_a_lost_commit_confirmation_is_counted_at_most_once(
    test: &TestStore<Postgres>,
) {
    // Text of the statement that writes decided changes. The fast path before it changes nothing here.
    let proxy = Proxy::start_with_marker(&test.database, "array_fill").await;
    let store = Arc::new(proxy.store(&test.database).await);
    let secrets = join_all((0..40).map(|_| test.secret(2))).await;
    for (mode, counted) in [(ProxyMode::CutBeforeCommit, 0), (ProxyMode::CutAfterCommit, 1)] {
        proxy.set_mode(mode);
        let outcomes = run_concurrently(secrets.len(), |i| {
            let (store, guess) = (Arc::clone(&store), secrets[i].wrong_attempt());
            async move { store.reveal(guess).await }
        })
        .await;
        for outcome in outcomes {
            assert!(matches!(outcome, Err(StoreError::Unavailable(_))), "{outcome:?}");
        }
        // Long enough for statements that still run in the database, and for a retry, which must not happen.
        tokio::time::sleep(Duration::from_millis(1500)).await;
        for secret in &secrets {
            assert_eq!(test.receipt(secret).await.wrong_passphrases, counted, "{mode:?}");
        }
    }
    proxy.set_mode(ProxyMode::Forward);
    for secret in &secrets {
        assert_eq!(store.reveal(secret.attempt()).await.unwrap(), secret.granted(1));
    }
    store.close().await;
}

async fn claim_with_a_lost_commit_confirmation_gets_the_last_view_on_retry(test: &TestStore<Postgres>) {
    let proxy = Proxy::start(&test.database).await;
    let store = Arc::new(proxy.store(&test.database).await);
    let secrets = join_all((0..40).map(|_| test.secret(1))).await;
    let attempts: Vec<_> = secrets.iter().map(TestSecret::attempt).collect();
    for mode in [ProxyMode::CutBeforeCommit, ProxyMode::CutAfterCommit, ProxyMode::Forward] {
        proxy.set_mode(mode);
        let outcomes = run_concurrently(secrets.len(), |i| {
            let (store, attempt) = (Arc::clone(&store), attempts[i].clone());
            async move { store.reveal(attempt).await }
        })
        .await;
        for (outcome, secret) in outcomes.into_iter().zip(&secrets) {
            match outcome {
                Ok(outcome) => assert_eq!(outcome, secret.granted(0), "{mode:?}"),
                Err(error) => assert!(mode != ProxyMode::Forward, "{error}"),
            }
        }
    }
    for secret in &secrets {
        assert_eq!(test.receipt(secret).await.viewed_at.len(), 1);
    }
    store.close().await;
}

/// A lock applies to every attempt of a batch, and no attempt gets a view for the proof of another.
async fn concurrent_attempts_on_a_last_view_get_only_what_decide_grants(test: &TestStore<Postgres>) {
    for wrong_before in 0..8 {
        let (secret, other) = (test.secret(1).await, test.secret(1).await);
        for _ in 0..wrong_before {
            test.reveal(secret.wrong_attempt()).await;
        }
        let (correct, repeated) = (secret.attempt(), other.attempt());
        let attempts = [
            secret.wrong_attempt(),
            correct.clone(),
            correct.clone(),
            secret.attempt_without_link(),
            other.attempt_without_link(),
            repeated.clone(),
            other.attempt(),
            other.wrong_attempt(),
            repeated,
        ];
        let outcomes = run_concurrently(attempts.len(), |i| {
            let (store, attempt) = (Arc::clone(&test.store), attempts[i].clone());
            async move { store.reveal(attempt).await.unwrap() }
        })
        .await;
        let receipt = test.receipt(&secret).await;
        let granted =
            outcomes[..3].iter().filter(|outcome| matches!(outcome, RevealOutcome::Granted { .. })).count();
        // Two attempts with one claim use one view. After four wrong passphrases the fifth locks the secret, unless the
        // correct one is decided first.
        let allowed: &[usize] = match wrong_before {
            0..4 => &[2],
            4 => &[0, 2],
            _ => &[0],
        };
        assert!(allowed.contains(&granted), "{wrong_before} {outcomes:?}");
        assert_eq!(receipt.viewed_at.len(), usize::from(granted > 0), "{wrong_before} {outcomes:?}");
        assert!(matches!(outcomes[3..5], [RevealOutcome::NotFound, RevealOutcome::NotFound]));
        let views = test.receipt(&other).await.viewed_at.len();
        assert_eq!(views, 1, "{outcomes:?}");
        if granted == 0 {
            test.unlock(&secret).await;
            assert_eq!(test.reveal(secret.attempt()).await, secret.granted(0));
        }
    }
}

async fn expired_claim_that_was_not_deleted_is_granted_a_new_view(test: &TestStore<Postgres>) {
    let secret = test.secret(2).await;
    let attempt = secret.attempt();
    assert_eq!(test.reveal(attempt.clone()).await, secret.granted(1));
    test.expire_claims().await;
    // The claim is not deleted yet, so this attempt uses another view, the last one.
    assert_eq!(test.reveal(attempt.clone()).await, secret.granted(0));
    assert_eq!(test.reveal(attempt).await, secret.granted(0));
    assert_eq!(test.receipt(&secret).await.viewed_at.len(), 2);
}
