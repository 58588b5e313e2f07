//! The sweeper: small batches, in several servers at once, in nobody's way.

use shared_crypto::messages::SecretState;
use vault::{CreateOutcome, DeletedRows};

use crate::support::{Bed, Database as _, Postgres, Sample, inline_repoll};

suite! {
    what_has_expired_goes_and_the_rest_stays,
    a_receipt_outlives_its_secret_by_seven_days,
    a_sweep_is_a_batch,
    two_sweepers_share_the_work;
    postgres: a_locked_row_is_stepped_around,
}

pub(crate) async fn what_has_expired_goes_and_the_rest_stays(bed: &Bed) {
    let (expired, live, viewed) = (bed.secret(1).await, bed.secret(2).await, bed.secret(2).await);
    bed.reveal(viewed.attempt()).await;
    bed.expire_claims().await;
    bed.reveal(live.attempt()).await;
    bed.expire(&expired).await;
    assert_eq!(bed.store.delete_expired().await.unwrap(), DeletedRows { secrets: 1, claims: 1, receipts: 0 });
    assert_eq!(bed.store.delete_expired().await.unwrap(), DeletedRows::default());
    assert_eq!(
        (bed.holds(&expired).await, bed.holds(&live).await, bed.holds(&viewed).await),
        (false, true, true)
    );
    assert_eq!((bed.rows("claims").await, bed.rows("receipts").await), (1, 3));
    assert_eq!(bed.receipt(&expired).await.state, SecretState::Expired);
}

async fn a_receipt_outlives_its_secret_by_seven_days(bed: &Bed) {
    let week = 7 * 24 * 60 * 60 * 1000;
    let (younger, older, viewed) = (bed.secret(1).await, bed.secret(1).await, bed.secret(1).await);
    bed.reveal(viewed.attempt()).await;
    bed.expire_in(&younger, -week + 5000).await;
    for sample in [&older, &viewed] {
        bed.expire_in(sample, -week).await;
    }
    assert_eq!(bed.store.delete_expired().await.unwrap(), DeletedRows { secrets: 2, claims: 0, receipts: 2 });
    assert_eq!(bed.receipt(&younger).await.state, SecretState::Expired);
    for sample in [older, viewed] {
        assert_eq!(bed.store.receipt(&sample.receipt_hash()).await.unwrap(), None);
        assert_eq!(bed.store.open(&sample.id, &sample.access_hash()).await.unwrap(), None);
        // Nothing is known of it any more, so the request is a new one.
        let again = bed.store.create(sample.request_again()).await.unwrap();
        assert!(matches!(again, CreateOutcome::Created { id, .. } if id != sample.id));
    }
}

/// So many claims whose time is over.
async fn litter(bed: &Bed, claims: usize) {
    let moment = bed.database.moment(-1);
    let rows: Vec<_> = (0..claims)
        .map(|_| {
            let hash = bed.database.bytes(Sample::new(1).share.as_bytes());
            format!("({hash}, {hash}, 0, {moment})")
        })
        .collect();
    bed.change(format!(
        "INSERT INTO claims (claim_hash, share, views_left, expires_at) VALUES {}",
        rows.join(", ")
    ))
    .await;
}

async fn a_sweep_is_a_batch(bed: &Bed) {
    litter(bed, 2_500).await;
    let mut swept = Vec::new();
    while bed.rows("claims").await > 0 {
        swept.push(bed.store.delete_expired().await.unwrap().claims);
    }
    assert!(swept.iter().all(|claims| (1..=1000).contains(claims)), "{swept:?}");
    assert_eq!(swept.iter().sum::<u64>(), 2_500);
}

async fn two_sweepers_share_the_work(bed: &Bed) {
    let samples = [bed.secret(1).await, bed.secret(1).await, bed.secret(1).await];
    litter(bed, 3_000).await;
    for sample in &samples {
        bed.expire(sample).await;
    }
    let stores = [bed.store.clone(), bed.database.connect().await];
    let swept = inline_repoll(4, |i| {
        let store = stores[i % 2].clone();
        async move {
            let mut sum = DeletedRows::default();
            loop {
                let swept = store.delete_expired().await.unwrap();
                if swept.is_empty() {
                    return sum;
                }
                sum.secrets += swept.secrets;
                sum.claims += swept.claims;
            }
        }
    })
    .await;
    bed.delete_expired().await;
    assert_eq!(swept.iter().map(|sum| sum.secrets).sum::<u64>(), 3);
    assert_eq!((bed.rows("secrets").await, bed.rows("claims").await), (0, 0));
    stores[1].close().await;
}

async fn a_locked_row_is_stepped_around(bed: &Bed<Postgres>) {
    let (locked, free) = (bed.secret(1).await, bed.secret(1).await);
    bed.expire(&locked).await;
    bed.expire(&free).await;
    let lock = bed.database.lock(&locked.id).await;
    assert_eq!(bed.store.delete_expired().await.unwrap().secrets, 1);
    assert_eq!(bed.store.delete_expired().await.unwrap().secrets, 0);
    lock.commit().await;
    assert_eq!(bed.store.delete_expired().await.unwrap().secrets, 1);
}
