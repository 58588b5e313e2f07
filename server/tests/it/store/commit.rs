//! Nothing is released before the commit, and a failed one takes nothing with it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use server::store::SqliteStore;
use shared_crypto::messages::SecretState;
use sqlx::sqlite::SqlitePoolOptions;
use vault::{CreateOutcome, SecretStore as _, StoreError};

use crate::support::{Bed, Database as _, Postgres, Sample, Sqlite};

suite! {
    a_commit_that_fails_releases_no_share,
    a_commit_that_fails_burns_nothing_and_stores_nothing,
    the_tables_refuse_what_a_bug_would_grant;
    postgres: a_connection_that_is_cut_at_the_commit_releases_no_share;
    sqlite: a_full_database_says_so_and_works_again_when_there_is_room,
}

async fn a_commit_that_fails_releases_no_share(bed: &Bed) {
    let sample = bed.secret(1).await;
    let attempt = sample.attempt();
    let broken = bed.database.connect_broken().await;
    for _ in 0..3 {
        let outcome = broken.reveal(attempt.clone()).await;
        assert!(matches!(outcome, Err(StoreError::Unavailable(_))), "{outcome:?}");
        let outcome = broken.reveal(sample.wrong()).await;
        assert!(matches!(outcome, Err(StoreError::Unavailable(_))), "{outcome:?}");
    }
    assert_eq!((bed.count("views_left", &sample).await, bed.count("bad_tries", &sample).await), (1, 0));
    bed.database.repair().await;
    assert_eq!(broken.reveal(attempt).await.unwrap(), sample.granted(0));
    broken.close().await;
}

async fn a_commit_that_fails_burns_nothing_and_stores_nothing(bed: &Bed) {
    let sample = bed.secret(1).await;
    let broken = bed.database.connect_broken().await;
    assert!(broken.burn(&sample.receipt_hash()).await.is_err());
    assert!(broken.create(Sample::new(1).request()).await.is_err());
    assert_eq!((bed.rows("secrets").await, bed.rows("receipts").await), (1, 1));
    assert_eq!(bed.receipt(&sample).await.state, SecretState::Live);
    bed.database.repair().await;
    assert_eq!(broken.burn(&sample.receipt_hash()).await.unwrap().unwrap().state, SecretState::Burned);
    broken.close().await;
}

async fn a_connection_that_is_cut_at_the_commit_releases_no_share(bed: &Bed<Postgres>) {
    let sample = bed.secret(1).await;
    let attempt = sample.attempt();
    bed.database.at_commit("PERFORM pg_terminate_backend(pg_backend_pid())").await;
    for _ in 0..15 {
        let outcome = bed.store.reveal(attempt.clone()).await;
        assert!(matches!(outcome, Err(StoreError::Unavailable(_))), "{outcome:?}");
    }
    assert_eq!(bed.count("views_left", &sample).await, 1);
    bed.database.repair().await;
    assert_eq!(bed.reveal(attempt).await, sample.granted(0));
}

async fn the_tables_refuse_what_a_bug_would_grant(bed: &Bed) {
    let sample = bed.secret(1).await;
    let id = bed.id(&sample);
    for bug in [
        "secrets SET views_left = 0",
        "secrets SET views_left = -1",
        "receipts SET views_used = 2",
        "receipts SET views_used = -1",
        "receipts SET views_used = 1",
        "receipts SET state = 'expired'",
    ] {
        let refused = bed.database.execute(format!("UPDATE {bug} WHERE id = {id}")).await.unwrap_err();
        assert!(refused.as_database_error().unwrap().is_check_violation(), "{bug}");
    }
}

async fn a_full_database_says_so_and_works_again_when_there_is_room(bed: &Bed<Sqlite>) {
    let sample = bed.secret(2).await;
    let full = Arc::new(AtomicBool::new(true));
    let writer = SqlitePoolOptions::new().after_connect({
        let full = Arc::clone(&full);
        move |connection, _| {
            let room = if full.load(Ordering::SeqCst) { "PRAGMA max_page_count = 1" } else { "SELECT 1" };
            Box::pin(async move { sqlx::query(room).execute(connection).await.map(|_| ()) })
        }
    });
    let store = SqliteStore::connect_with(bed.database.options(), writer).await.unwrap();
    let large = Sample { envelope: vec![7; 1 << 20], ..Sample::new(1) };
    for _ in 0..3 {
        let creation = store.create(large.request()).await;
        assert!(matches!(creation, Err(StoreError::Full)), "{creation:?}");
    }
    full.store(false, Ordering::SeqCst);
    sqlx::query("PRAGMA max_page_count = 1000000").execute(store.pool()).await.unwrap();
    assert!(matches!(store.create(large.request()).await.unwrap(), CreateOutcome::Created { .. }));
    let attempt = sample.attempt();
    assert_eq!(store.reveal(attempt).await.unwrap(), sample.granted(1));
    store.close().await;
}
