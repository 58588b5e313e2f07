//! Looking: changes nothing, and says how it ended to whoever holds the link.

use shared_crypto::messages::SecretState;
use shared_crypto::{AccessProof, SecretId, sha256};
use vault::{OpenOutcome, SecretEnd};

use crate::support::{Bed, Sample, inline_repoll};

suite! {
    looking_a_thousand_times_costs_no_view,
    the_largest_envelope_comes_back_as_sent,
    without_the_proof_there_is_no_secret,
    whoever_holds_the_link_learns_how_it_ended,
    looking_waits_for_no_lock,
}

async fn looking_a_thousand_times_costs_no_view(bed: &Bed) {
    let sample = bed.secret(3).await;
    bed.reveal(sample.attempt()).await;
    let before = bed.receipt(&sample).await;
    let expected = Some(OpenOutcome::Live {
        envelope: sample.envelope.clone(),
        max_views: 3,
        views_left: 2,
        created_at: before.created_at,
        expires_at: before.expires_at,
    });
    let (id, access_hash) = (sample.id.clone(), sample.access_hash());
    for _ in 0..20 {
        let answers = inline_repoll(50, |_| {
            let (store, id) = (bed.store.clone(), id.clone());
            async move { store.open(&id, &access_hash).await.unwrap() }
        })
        .await;
        assert!(answers.iter().all(|answer| *answer == expected));
    }
    assert_eq!(bed.receipt(&sample).await, before);
    assert_eq!(bed.count("views_left", &sample).await, 2);
}

pub(crate) async fn the_largest_envelope_comes_back_as_sent(bed: &Bed) {
    let envelope: Vec<u8> = Sample::new(1).envelope.into_iter().cycle().take(1_081_376).collect();
    let sample = Sample { envelope: envelope.clone(), ..Sample::new(1) };
    bed.store.create(sample.request()).await.unwrap();
    let opened = bed.store.open(&sample.id, &sample.access_hash()).await.unwrap();
    assert!(matches!(opened, Some(OpenOutcome::Live { envelope: came, .. }) if came == envelope));
}

async fn without_the_proof_there_is_no_secret(bed: &Bed) {
    let (live, viewed) = (bed.secret(1).await, bed.secret(1).await);
    bed.reveal(viewed.attempt()).await;
    let wrong = sha256(&[AccessProof::generate().unwrap().as_bytes()]);
    for id in [&live.id, &viewed.id, &SecretId::generate().unwrap()] {
        assert_eq!(bed.store.open(id, &wrong).await.unwrap(), None);
    }
    // Another secret's proof is as good as none.
    assert_eq!(bed.store.open(&live.id, &viewed.access_hash()).await.unwrap(), None);
}

async fn whoever_holds_the_link_learns_how_it_ended(bed: &Bed) {
    let (viewed, burned, expired) = (bed.secret(1).await, bed.secret(1).await, bed.secret(1).await);
    bed.reveal(viewed.attempt()).await;
    bed.burn(&burned).await;
    bed.expire(&expired).await;
    for _ in 0..2 {
        for (sample, state) in
            [(&viewed, SecretState::Viewed), (&burned, SecretState::Burned), (&expired, SecretState::Expired)]
        {
            let receipt = bed.receipt(sample).await;
            assert_eq!(receipt.state, state);
            let gone = OpenOutcome::Gone(SecretEnd { state, ended_at: receipt.ended_at.unwrap() });
            assert_eq!(bed.store.open(&sample.id, &sample.access_hash()).await.unwrap(), Some(gone));
        }
        assert_eq!(bed.receipt(&viewed).await.viewed_at, [bed.receipt(&viewed).await.ended_at.unwrap()]);
        assert_eq!(bed.receipt(&expired).await.ended_at, Some(bed.receipt(&expired).await.expires_at));
        // DeletedRows or not makes no difference.
        bed.delete_expired().await;
    }
}

async fn looking_waits_for_no_lock(bed: &Bed) {
    let sample = bed.secret(1).await;
    let lock = bed.database.lock(&sample.id).await;
    let opened = bed.store.open(&sample.id, &sample.access_hash()).await.unwrap();
    assert!(matches!(opened, Some(OpenOutcome::Live { .. })));
    assert_eq!(bed.receipt(&sample).await.state, SecretState::Live);
    lock.roll_back().await;
}
