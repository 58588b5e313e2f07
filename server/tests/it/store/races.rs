//! Races: concurrent readers on any number of servers never get more than `max_views` views.

use std::time::Duration;

use shared_crypto::messages::SecretState;
use vault::{RevealOutcome, SecretEnd};

use crate::support::{TestSecret, TestStore, random, run_concurrently};

suite! {
    two_hundred_readers_of_one_view_get_one_view,
    two_hundred_readers_at_two_servers_get_one_view,
    two_hundred_readers_of_a_hundred_views_get_a_hundred_views,
    two_hundred_readers_with_slow_commits_get_a_hundred_views,
    concurrent_view_and_burn_have_one_winner,
    concurrent_view_and_expiry_have_one_winner,
}

/// Lets 200 readers reveal one secret on these servers, and checks that each view is granted once.
async fn assert_each_view_is_granted_once(
    test: &TestStore,
    stores: &[&std::sync::Arc<dyn vault::SecretStore>],
    max_views: u8,
) {
    let secret = test.secret(max_views).await;
    let outcomes = run_concurrently(200, |i| {
        let (store, attempt) = (stores[i % stores.len()].clone(), secret.attempt());
        async move { store.reveal(attempt).await.unwrap() }
    })
    .await;
    for views_left in 0..max_views {
        let granted = outcomes.iter().filter(|outcome| **outcome == secret.granted(views_left)).count();
        assert_eq!(granted, 1, "grants of the view with {views_left} left");
    }
    let gone = outcomes.iter().filter(|outcome| {
        matches!(outcome, RevealOutcome::Gone(SecretEnd { state: SecretState::Viewed, .. }))
    });
    assert_eq!(gone.count(), 200 - usize::from(max_views));
    assert!(!test.holds(&secret).await);
    assert_eq!(test.receipt(&secret).await.viewed_at.len(), usize::from(max_views));
}

async fn two_hundred_readers_of_one_view_get_one_view(test: &TestStore) {
    for _ in 0..25 {
        assert_each_view_is_granted_once(test, &[&test.store], 1).await;
    }
}

async fn two_hundred_readers_at_two_servers_get_one_view(test: &TestStore) {
    let other = test.database.connect().await;
    for _ in 0..25 {
        assert_each_view_is_granted_once(test, &[&test.store, &other], 1).await;
    }
    other.close().await;
}

pub(crate) async fn two_hundred_readers_of_a_hundred_views_get_a_hundred_views(test: &TestStore) {
    let other = test.database.connect().await;
    for _ in 0..3 {
        assert_each_view_is_granted_once(test, &[&test.store, &other], 100).await;
    }
    other.close().await;
}

async fn two_hundred_readers_with_slow_commits_get_a_hundred_views(test: &TestStore) {
    let slow = test.database.connect_with_slow_commits().await;
    assert_each_view_is_granted_once(test, &[&slow], 100).await;
    slow.close().await;
}

/// Checks that the reader's outcome matches the receipt, and returns the state.
async fn assert_one_winner(
    test: &TestStore,
    secret: &TestSecret,
    outcome: &RevealOutcome,
    other_state: SecretState,
) -> SecretState {
    let receipt = test.receipt(secret).await;
    let views = receipt.viewed_at.len();
    if *outcome == secret.granted(0) {
        assert_eq!((receipt.state, views), (SecretState::Viewed, 1));
    } else {
        let gone = SecretEnd { state: other_state, ended_at: receipt.ended_at.unwrap() };
        assert_eq!((outcome, receipt.state, views), (&RevealOutcome::Gone(gone), other_state, 0));
    }
    receipt.state
}

async fn concurrent_view_and_burn_have_one_winner(test: &TestStore) {
    let mut views = 0;
    for _ in 0..300 {
        let secret = test.secret(1).await;
        let (reader, sender) = (test.store.clone(), test.store.clone());
        let (attempt, token) = (secret.attempt(), secret.receipt_hash());
        // A random delay of one of the two calls; otherwise the first would always win.
        let delays = [random(1500), 0];
        let first = random(2) as usize;
        let [reveal_delay, burn_delay] =
            [delays[first], delays[1 - first]].map(|micros| Duration::from_micros(micros.into()));
        let revealing = tokio::spawn(async move {
            std::thread::sleep(reveal_delay);
            reader.reveal(attempt).await.unwrap()
        });
        let burning = tokio::spawn(async move {
            std::thread::sleep(burn_delay);
            sender.burn(&token).await.unwrap().unwrap()
        });
        let (outcome, burned) = (revealing.await.unwrap(), burning.await.unwrap());
        let state = assert_one_winner(test, &secret, &outcome, SecretState::Burned).await;
        assert_eq!(burned.state, state);
        views += u32::from(state == SecretState::Viewed);
    }
    assert!((1..300).contains(&views), "one side always won: {views} of 300 were views");
}

async fn concurrent_view_and_expiry_have_one_winner(test: &TestStore) {
    let mut views = 0;
    for _ in 0..300 {
        let secret = test.secret(1).await;
        test.expire_in(&secret, i64::from(random(25))).await;
        let (reader, cleanup, attempt) = (test.store.clone(), test.store.clone(), secret.attempt());
        let delay = Duration::from_micros(random(4000).into());
        let revealing = tokio::spawn(async move {
            tokio::time::sleep(delay).await;
            reader.reveal(attempt).await.unwrap()
        });
        let deleting = tokio::spawn(async move {
            for _ in 0..3 {
                cleanup.delete_expired().await.unwrap();
            }
        });
        let outcome = revealing.await.unwrap();
        deleting.await.unwrap();
        let state = assert_one_winner(test, &secret, &outcome, SecretState::Expired).await;
        views += u32::from(state == SecretState::Viewed);
    }
    assert!((1..300).contains(&views), "one side always won: {views} of 300 were views");
}
