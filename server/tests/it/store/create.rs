//! Creating: once, whatever happens to the request.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use vault::{CreateOutcome, OpenOutcome, RevealOutcome};

use crate::support::{Bed, Database as _, Sample, Sqlite, inline_repoll};

suite! {
    a_secret_is_stored_once,
    the_same_request_gets_the_same_answer_whatever_has_become_of_the_secret,
    twins_at_one_moment_make_one_row,
    a_known_hash_in_another_request_is_a_conflict,
    hashes_of_two_secrets_in_one_request_are_a_conflict,
    it_lives_exactly_as_long_as_was_asked,
    times_are_whole_milliseconds;
    sqlite: somebody_elses_lock_is_waited_for_and_asked_for_again,
}

async fn a_secret_is_stored_once(bed: &Bed) {
    let sample = Sample::new(3);
    let first = bed.store.create(sample.request()).await.unwrap();
    let CreateOutcome::Created { id, .. } = &first else { panic!("{first:?}") };
    assert_eq!(*id, sample.id);
    assert_eq!(bed.store.create(sample.request_again()).await.unwrap(), first);
    assert_eq!((bed.rows("secrets").await, bed.rows("receipts").await, bed.rows("claims").await), (1, 1, 0));
}

async fn the_same_request_gets_the_same_answer_whatever_has_become_of_the_secret(bed: &Bed) {
    let [viewed, burned, swept] =
        [Sample::new(1), Sample::new(1), Sample { ttl_seconds: 60, ..Sample::new(1) }];
    let mut firsts = Vec::new();
    for sample in [&viewed, &burned, &swept] {
        firsts.push(bed.store.create(sample.request()).await.unwrap());
    }
    assert_eq!(bed.reveal(viewed.attempt()).await, viewed.granted(0));
    bed.burn(&burned).await;
    // The row alone: moving the receipt's expiry would move the answer.
    bed.change(format!(
        "UPDATE secrets SET expires_at = {} WHERE id = {}",
        bed.database.moment(-1),
        bed.id(&swept)
    ))
    .await;
    bed.delete_expired().await;
    for (sample, first) in [&viewed, &burned, &swept].into_iter().zip(firsts) {
        assert_eq!(bed.store.create(sample.request_again()).await.unwrap(), first);
    }
    assert_eq!((bed.rows("secrets").await, bed.rows("receipts").await), (0, 3));
}

pub(crate) async fn twins_at_one_moment_make_one_row(bed: &Bed) {
    let stores = [bed.store.clone(), bed.database.connect().await];
    for round in 1..=10 {
        let sample = Sample::new(2);
        let answers = inline_repoll(20, |i| {
            let (store, request) = (stores[i % 2].clone(), sample.request_again());
            async move { store.create(request).await.unwrap() }
        })
        .await;
        assert!(matches!(answers[0], CreateOutcome::Created { .. }));
        assert!(answers.iter().all(|answer| *answer == answers[0]));
        assert_eq!((bed.rows("secrets").await, bed.rows("receipts").await), (round, round));
    }
    stores[1].close().await;
}

async fn a_known_hash_in_another_request_is_a_conflict(bed: &Bed) {
    let first = bed.secret(2).await;
    let other = Sample::new(1);
    let conflicts = [
        Sample { access: first.access.clone(), ..other.clone() },
        Sample { receipt: first.receipt.clone(), ..other.clone() },
        Sample { access: first.access.clone(), receipt: first.receipt.clone(), ..other.clone() },
        Sample { envelope: other.envelope.clone(), ..first.clone() },
        Sample { ttl_seconds: 60, ..first.clone() },
        Sample { max_views: 3, ..first.clone() },
    ];
    for conflict in &conflicts {
        assert_eq!(bed.store.create(conflict.request_again()).await.unwrap(), CreateOutcome::Conflict);
    }
    let opened = bed.store.open(&first.id, &first.access_hash()).await.unwrap();
    let Some(OpenOutcome::Live { envelope, views_left: 2, .. }) = opened else { panic!("{opened:?}") };
    assert_eq!(envelope, first.envelope);
    assert_eq!(bed.reveal(first.attempt()).await, first.granted(1));
    assert_eq!(bed.reveal(first.attempt()).await, first.granted(0));
    for conflict in &conflicts {
        assert_eq!(bed.store.create(conflict.request_again()).await.unwrap(), CreateOutcome::Conflict);
    }
    assert_eq!((bed.rows("secrets").await, bed.rows("receipts").await), (0, 1));
}

async fn hashes_of_two_secrets_in_one_request_are_a_conflict(bed: &Bed) {
    let (one, two) = (bed.secret(1).await, bed.secret(1).await);
    let both = Sample { receipt: two.receipt.clone(), ..one.clone() };
    assert_eq!(bed.store.create(both.request_again()).await.unwrap(), CreateOutcome::Conflict);
    assert_eq!(bed.reveal(one.attempt()).await, one.granted(0));
    assert_eq!(bed.reveal(two.attempt()).await, two.granted(0));
}

async fn it_lives_exactly_as_long_as_was_asked(bed: &Bed) {
    for ttl_seconds in [60, 3600, 604_801, 2_592_000] {
        let sample = Sample { ttl_seconds, ..Sample::new(1) };
        let creation = bed.store.create(sample.request()).await.unwrap();
        let CreateOutcome::Created { created_at, expires_at, .. } = creation else { panic!("{creation:?}") };
        assert_eq!(expires_at - created_at, TimeDelta::seconds(ttl_seconds.into()));
        let receipt = bed.receipt(&sample).await;
        assert_eq!((receipt.created_at, receipt.expires_at), (created_at, expires_at));
    }
}

async fn times_are_whole_milliseconds(bed: &Bed) {
    let whole = |time: DateTime<Utc>| assert_eq!(time.timestamp_subsec_nanos() % 1_000_000, 0, "{time}");
    for _ in 0..5 {
        let sample = bed.secret(2).await;
        bed.reveal(sample.attempt()).await;
        let receipt = bed.burn(&sample).await;
        let opened = bed.store.open(&sample.id, &sample.access_hash()).await.unwrap();
        let Some(OpenOutcome::Gone(ended)) = opened else { panic!("{opened:?}") };
        for time in [receipt.created_at, receipt.expires_at, receipt.viewed_at[0], ended.ended_at] {
            whole(time);
        }
        assert_eq!(receipt.ended_at, Some(ended.ended_at));
        let RevealOutcome::Gone(refused) = bed.reveal(sample.attempt()).await else {
            panic!("a burned secret is gone")
        };
        assert_eq!(refused, ended);
    }
}

async fn somebody_elses_lock_is_waited_for_and_asked_for_again(bed: &Bed<Sqlite>) {
    let held = bed.secret(1).await;
    let lock = bed.database.lock(&held.id).await;
    let (store, sample) = (bed.store.clone(), Sample::new(1));
    let request = sample.request();
    let waiting = tokio::spawn(async move { store.create(request).await.unwrap() });
    // It gives up after five.
    tokio::time::sleep(Duration::from_secs(6)).await;
    lock.commit().await;
    assert!(matches!(waiting.await.unwrap(), CreateOutcome::Created { .. }));
    assert_eq!(bed.reveal(sample.attempt()).await, sample.granted(0));
}
