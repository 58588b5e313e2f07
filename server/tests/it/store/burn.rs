//! Burn: deletes a live secret, and changes nothing for one that has ended.

use shared_crypto::messages::SecretState;
use vault::{RevealOutcome, SecretEnd};

use crate::support::TestStore;

suite! {
    burn_deletes_the_secret,
    second_burn_returns_the_same_receipt,
    burn_of_an_ended_secret_changes_nothing,
    burn_after_a_view_keeps_the_view_in_the_receipt,
}

pub(crate) async fn burn_deletes_the_secret(test: &TestStore) {
    let (secret, other) = (test.secret(2).await, test.secret(1).await);
    let receipt = test.burn(&secret).await;
    assert_eq!((receipt.state, receipt.viewed_at.len()), (SecretState::Burned, 0));
    assert!(!test.holds(&secret).await);
    let gone =
        RevealOutcome::Gone(SecretEnd { state: SecretState::Burned, ended_at: receipt.ended_at.unwrap() });
    assert_eq!(test.reveal(secret.attempt()).await, gone);
    assert_eq!(test.reveal(secret.wrong_attempt()).await, gone);
    assert_eq!(test.reveal(secret.attempt_without_link()).await, RevealOutcome::NotFound);
    assert_eq!(test.receipt(&other).await.state, SecretState::Live);
}

async fn second_burn_returns_the_same_receipt(test: &TestStore) {
    let secret = test.secret(2).await;
    let first = test.burn(&secret).await;
    assert_eq!(test.burn(&secret).await, first);
    assert_eq!(test.receipt(&secret).await, first);
}

async fn burn_of_an_ended_secret_changes_nothing(test: &TestStore) {
    let (viewed, expired, swept) = (test.secret(1).await, test.secret(1).await, test.secret(1).await);
    test.reveal(viewed.attempt()).await;
    test.expire(&swept).await;
    test.delete_expired().await;
    test.expire(&expired).await;
    for (secret, state) in
        [(&viewed, SecretState::Viewed), (&expired, SecretState::Expired), (&swept, SecretState::Expired)]
    {
        let before = test.receipt(secret).await;
        assert_eq!(before.state, state);
        assert_eq!(test.burn(secret).await, before);
        assert_eq!(test.receipt(secret).await, before);
    }
}

async fn burn_after_a_view_keeps_the_view_in_the_receipt(test: &TestStore) {
    let secret = test.secret(3).await;
    let attempt = secret.attempt();
    assert_eq!(test.reveal(attempt.clone()).await, secret.granted(2));
    test.reveal(secret.wrong_attempt()).await;
    let before = test.receipt(&secret).await;
    let burned = test.burn(&secret).await;
    assert_eq!((burned.viewed_at, burned.wrong_passphrases), (before.viewed_at, 1));
    assert_eq!(test.reveal(attempt).await, secret.granted(2));
}
