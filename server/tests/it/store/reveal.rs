//! A view: one for each claim, and the last one deletes.

use std::time::Duration;

use shared_crypto::messages::SecretState;
use shared_crypto::sha256;
use vault::{RevealOutcome, SecretEnd};

use crate::support::{Bed, Database as _, Postgres, Sample};

suite! {
    the_last_view_deletes_the_secret,
    views_count_down,
    who_holds_no_link_moves_nothing,
    a_token_that_belongs_to_nothing_finds_nothing,
    a_lock_that_is_held_for_longer_than_the_timeout_is_asked_for_again;
    postgres: a_wrong_access_waits_for_no_lock,
}

pub(crate) async fn the_last_view_deletes_the_secret(bed: &Bed) {
    let (sample, other) = (bed.secret(1).await, bed.secret(1).await);
    assert_eq!(bed.reveal(sample.attempt()).await, sample.granted(0));
    assert!(!bed.holds(&sample).await);
    assert!(bed.holds(&other).await);

    let receipt = bed.receipt(&sample).await;
    assert_eq!((receipt.state, receipt.viewed_at.len()), (SecretState::Viewed, 1));
    assert_eq!(receipt.ended_at, Some(receipt.viewed_at[0]));
    let gone = SecretEnd { state: SecretState::Viewed, ended_at: receipt.viewed_at[0] };
    assert_eq!(bed.reveal(sample.attempt()).await, RevealOutcome::Gone(gone));
    assert_eq!(bed.reveal(sample.wrong()).await, RevealOutcome::Gone(gone));
    assert_eq!(bed.reveal(sample.stranger()).await, RevealOutcome::NotFound);
}

pub(crate) async fn views_count_down(bed: &Bed) {
    let sample = bed.secret(3).await;
    for views_left in [2, 1, 0] {
        assert_eq!(bed.receipt(&sample).await.state, SecretState::Live);
        assert_eq!(bed.receipt(&sample).await.ended_at, None);
        assert_eq!(bed.reveal(sample.attempt()).await, sample.granted(views_left));
    }
    let receipt = bed.receipt(&sample).await;
    assert_eq!((receipt.state, receipt.max_views, receipt.viewed_at.len()), (SecretState::Viewed, 3, 3));
    assert!(receipt.viewed_at.is_sorted());
    assert_eq!(receipt.ended_at, receipt.viewed_at.last().copied());
}

async fn who_holds_no_link_moves_nothing(bed: &Bed) {
    let sample = bed.secret(1).await;
    let before = bed.receipt(&sample).await;
    for _ in 0..50 {
        assert_eq!(bed.reveal(sample.stranger()).await, RevealOutcome::NotFound);
        assert_eq!(bed.reveal(Sample::new(1).attempt()).await, RevealOutcome::NotFound);
    }
    assert_eq!(bed.receipt(&sample).await, before);
    assert_eq!((bed.count("bad_tries", &sample).await, bed.rows("claims").await), (0, 0));
    assert_eq!(bed.reveal(sample.attempt()).await, sample.granted(0));
}

async fn a_token_that_belongs_to_nothing_finds_nothing(bed: &Bed) {
    let sample = bed.secret(1).await;
    for hash in [Sample::new(1).receipt_hash(), sample.access_hash(), sha256(&[sample.reveal.as_bytes()])] {
        assert_eq!(bed.store.receipt(&hash).await.unwrap(), None);
        assert_eq!(bed.store.burn(&hash).await.unwrap(), None);
    }
    assert_eq!(bed.receipt(&sample).await.state, SecretState::Live);
}

async fn a_lock_that_is_held_for_longer_than_the_timeout_is_asked_for_again(bed: &Bed) {
    let sample = bed.secret(1).await;
    let lock = bed.database.lock(&sample.id).await;
    let (store, attempt) = (bed.store.clone(), sample.attempt());
    let waiting = tokio::spawn(async move { store.reveal(attempt).await.unwrap() });
    // Both databases give up after five.
    tokio::time::sleep(Duration::from_millis(5300)).await;
    lock.commit().await;
    assert_eq!(waiting.await.unwrap(), sample.granted(0));
}

/// Whoever holds the lock holds up nobody but holders of the link.
async fn a_wrong_access_waits_for_no_lock(bed: &Bed<Postgres>) {
    let sample = bed.secret(1).await;
    let lock = bed.database.lock(&sample.id).await;
    assert_eq!(bed.reveal(sample.stranger()).await, RevealOutcome::NotFound);
    lock.commit().await;
}
