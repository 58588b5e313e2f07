//! Open: changes nothing, and returns the state of an ended secret to holders of the link.

use shared_crypto::messages::SecretState;
use shared_crypto::{AccessProof, SecretId, sha256};
use vault::{OpenOutcome, SecretEnd};

use crate::support::{TestSecret, TestStore, run_concurrently};

suite! {
    thousand_opens_use_no_view,
    largest_envelope_is_returned_unchanged,
    open_with_a_wrong_access_proof_finds_nothing,
    open_of_an_ended_secret_returns_its_state_before_and_after_cleanup,
    open_of_a_locked_row_does_not_wait,
}

async fn thousand_opens_use_no_view(test: &TestStore) {
    let secret = test.secret(3).await;
    test.reveal(secret.attempt()).await;
    let before = test.receipt(&secret).await;
    let expected = Some(OpenOutcome::Live {
        envelope: secret.envelope.clone(),
        max_views: 3,
        views_left: 2,
        created_at: before.created_at,
        expires_at: before.expires_at,
    });
    let (id, access_hash) = (secret.id.clone(), secret.access_hash());
    for _ in 0..20 {
        let outcomes = run_concurrently(50, |_| {
            let (store, id) = (test.store.clone(), id.clone());
            async move { store.open(&id, &access_hash).await.unwrap() }
        })
        .await;
        assert!(outcomes.iter().all(|outcome| *outcome == expected));
    }
    assert_eq!(test.receipt(&secret).await, before);
    assert_eq!(test.count("views_left", &secret).await, 2);
}

pub(crate) async fn largest_envelope_is_returned_unchanged(test: &TestStore) {
    let envelope: Vec<u8> = TestSecret::new(1).envelope.into_iter().cycle().take(1_081_376).collect();
    let secret = TestSecret { envelope: envelope.clone(), ..TestSecret::new(1) };
    test.store.create(secret.create_request()).await.unwrap();
    let opened = test.store.open(&secret.id, &secret.access_hash()).await.unwrap();
    assert!(matches!(opened, Some(OpenOutcome::Live { envelope: returned, .. }) if returned == envelope));
}

async fn open_with_a_wrong_access_proof_finds_nothing(test: &TestStore) {
    let (live, viewed) = (test.secret(1).await, test.secret(1).await);
    test.reveal(viewed.attempt()).await;
    let wrong = sha256(&[AccessProof::generate().unwrap().as_bytes()]);
    for id in [&live.id, &viewed.id, &SecretId::generate().unwrap()] {
        assert_eq!(test.store.open(id, &wrong).await.unwrap(), None);
    }
    // The access proof of another secret is wrong too.
    assert_eq!(test.store.open(&live.id, &viewed.access_hash()).await.unwrap(), None);
}

async fn open_of_an_ended_secret_returns_its_state_before_and_after_cleanup(test: &TestStore) {
    let (viewed, burned, expired) = (test.secret(1).await, test.secret(1).await, test.secret(1).await);
    test.reveal(viewed.attempt()).await;
    test.burn(&burned).await;
    test.expire(&expired).await;
    for _ in 0..2 {
        for (secret, state) in
            [(&viewed, SecretState::Viewed), (&burned, SecretState::Burned), (&expired, SecretState::Expired)]
        {
            let receipt = test.receipt(secret).await;
            assert_eq!(receipt.state, state);
            let gone = OpenOutcome::Gone(SecretEnd { state, ended_at: receipt.ended_at.unwrap() });
            assert_eq!(test.store.open(&secret.id, &secret.access_hash()).await.unwrap(), Some(gone));
        }
        assert_eq!(test.receipt(&viewed).await.viewed_at, [test.receipt(&viewed).await.ended_at.unwrap()]);
        assert_eq!(test.receipt(&expired).await.ended_at, Some(test.receipt(&expired).await.expires_at));
        // Deleting the expired secret makes no difference.
        test.delete_expired().await;
    }
}

async fn open_of_a_locked_row_does_not_wait(test: &TestStore) {
    let secret = test.secret(1).await;
    let lock = test.database.lock(&secret.id).await;
    let opened = test.store.open(&secret.id, &secret.access_hash()).await.unwrap();
    assert!(matches!(opened, Some(OpenOutcome::Live { .. })));
    assert_eq!(test.receipt(&secret).await.state, SecretState::Live);
    lock.roll_back().await;
}
