//! Disconnecting callers: a dropped call either runs to completion or changes nothing.

use std::time::Duration;

use futures::future::{Either, select};
use shared_crypto::messages::SecretState;
use vault::CreateOutcome;

use crate::support::{Database as _, Postgres, TestSecret, TestStore, eventually, random, run_concurrently};

suite! {
    disconnected_reveal_uses_at_most_one_view_and_a_retry_gets_it,
    disconnected_create_stores_the_secret_at_most_once;
    postgres: disconnected_callers_leave_no_open_transaction,
}

/// Polls a call for a random time of up to 20 ms and then drops it. Returns whether it completed.
async fn drop_after_random_time<F: Future>(call: F) -> bool {
    let delay = match random(4) {
        0 => Duration::from_millis(random(20).into()),
        _ => Duration::from_micros(random(4000).into()),
    };
    let (call, timeout) = (std::pin::pin!(call), std::pin::pin!(tokio::time::sleep(delay)));
    matches!(select(call, timeout).await, Either::Left(_))
}

async fn disconnected_reveal_uses_at_most_one_view_and_a_retry_gets_it(test: &TestStore) {
    let mut completed = 0;
    for _ in 0..50 {
        let secrets =
            [test.secret(1).await, test.secret(1).await, test.secret(2).await, test.secret(2).await];
        let attempts = secrets.each_ref().map(TestSecret::attempt);
        let results = run_concurrently(8, |i| {
            let (store, attempt) = (test.store.clone(), attempts[i % 4].clone());
            async move { drop_after_random_time(store.reveal(attempt)).await }
        })
        .await;
        completed += results.into_iter().filter(|is_completed| *is_completed).count();
        for (secret, attempt) in secrets.iter().zip(attempts) {
            assert_eq!(test.reveal(attempt).await, secret.granted(secret.max_views - 1));
            assert_eq!(test.receipt(secret).await.viewed_at.len(), 1);
        }
    }
    assert!(
        (1..400).contains(&completed),
        "{completed} of 400 calls completed: none was dropped, or all were"
    );
}

async fn disconnected_create_stores_the_secret_at_most_once(test: &TestStore) {
    let secrets: Vec<_> = (0..200).map(|_| TestSecret::new(1)).collect();
    for chunk in secrets.chunks(8) {
        run_concurrently(8, |i| {
            let (store, request) = (test.store.clone(), chunk[i].create_request());
            async move { drop_after_random_time(store.create(request)).await }
        })
        .await;
    }
    for secret in &secrets {
        let outcome = test.store.create(secret.repeated_create_request()).await.unwrap();
        let CreateOutcome::Created { id, .. } = outcome else { panic!("{outcome:?}") };
        let secret = TestSecret { id, ..secret.clone() };
        assert_eq!(test.reveal(secret.attempt()).await, secret.granted(0));
    }
    assert_eq!(test.rows("receipts").await, 200);
}

async fn disconnected_callers_leave_no_open_transaction(test: &TestStore<Postgres>) {
    for _ in 0..50 {
        let secret = test.secret(1).await;
        run_concurrently(8, |i| {
            let (store, secret) = (test.store.clone(), secret.clone());
            async move {
                match i {
                    0 => drop_after_random_time(store.burn(&secret.receipt_hash())).await,
                    1 => drop_after_random_time(store.create(TestSecret::new(1).create_request())).await,
                    2 => drop_after_random_time(store.delete_expired()).await,
                    _ => drop_after_random_time(store.reveal(secret.attempt())).await,
                }
            }
        })
        .await;
    }
    let busy = "SELECT count(*) FROM pg_stat_activity
                 WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'";
    // Running transactions end soon. An abandoned one would stay open for 15 seconds.
    eventually(|| async { test.database.query_number(busy.to_owned()).await == 0 }).await;
    // The next write is still there after a restart.
    let secret = test.secret(1).await;
    test.store.close().await;
    let restarted = test.database.connect().await;
    let receipt = restarted.receipt(&secret.receipt_hash()).await.unwrap().unwrap();
    assert_eq!(receipt.state, SecretState::Live);
    restarted.close().await;
}
