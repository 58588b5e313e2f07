//! Protection of the passphrase against brute force: wrong passphrases are counted under the row lock, and lock the
//! secret for increasing times.

use std::time::Duration;

use vault::RevealOutcome;

use crate::support::{TestSecret, TestStore, run_concurrently};

suite! {
    five_wrong_passphrases_lock_the_secret_for_two_seconds,
    each_further_wrong_passphrase_doubles_the_lock,
    correct_passphrase_resets_the_count,
    count_of_wrong_passphrases_does_not_decrease_with_time,
    sixty_concurrent_wrong_passphrases_count_as_five_tries,
    ten_thousand_attempts_without_the_link_do_not_lock_the_secret,
}

/// Returns the outcome of a wrong passphrase.
const fn wrong(tries_left: u32, wait: Option<u32>) -> RevealOutcome {
    RevealOutcome::WrongPassphrase { tries_left, wait }
}

/// Sends wrong passphrases until the secret is locked.
async fn lock_secret(test: &TestStore, secret: &TestSecret) {
    for outcome in [wrong(4, None), wrong(3, None), wrong(2, None), wrong(1, None), wrong(0, Some(2))] {
        assert_eq!(test.reveal(secret.wrong_attempt()).await, outcome);
    }
}

async fn five_wrong_passphrases_lock_the_secret_for_two_seconds(test: &TestStore) {
    let secret = test.secret(2).await;
    lock_secret(test, &secret).await;
    for attempt in [secret.wrong_attempt(), secret.attempt(), secret.wrong_attempt()] {
        let outcome = test.reveal(attempt).await;
        assert!(matches!(outcome, RevealOutcome::Locked { wait: 1 | 2 }), "{outcome:?}");
    }
    // Attempts on a locked secret are not counted.
    assert_eq!((test.count("bad_tries", &secret).await, test.count("views_left", &secret).await), (5, 2));
    assert_eq!(test.receipt(&secret).await.wrong_passphrases, 5);

    tokio::time::sleep(Duration::from_millis(2050)).await;
    assert_eq!(test.reveal(secret.attempt()).await, secret.granted(1));
    assert_eq!(test.reveal(secret.wrong_attempt()).await, wrong(4, None));
    assert_eq!(test.receipt(&secret).await.wrong_passphrases, 6);
}

async fn each_further_wrong_passphrase_doubles_the_lock(test: &TestStore) {
    let secret = test.secret(1).await;
    lock_secret(test, &secret).await;
    for wait in [4, 8, 16, 32, 64, 128, 256, 512, 900, 900] {
        test.unlock(&secret).await;
        assert_eq!(test.reveal(secret.wrong_attempt()).await, wrong(0, Some(wait)));
        let RevealOutcome::Locked { wait: left } = test.reveal(secret.attempt()).await else {
            panic!("the secret must be locked")
        };
        assert!((wait - 1..=wait).contains(&left), "{left} of {wait}");
    }
    test.unlock(&secret).await;
    assert_eq!(test.reveal(secret.attempt()).await, secret.granted(0));
    assert_eq!(test.receipt(&secret).await.wrong_passphrases, 15);
}

async fn correct_passphrase_resets_the_count(test: &TestStore) {
    let secret = test.secret(3).await;
    for views_left in [2, 1] {
        for tries_left in [4, 3, 2, 1] {
            assert_eq!(test.reveal(secret.wrong_attempt()).await, wrong(tries_left, None));
        }
        assert_eq!(test.reveal(secret.attempt()).await, secret.granted(views_left));
        assert_eq!(test.count("bad_tries", &secret).await, 0);
    }
    assert_eq!(test.receipt(&secret).await.wrong_passphrases, 8);
}

async fn count_of_wrong_passphrases_does_not_decrease_with_time(test: &TestStore) {
    let secret = test.secret(1).await;
    lock_secret(test, &secret).await;
    let (id, long_ago) = (test.id(&secret), test.database.sql_time(-86_400_000));
    test.change(format!("UPDATE secrets SET locked_until = {long_ago} WHERE id = {id}")).await;
    test.delete_expired().await;
    assert_eq!(test.reveal(secret.wrong_attempt()).await, wrong(0, Some(4)));
}

pub(crate) async fn sixty_concurrent_wrong_passphrases_count_as_five_tries(test: &TestStore) {
    let secret = test.secret(1).await;
    let other = test.database.connect().await;
    let outcomes = run_concurrently(60, |i| {
        let store = if i % 2 == 0 { test.store.clone() } else { other.clone() };
        let attempt = secret.wrong_attempt();
        async move { store.reveal(attempt).await.unwrap() }
    })
    .await;
    for tries_left in 0..5 {
        let wait = (tries_left == 0).then_some(2);
        assert_eq!(outcomes.iter().filter(|outcome| **outcome == wrong(tries_left, wait)).count(), 1);
    }
    let locked =
        outcomes.iter().filter(|outcome| matches!(outcome, RevealOutcome::Locked { wait: 1 | 2 })).count();
    assert_eq!(locked, 55);
    assert_eq!(test.receipt(&secret).await.wrong_passphrases, 5);
    other.close().await;
}

async fn ten_thousand_attempts_without_the_link_do_not_lock_the_secret(test: &TestStore) {
    let secret = test.secret(1).await;
    for _ in 0..20 {
        let outcomes = run_concurrently(500, |_| {
            let (store, attempt) = (test.store.clone(), secret.attempt_without_link());
            async move { store.reveal(attempt).await.unwrap() }
        })
        .await;
        assert!(outcomes.iter().all(|outcome| *outcome == RevealOutcome::NotFound));
    }
    assert_eq!(test.receipt(&secret).await.wrong_passphrases, 0);
    assert_eq!(test.reveal(secret.attempt()).await, secret.granted(0));
}
