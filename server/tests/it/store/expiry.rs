//! Expiry: an expired secret is gone before it is deleted. No cleanup runs in these tests.

use shared_crypto::messages::SecretState;
use vault::{OpenOutcome, RevealOutcome, SecretEnd, SecretStore as _};

use super::anomalies::uncommitted_view;
use crate::support::{Database as _, Postgres, TestSecret, TestStore};

suite! {
    expired_secret_is_gone_before_it_is_deleted,
    reveal_that_waits_past_the_expiry_returns_gone,
    burn_that_waits_past_the_expiry_returns_expired,
    wrong_passphrase_for_an_expired_secret_changes_no_counter;
    postgres: retry_of_a_view_committed_during_the_expiry_is_granted,
    delete_expired_reads_few_rows_of_a_large_table,
}

/// Returns the end of an expired secret.
async fn expired_end(test: &TestStore, secret: &TestSecret) -> SecretEnd {
    SecretEnd { state: SecretState::Expired, ended_at: test.receipt(secret).await.expires_at }
}

async fn expired_secret_is_gone_before_it_is_deleted(test: &TestStore) {
    let secret = test.secret(1).await;
    test.expire_in(&secret, 200).await;
    assert!(matches!(
        test.store.open(&secret.id, &secret.access_hash()).await.unwrap(),
        Some(OpenOutcome::Live { .. })
    ));
    test.wait_until_expired(&secret).await;
    let end = expired_end(test, &secret).await;
    assert_eq!(
        test.store.open(&secret.id, &secret.access_hash()).await.unwrap(),
        Some(OpenOutcome::Gone(end))
    );
    assert_eq!(test.reveal(secret.attempt()).await, RevealOutcome::Gone(end));
    assert_eq!(test.receipt(&secret).await.ended_at, Some(end.ended_at));
    assert!(test.holds(&secret).await, "the row must still exist");
}

/// Makes a call that waits for the lock of the secret until after the expiry, and returns its result.
async fn result_after_expiry<T: Send + 'static>(
    test: &TestStore,
    secret: &TestSecret,
    commits: bool,
    call: impl Future<Output = T> + Send + 'static,
) -> T {
    test.expire_in(secret, 400).await;
    let lock = test.database.lock(&secret.id).await;
    let waiting = tokio::spawn(call);
    test.database.wait_until_blocked(1).await;
    test.wait_until_expired(secret).await;
    if commits {
        lock.commit().await;
    } else {
        lock.roll_back().await;
    }
    waiting.await.unwrap()
}

async fn reveal_that_waits_past_the_expiry_returns_gone(test: &TestStore) {
    for commits in [true, false] {
        let secret = test.secret(2).await;
        let (store, attempt) = (test.store.clone(), secret.attempt());
        let reveal = async move { store.reveal(attempt).await.unwrap() };
        let outcome = result_after_expiry(test, &secret, commits, reveal).await;
        assert_eq!(outcome, RevealOutcome::Gone(expired_end(test, &secret).await));
        assert!(test.receipt(&secret).await.viewed_at.is_empty());
    }
}

async fn burn_that_waits_past_the_expiry_returns_expired(test: &TestStore) {
    for commits in [true, false] {
        let secret = test.secret(2).await;
        let (store, token) = (test.store.clone(), secret.receipt_hash());
        let burn = async move { store.burn(&token).await.unwrap().unwrap() };
        let receipt = result_after_expiry(test, &secret, commits, burn).await;
        assert_eq!((receipt.state, receipt.ended_at), (SecretState::Expired, Some(receipt.expires_at)));
    }
}

async fn wrong_passphrase_for_an_expired_secret_changes_no_counter(test: &TestStore) {
    let secret = test.secret(1).await;
    test.expire(&secret).await;
    let before = test.receipt(&secret).await;
    for _ in 0..6 {
        assert!(matches!(test.reveal(secret.wrong_attempt()).await, RevealOutcome::Gone(_)));
    }
    assert_eq!(test.receipt(&secret).await, before);
    assert_eq!(test.count("bad_tries", &secret).await, 0);
}

async fn retry_of_a_view_committed_during_the_expiry_is_granted(test: &TestStore<Postgres>) {
    for commits in [true, false] {
        let secret = test.secret(2).await;
        let attempt = secret.attempt();
        test.expire_in(&secret, 300).await;
        let view = uncommitted_view(&test.database.pool, &secret, &attempt).await;
        test.wait_until_expired(&secret).await;
        let retry = tokio::spawn({
            let store = test.store.clone();
            async move { store.reveal(attempt).await.unwrap() }
        });
        test.database.wait_until_blocked(1).await;
        if commits {
            view.commit().await.unwrap();
            assert_eq!(retry.await.unwrap(), secret.granted(1));
        } else {
            view.rollback().await.unwrap();
            assert_eq!(retry.await.unwrap(), RevealOutcome::Gone(expired_end(test, &secret).await));
        }
    }
}

async fn delete_expired_reads_few_rows_of_a_large_table(test: &TestStore<Postgres>) {
    test.change(
        "WITH x AS MATERIALIZED (
           SELECT substring(sha256(int4send(n)) for 12) AS id, sha256(int4send(n)) AS b, now() + interval '1 hour' AS t
             FROM generate_series(1, 50000) n
         ), y AS (
           INSERT INTO receipts (id, access_hash, receipt_hash, request_hash, max_views, created_at, expires_at)
           SELECT id, b, b, b, 1, now(), t FROM x
         )
         INSERT INTO secrets (id, access_hash, reveal_hash, share, envelope, views_left, expires_at)
         SELECT id, b, b, b, b, 1, t FROM x"
            .to_owned(),
    )
    .await;
    let expired = test.secret(1).await;
    test.expire(&expired).await;
    test.change("ANALYZE secrets, receipts".to_owned()).await;
    let read = "SELECT (SELECT sum(idx_tup_read) FROM pg_stat_user_indexes) + (SELECT sum(seq_tup_read) FROM pg_stat_user_tables)";
    let read = || test.database.query_number(format!("SELECT ({read})::bigint"));
    let before = read().await;
    let store = test.database.store().await;
    store.delete_expired().await.unwrap();
    // A connection reports its counts when it ends.
    store.close().await;
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    let after = read().await;
    assert!(!test.holds(&expired).await);
    assert!(after - before < 100, "{} rows were read", after - before);
}
