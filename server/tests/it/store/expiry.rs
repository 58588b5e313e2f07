//! Expired is gone, whether the sweeper has come by or not. It does not come by here.

use app::store::{Ended, Opened, Outcome};
use shared_crypto::wire::State;

use crate::common::{Bed, Sample};

suite! {
    it_is_gone_at_the_moment,
    a_reveal_that_waits_past_the_expiry_finds_it_gone,
    a_burn_that_waits_past_the_expiry_finds_it_expired,
    an_expired_secret_moves_no_counter,
}

async fn gone(bed: &Bed, sample: &Sample) -> Ended {
    Ended { state: State::Expired, ended_at: bed.receipt(sample).await.expires_at }
}

async fn it_is_gone_at_the_moment(bed: &Bed) {
    let sample = bed.secret(1).await;
    bed.expire_in(&sample, 200).await;
    assert!(matches!(
        bed.store.open(&sample.id, &sample.access_hash()).await.unwrap(),
        Some(Opened::Live { .. })
    ));
    bed.until_expired(&sample).await;
    let gone = gone(bed, &sample).await;
    assert_eq!(bed.store.open(&sample.id, &sample.access_hash()).await.unwrap(), Some(Opened::Gone(gone)));
    assert_eq!(bed.reveal(sample.attempt()).await, Outcome::Gone(gone));
    assert_eq!(bed.receipt(&sample).await.ended_at, Some(gone.ended_at));
    assert!(bed.holds(&sample).await, "the sweeper is off");
}

async fn a_reveal_that_waits_past_the_expiry_finds_it_gone(bed: &Bed) {
    for commits in [true, false] {
        let sample = bed.secret(2).await;
        bed.expire_in(&sample, 400).await;
        let lock = bed.database.lock(&sample.id).await;
        let waiting = tokio::spawn({
            let (store, attempt) = (bed.store.clone(), sample.attempt());
            async move { store.reveal(attempt).await.unwrap() }
        });
        bed.database.until_waiting(1).await;
        bed.until_expired(&sample).await;
        if commits {
            lock.commit().await;
        } else {
            lock.roll_back().await;
        }
        assert_eq!(waiting.await.unwrap(), Outcome::Gone(gone(bed, &sample).await));
        assert!(bed.receipt(&sample).await.viewed_at.is_empty());
    }
}

async fn a_burn_that_waits_past_the_expiry_finds_it_expired(bed: &Bed) {
    for commits in [true, false] {
        let sample = bed.secret(2).await;
        bed.expire_in(&sample, 400).await;
        let lock = bed.database.lock(&sample.id).await;
        let waiting = tokio::spawn({
            let (store, token) = (bed.store.clone(), sample.receipt_hash());
            async move { store.burn(&token).await.unwrap().unwrap() }
        });
        bed.database.until_waiting(1).await;
        bed.until_expired(&sample).await;
        if commits {
            lock.commit().await;
        } else {
            lock.roll_back().await;
        }
        let receipt = waiting.await.unwrap();
        assert_eq!((receipt.state, receipt.ended_at), (State::Expired, Some(receipt.expires_at)));
    }
}

async fn an_expired_secret_moves_no_counter(bed: &Bed) {
    let sample = bed.secret(1).await;
    bed.expire(&sample).await;
    let before = bed.receipt(&sample).await;
    for _ in 0..6 {
        assert!(matches!(bed.reveal(sample.wrong()).await, Outcome::Gone(_)));
    }
    assert_eq!(bed.receipt(&sample).await, before);
    assert_eq!(bed.count("bad_tries", &sample).await, 0);
}
