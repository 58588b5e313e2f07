//! Failed commits: no share is released before its commit, and a failed commit changes nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use server::store::SqliteStore;
use shared_crypto::messages::SecretState;
use sqlx::sqlite::SqlitePoolOptions;
use vault::{CreateOutcome, SecretStore as _, StoreError};

use crate::support::{Database as _, Postgres, Sqlite, TestSecret, TestStore};

suite! {
    failed_commit_releases_no_share,
    failed_commit_burns_and_stores_nothing,
    check_constraints_refuse_impossible_counts;
    postgres: connection_cut_at_the_commit_releases_no_share;
    sqlite: full_database_returns_full_and_recovers_when_there_is_room,
}

async fn failed_commit_releases_no_share(test: &TestStore) {
    let secret = test.secret(1).await;
    let attempt = secret.attempt();
    let broken = test.database.connect_with_failing_commits().await;
    for _ in 0..3 {
        let outcome = broken.reveal(attempt.clone()).await;
        assert!(matches!(outcome, Err(StoreError::Unavailable(_))), "{outcome:?}");
        let outcome = broken.reveal(secret.wrong_attempt()).await;
        assert!(matches!(outcome, Err(StoreError::Unavailable(_))), "{outcome:?}");
    }
    assert_eq!((test.count("views_left", &secret).await, test.count("bad_tries", &secret).await), (1, 0));
    test.database.allow_commits().await;
    assert_eq!(broken.reveal(attempt).await.unwrap(), secret.granted(0));
    broken.close().await;
}

async fn failed_commit_burns_and_stores_nothing(test: &TestStore) {
    let secret = test.secret(1).await;
    let broken = test.database.connect_with_failing_commits().await;
    assert!(broken.burn(&secret.receipt_hash()).await.is_err());
    assert!(broken.create(TestSecret::new(1).create_request()).await.is_err());
    assert_eq!((test.rows("secrets").await, test.rows("receipts").await), (1, 1));
    assert_eq!(test.receipt(&secret).await.state, SecretState::Live);
    test.database.allow_commits().await;
    assert_eq!(broken.burn(&secret.receipt_hash()).await.unwrap().unwrap().state, SecretState::Burned);
    broken.close().await;
}

async fn connection_cut_at_the_commit_releases_no_share(test: &TestStore<Postgres>) {
    let secret = test.secret(1).await;
    let attempt = secret.attempt();
    test.database.run_at_commit("PERFORM pg_terminate_backend(pg_backend_pid())").await;
    for _ in 0..15 {
        let outcome = test.store.reveal(attempt.clone()).await;
        assert!(matches!(outcome, Err(StoreError::Unavailable(_))), "{outcome:?}");
    }
    assert_eq!(test.count("views_left", &secret).await, 1);
    test.database.allow_commits().await;
    assert_eq!(test.reveal(attempt).await, secret.granted(0));
}

async fn check_constraints_refuse_impossible_counts(test: &TestStore) {
    let secret = test.secret(1).await;
    let id = test.id(&secret);
    for change in [
        "secrets SET views_left = 0",
        "secrets SET views_left = -1",
        "receipts SET views_used = 2",
        "receipts SET views_used = -1",
        "receipts SET views_used = 1",
        "receipts SET state = 'expired'",
    ] {
        let error = test.database.execute(format!("UPDATE {change} WHERE id = {id}")).await.unwrap_err();
        assert!(error.as_database_error().unwrap().is_check_violation(), "{change}");
    }
}

async fn full_database_returns_full_and_recovers_when_there_is_room(test: &TestStore<Sqlite>) {
    let secret = test.secret(2).await;
    let full = Arc::new(AtomicBool::new(true));
    let writer = SqlitePoolOptions::new().after_connect({
        let full = Arc::clone(&full);
        move |connection, _| {
            let limit = if full.load(Ordering::SeqCst) { "PRAGMA max_page_count = 1" } else { "SELECT 1" };
            Box::pin(async move { sqlx::query(limit).execute(connection).await.map(|_| ()) })
        }
    });
    let store = SqliteStore::connect_with(test.database.options(), writer).await.unwrap();
    let large = TestSecret { envelope: vec![7; 1 << 20], ..TestSecret::new(1) };
    for _ in 0..3 {
        let outcome = store.create(large.create_request()).await;
        assert!(matches!(outcome, Err(StoreError::Full)), "{outcome:?}");
    }
    full.store(false, Ordering::SeqCst);
    sqlx::query("PRAGMA max_page_count = 1000000").execute(store.pool()).await.unwrap();
    assert!(matches!(store.create(large.create_request()).await.unwrap(), CreateOutcome::Created { .. }));
    let attempt = secret.attempt();
    assert_eq!(store.reveal(attempt).await.unwrap(), secret.granted(1));
    store.close().await;
}
