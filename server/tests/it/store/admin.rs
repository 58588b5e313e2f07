//! Operations for operators: statistics, purge, burn by id, information about the database.

use chrono::TimeDelta;
use futures::future::join_all;
use shared_crypto::messages::SecretState;
use vault::RevealOutcome;

use crate::support::{TestSecret, TestStore, eventually};

suite! {
    stats_count_stored_secrets_until_they_are_deleted,
    stats_count_receipts_and_claims_of_ended_secrets,
    purge_deletes_only_secrets_created_before_the_given_time,
    purge_keeps_the_state_of_secrets_that_had_ended,
    burn_by_id_deletes_the_secret_and_is_idempotent,
    database_info_returns_product_version_and_time,
}

async fn stats_count_stored_secrets_until_they_are_deleted(test: &TestStore) {
    let before = test.store.stats().await.unwrap();
    assert_eq!((before.secrets, before.sweep_lag_seconds), (0, 0));
    let first = test.secret(1).await;
    test.secret(3).await;
    let stats = test.store.stats().await.unwrap();
    assert_eq!((stats.secrets, stats.sweep_lag_seconds), (2, 0));
    assert!(stats.bytes > before.bytes, "{stats:?}");
    // An expired secret counts until it is deleted, and the lag is the time since its expiry.
    test.expire_in(&first, -90_000).await;
    let stats = test.store.stats().await.unwrap();
    assert_eq!(stats.secrets, 2);
    assert!((89..=92).contains(&stats.sweep_lag_seconds), "{stats:?}");
    test.delete_expired().await;
    let stats = test.store.stats().await.unwrap();
    assert_eq!((stats.secrets, stats.sweep_lag_seconds), (1, 0));
}

async fn stats_count_receipts_and_claims_of_ended_secrets(test: &TestStore) {
    let bytes = || async { test.store.stats().await.unwrap().bytes };
    let before = bytes().await;
    for secret in join_all((0..200).map(|_| test.secret(1))).await {
        test.burn(&secret).await;
    }
    let burned = bytes().await;
    // A receipt is about 300 bytes in SQLite, and 400 in PostgreSQL.
    assert!((200 * 250..200 * 1500).contains(&(burned - before)), "{before} {burned}");
    for secret in join_all((0..200).map(|_| test.secret(1))).await {
        test.reveal(secret.attempt()).await;
    }
    let viewed = bytes().await;
    assert!(viewed - burned > 200 * 300, "claims must count too: {burned} {viewed}");
    assert_eq!(test.store.stats().await.unwrap().secrets, 0);
    test.change(format!("UPDATE receipts SET expires_at = {}", test.database.sql_time(-8 * 86_400_000)))
        .await;
    test.expire_claims().await;
    test.delete_expired().await;
    assert!(bytes().await < before + 200 * 250, "deleted rows must not count");
}

async fn purge_deletes_only_secrets_created_before_the_given_time(test: &TestStore) {
    let (old, new) = (test.secret(2).await, test.secret(2).await);
    let granted = old.attempt();
    assert_eq!(test.reveal(granted.clone()).await, old.granted(1));
    let created_at = test.receipt(&new).await.created_at;
    test.change(format!(
        "UPDATE receipts SET created_at = {} WHERE id = {}",
        test.database.sql_time(-60_000),
        test.id(&old)
    ))
    .await;

    assert_eq!(test.store.purge(created_at - TimeDelta::minutes(5)).await.unwrap(), 0);
    assert_eq!(test.store.purge(created_at - TimeDelta::seconds(1)).await.unwrap(), 1);
    assert_eq!(test.store.purge(created_at - TimeDelta::seconds(1)).await.unwrap(), 0);
    assert!(!test.holds(&old).await && test.holds(&new).await);
    // The claim is deleted too, so the share is stored nowhere.
    assert_eq!(test.rows("claims").await, 0);
    assert!(
        matches!(test.reveal(granted).await, RevealOutcome::Gone(ended) if ended.state == SecretState::Burned)
    );
    assert_eq!(test.receipt(&old).await.state, SecretState::Burned);
    assert_eq!(test.receipt(&new).await.state, SecretState::Live);
    assert_eq!(test.reveal(new.attempt()).await, new.granted(1));
}

async fn purge_keeps_the_state_of_secrets_that_had_ended(test: &TestStore) {
    let secrets: Vec<TestSecret> = vec![test.secret(1).await, test.secret(1).await, test.secret(1).await];
    test.reveal(secrets[0].attempt()).await;
    test.burn(&secrets[1]).await;
    test.expire(&secrets[2]).await;
    let now = test.receipt(&secrets[0]).await.ended_at.unwrap();
    test.store.purge(now + TimeDelta::days(1)).await.unwrap();
    assert_eq!(test.rows("secrets").await, 0);
    let mut states = Vec::new();
    for secret in &secrets {
        states.push(test.receipt(secret).await.state);
    }
    assert_eq!(states, [SecretState::Viewed, SecretState::Burned, SecretState::Expired]);
}

async fn burn_by_id_deletes_the_secret_and_is_idempotent(test: &TestStore) {
    let secret = test.secret(5).await;
    let burned = test.store.burn_by_id(&secret.id).await.unwrap().unwrap();
    assert_eq!(burned.state, SecretState::Burned);
    assert!(!test.holds(&secret).await);
    assert_eq!(test.store.burn_by_id(&secret.id).await.unwrap(), Some(burned));
    assert_eq!(test.store.burn_by_id(&TestSecret::new(1).id).await.unwrap(), None);
}

async fn database_info_returns_product_version_and_time(test: &TestStore) {
    let info = test.store.database_info().await.unwrap();
    let (name, version) = info.version.split_once(' ').unwrap();
    assert!(matches!(name, "PostgreSQL" | "SQLite") && version.starts_with(|c: char| c.is_ascii_digit()));
    let secret = test.secret(1).await;
    let difference = test.receipt(&secret).await.created_at - info.now;
    assert!(difference.abs() < TimeDelta::seconds(5), "{difference}");
    // Idle connections return to the pool.
    eventually(|| async { matches!(test.store.connections(), (0, 1..)) }).await;
}
