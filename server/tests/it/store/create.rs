//! Create: one secret per request, however often the request is sent.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use vault::{CreateOutcome, OpenOutcome, RevealOutcome};

use crate::support::{Database as _, Sqlite, TestSecret, TestStore, run_concurrently};

suite! {
    repeated_create_stores_one_secret,
    repeated_create_after_the_secret_ended_returns_the_same_result,
    concurrent_identical_creates_make_one_row,
    create_with_a_known_hash_is_a_conflict,
    create_with_hashes_of_two_secrets_is_a_conflict,
    secret_expires_exactly_after_the_requested_ttl,
    stored_times_are_whole_milliseconds;
    sqlite: create_during_a_foreign_lock_waits_and_retries,
}

async fn repeated_create_stores_one_secret(test: &TestStore) {
    let secret = TestSecret::new(3);
    let first = test.store.create(secret.create_request()).await.unwrap();
    let CreateOutcome::Created { id, .. } = &first else { panic!("{first:?}") };
    assert_eq!(*id, secret.id);
    assert_eq!(test.store.create(secret.repeated_create_request()).await.unwrap(), first);
    assert_eq!(
        (test.rows("secrets").await, test.rows("receipts").await, test.rows("claims").await),
        (1, 1, 0)
    );
}

async fn repeated_create_after_the_secret_ended_returns_the_same_result(test: &TestStore) {
    let [viewed, burned, swept] =
        [TestSecret::new(1), TestSecret::new(1), TestSecret { ttl_seconds: 60, ..TestSecret::new(1) }];
    let mut created = Vec::new();
    for secret in [&viewed, &burned, &swept] {
        created.push(test.store.create(secret.create_request()).await.unwrap());
    }
    assert_eq!(test.reveal(viewed.attempt()).await, viewed.granted(0));
    test.burn(&burned).await;
    // Only in the secret's row: the result contains the expiry of the receipt.
    test.change(format!(
        "UPDATE secrets SET expires_at = {} WHERE id = {}",
        test.database.sql_time(-1),
        test.id(&swept)
    ))
    .await;
    test.delete_expired().await;
    for (secret, first) in [&viewed, &burned, &swept].into_iter().zip(created) {
        assert_eq!(test.store.create(secret.repeated_create_request()).await.unwrap(), first);
    }
    assert_eq!((test.rows("secrets").await, test.rows("receipts").await), (0, 3));
}

pub(crate) async fn concurrent_identical_creates_make_one_row(test: &TestStore) {
    let stores = [test.store.clone(), test.database.connect().await];
    for round in 1..=10 {
        let secret = TestSecret::new(2);
        let outcomes = run_concurrently(20, |i| {
            let (store, request) = (stores[i % 2].clone(), secret.repeated_create_request());
            async move { store.create(request).await.unwrap() }
        })
        .await;
        assert!(matches!(outcomes[0], CreateOutcome::Created { .. }));
        assert!(outcomes.iter().all(|outcome| *outcome == outcomes[0]));
        assert_eq!((test.rows("secrets").await, test.rows("receipts").await), (round, round));
    }
    stores[1].close().await;
}

async fn create_with_a_known_hash_is_a_conflict(test: &TestStore) {
    let first = test.secret(2).await;
    let other = TestSecret::new(1);
    let conflicts = [
        TestSecret { access: first.access.clone(), ..other.clone() },
        TestSecret { receipt: first.receipt.clone(), ..other.clone() },
        TestSecret { access: first.access.clone(), receipt: first.receipt.clone(), ..other.clone() },
        TestSecret { envelope: other.envelope.clone(), ..first.clone() },
        TestSecret { ttl_seconds: 60, ..first.clone() },
        TestSecret { max_views: 3, ..first.clone() },
    ];
    for conflict in &conflicts {
        assert_eq!(
            test.store.create(conflict.repeated_create_request()).await.unwrap(),
            CreateOutcome::Conflict
        );
    }
    let opened = test.store.open(&first.id, &first.access_hash()).await.unwrap();
    let Some(OpenOutcome::Live { envelope, views_left: 2, .. }) = opened else { panic!("{opened:?}") };
    assert_eq!(envelope, first.envelope);
    assert_eq!(test.reveal(first.attempt()).await, first.granted(1));
    assert_eq!(test.reveal(first.attempt()).await, first.granted(0));
    for conflict in &conflicts {
        assert_eq!(
            test.store.create(conflict.repeated_create_request()).await.unwrap(),
            CreateOutcome::Conflict
        );
    }
    assert_eq!((test.rows("secrets").await, test.rows("receipts").await), (0, 1));
}

async fn create_with_hashes_of_two_secrets_is_a_conflict(test: &TestStore) {
    let (one, two) = (test.secret(1).await, test.secret(1).await);
    let both = TestSecret { receipt: two.receipt.clone(), ..one.clone() };
    assert_eq!(test.store.create(both.repeated_create_request()).await.unwrap(), CreateOutcome::Conflict);
    assert_eq!(test.reveal(one.attempt()).await, one.granted(0));
    assert_eq!(test.reveal(two.attempt()).await, two.granted(0));
}

async fn secret_expires_exactly_after_the_requested_ttl(test: &TestStore) {
    for ttl_seconds in [60, 3600, 604_801, 2_592_000] {
        let secret = TestSecret { ttl_seconds, ..TestSecret::new(1) };
        let outcome = test.store.create(secret.create_request()).await.unwrap();
        let CreateOutcome::Created { created_at, expires_at, .. } = outcome else { panic!("{outcome:?}") };
        assert_eq!(expires_at - created_at, TimeDelta::seconds(ttl_seconds.into()));
        let receipt = test.receipt(&secret).await;
        assert_eq!((receipt.created_at, receipt.expires_at), (created_at, expires_at));
    }
}

async fn stored_times_are_whole_milliseconds(test: &TestStore) {
    let assert_whole =
        |time: DateTime<Utc>| assert_eq!(time.timestamp_subsec_nanos() % 1_000_000, 0, "{time}");
    for _ in 0..5 {
        let secret = test.secret(2).await;
        test.reveal(secret.attempt()).await;
        let receipt = test.burn(&secret).await;
        let opened = test.store.open(&secret.id, &secret.access_hash()).await.unwrap();
        let Some(OpenOutcome::Gone(ended)) = opened else { panic!("{opened:?}") };
        for time in [receipt.created_at, receipt.expires_at, receipt.viewed_at[0], ended.ended_at] {
            assert_whole(time);
        }
        assert_eq!(receipt.ended_at, Some(ended.ended_at));
        let RevealOutcome::Gone(revealed) = test.reveal(secret.attempt()).await else {
            panic!("a burned secret must be gone")
        };
        assert_eq!(revealed, ended);
    }
}

async fn create_during_a_foreign_lock_waits_and_retries(test: &TestStore<Sqlite>) {
    let locked = test.secret(1).await;
    let lock = test.database.lock(&locked.id).await;
    let (store, secret) = (test.store.clone(), TestSecret::new(1));
    let request = secret.create_request();
    let waiting = tokio::spawn(async move { store.create(request).await.unwrap() });
    // A call gives up waiting for a lock after five seconds, and is then repeated.
    tokio::time::sleep(Duration::from_secs(6)).await;
    lock.commit().await;
    assert!(matches!(waiting.await.unwrap(), CreateOutcome::Created { .. }));
    assert_eq!(test.reveal(secret.attempt()).await, secret.granted(0));
}
