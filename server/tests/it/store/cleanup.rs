//! Deletion of expired rows: in small batches, on several servers at once, without waiting for locks.

use shared_crypto::messages::SecretState;
use vault::{CreateOutcome, DeletedRows};

use crate::support::{Database as _, Postgres, TestSecret, TestStore, run_concurrently};

suite! {
    delete_expired_removes_only_expired_rows,
    receipt_is_deleted_seven_days_after_its_secret,
    delete_expired_removes_at_most_a_thousand_rows_per_call,
    concurrent_delete_expired_calls_delete_each_row_once;
    postgres: delete_expired_skips_a_locked_row,
}

pub(crate) async fn delete_expired_removes_only_expired_rows(test: &TestStore) {
    let (expired, live, viewed) = (test.secret(1).await, test.secret(2).await, test.secret(2).await);
    test.reveal(viewed.attempt()).await;
    test.expire_claims().await;
    test.reveal(live.attempt()).await;
    test.expire(&expired).await;
    assert_eq!(
        test.store.delete_expired().await.unwrap(),
        DeletedRows { secrets: 1, claims: 1, receipts: 0 }
    );
    assert_eq!(test.store.delete_expired().await.unwrap(), DeletedRows::default());
    assert_eq!(
        (test.holds(&expired).await, test.holds(&live).await, test.holds(&viewed).await),
        (false, true, true)
    );
    assert_eq!((test.rows("claims").await, test.rows("receipts").await), (1, 3));
    assert_eq!(test.receipt(&expired).await.state, SecretState::Expired);
}

async fn receipt_is_deleted_seven_days_after_its_secret(test: &TestStore) {
    let week = 7 * 24 * 60 * 60 * 1000;
    let (younger, older, viewed) = (test.secret(1).await, test.secret(1).await, test.secret(1).await);
    test.reveal(viewed.attempt()).await;
    test.expire_in(&younger, -week + 5000).await;
    for secret in [&older, &viewed] {
        test.expire_in(secret, -week).await;
    }
    assert_eq!(
        test.store.delete_expired().await.unwrap(),
        DeletedRows { secrets: 2, claims: 0, receipts: 2 }
    );
    assert_eq!(test.receipt(&younger).await.state, SecretState::Expired);
    for secret in [older, viewed] {
        assert_eq!(test.store.receipt(&secret.receipt_hash()).await.unwrap(), None);
        assert_eq!(test.store.open(&secret.id, &secret.access_hash()).await.unwrap(), None);
        // The receipt is deleted, so the same request creates a new secret.
        let again = test.store.create(secret.repeated_create_request()).await.unwrap();
        assert!(matches!(again, CreateOutcome::Created { id, .. } if id != secret.id));
    }
}

/// Inserts this many expired claims.
async fn insert_expired_claims(test: &TestStore, claims: usize) {
    let expiry = test.database.sql_time(-1);
    let rows: Vec<_> = (0..claims)
        .map(|_| {
            let hash = test.database.sql_bytes(TestSecret::new(1).share.as_bytes());
            format!("({hash}, {hash}, 0, {expiry})")
        })
        .collect();
    test.change(format!(
        "INSERT INTO claims (claim_hash, share, views_left, expires_at) VALUES {}",
        rows.join(", ")
    ))
    .await;
}

async fn delete_expired_removes_at_most_a_thousand_rows_per_call(test: &TestStore) {
    insert_expired_claims(test, 2_500).await;
    let mut deleted = Vec::new();
    while test.rows("claims").await > 0 {
        deleted.push(test.store.delete_expired().await.unwrap().claims);
    }
    assert!(deleted.iter().all(|claims| (1..=1000).contains(claims)), "{deleted:?}");
    assert_eq!(deleted.iter().sum::<u64>(), 2_500);
}

async fn concurrent_delete_expired_calls_delete_each_row_once(test: &TestStore) {
    let secrets = [test.secret(1).await, test.secret(1).await, test.secret(1).await];
    insert_expired_claims(test, 3_000).await;
    for secret in &secrets {
        test.expire(secret).await;
    }
    let stores = [test.store.clone(), test.database.connect().await];
    let deleted = run_concurrently(4, |i| {
        let store = stores[i % 2].clone();
        async move {
            let mut sum = DeletedRows::default();
            loop {
                let deleted = store.delete_expired().await.unwrap();
                if deleted.is_empty() {
                    return sum;
                }
                sum.secrets += deleted.secrets;
                sum.claims += deleted.claims;
            }
        }
    })
    .await;
    test.delete_expired().await;
    assert_eq!(deleted.iter().map(|sum| sum.secrets).sum::<u64>(), 3);
    assert_eq!((test.rows("secrets").await, test.rows("claims").await), (0, 0));
    stores[1].close().await;
}

async fn delete_expired_skips_a_locked_row(test: &TestStore<Postgres>) {
    let (locked, free) = (test.secret(1).await, test.secret(1).await);
    test.expire(&locked).await;
    test.expire(&free).await;
    let lock = test.database.lock(&locked.id).await;
    assert_eq!(test.store.delete_expired().await.unwrap().secrets, 1);
    assert_eq!(test.store.delete_expired().await.unwrap().secrets, 0);
    lock.commit().await;
    assert_eq!(test.store.delete_expired().await.unwrap().secrets, 1);
}
