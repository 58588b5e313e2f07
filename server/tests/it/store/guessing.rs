//! Guessing is counted under the lock, and slowed down.

use std::time::Duration;

use vault::RevealOutcome;

use crate::support::{Bed, Sample, inline_repoll};

suite! {
    five_wrong_passphrases_lock_for_two_seconds,
    every_further_one_locks_for_twice_as_long,
    a_right_one_starts_the_count_anew,
    time_alone_does_not_lower_the_count,
    of_sixty_at_one_moment_five_are_evaluated,
    ten_thousand_without_the_link_lock_nobody_out,
}

const fn wrong(tries_left: u32, wait: Option<u32>) -> RevealOutcome {
    RevealOutcome::WrongPassphrase { tries_left, wait }
}

/// Wrong ones until the secret is locked.
async fn lock_out(bed: &Bed, sample: &Sample) {
    for outcome in [wrong(4, None), wrong(3, None), wrong(2, None), wrong(1, None), wrong(0, Some(2))] {
        assert_eq!(bed.reveal(sample.wrong()).await, outcome);
    }
}

async fn five_wrong_passphrases_lock_for_two_seconds(bed: &Bed) {
    let sample = bed.secret(2).await;
    lock_out(bed, &sample).await;
    for attempt in [sample.wrong(), sample.attempt(), sample.wrong()] {
        let outcome = bed.reveal(attempt).await;
        assert!(matches!(outcome, RevealOutcome::Locked { wait: 1 | 2 }), "{outcome:?}");
    }
    // What was refused unseen is not counted.
    assert_eq!((bed.count("bad_tries", &sample).await, bed.count("views_left", &sample).await), (5, 2));
    assert_eq!(bed.receipt(&sample).await.wrong_passphrases, 5);

    tokio::time::sleep(Duration::from_millis(2050)).await;
    assert_eq!(bed.reveal(sample.attempt()).await, sample.granted(1));
    assert_eq!(bed.reveal(sample.wrong()).await, wrong(4, None));
    assert_eq!(bed.receipt(&sample).await.wrong_passphrases, 6);
}

async fn every_further_one_locks_for_twice_as_long(bed: &Bed) {
    let sample = bed.secret(1).await;
    lock_out(bed, &sample).await;
    for wait in [4, 8, 16, 32, 64, 128, 256, 512, 900, 900] {
        bed.unlock(&sample).await;
        assert_eq!(bed.reveal(sample.wrong()).await, wrong(0, Some(wait)));
        let RevealOutcome::Locked { wait: left } = bed.reveal(sample.attempt()).await else {
            panic!("not locked")
        };
        assert!((wait - 1..=wait).contains(&left), "{left} of {wait}");
    }
    bed.unlock(&sample).await;
    assert_eq!(bed.reveal(sample.attempt()).await, sample.granted(0));
    assert_eq!(bed.receipt(&sample).await.wrong_passphrases, 15);
}

async fn a_right_one_starts_the_count_anew(bed: &Bed) {
    let sample = bed.secret(3).await;
    for views_left in [2, 1] {
        for tries_left in [4, 3, 2, 1] {
            assert_eq!(bed.reveal(sample.wrong()).await, wrong(tries_left, None));
        }
        assert_eq!(bed.reveal(sample.attempt()).await, sample.granted(views_left));
        assert_eq!(bed.count("bad_tries", &sample).await, 0);
    }
    assert_eq!(bed.receipt(&sample).await.wrong_passphrases, 8);
}

async fn time_alone_does_not_lower_the_count(bed: &Bed) {
    let sample = bed.secret(1).await;
    lock_out(bed, &sample).await;
    let (id, long_ago) = (bed.id(&sample), bed.database.moment(-86_400_000));
    bed.change(format!("UPDATE secrets SET locked_until = {long_ago} WHERE id = {id}")).await;
    bed.delete_expired().await;
    assert_eq!(bed.reveal(sample.wrong()).await, wrong(0, Some(4)));
}

pub(crate) async fn of_sixty_at_one_moment_five_are_evaluated(bed: &Bed) {
    let sample = bed.secret(1).await;
    let other = bed.database.connect().await;
    let outcomes = inline_repoll(60, |i| {
        let store = if i % 2 == 0 { bed.store.clone() } else { other.clone() };
        let attempt = sample.wrong();
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
    assert_eq!(bed.receipt(&sample).await.wrong_passphrases, 5);
    other.close().await;
}

async fn ten_thousand_without_the_link_lock_nobody_out(bed: &Bed) {
    let sample = bed.secret(1).await;
    for _ in 0..20 {
        let outcomes = inline_repoll(500, |_| {
            let (store, attempt) = (bed.store.clone(), sample.stranger());
            async move { store.reveal(attempt).await.unwrap() }
        })
        .await;
        assert!(outcomes.iter().all(|outcome| *outcome == RevealOutcome::NotFound));
    }
    assert_eq!(bed.receipt(&sample).await.wrong_passphrases, 0);
    assert_eq!(bed.reveal(sample.attempt()).await, sample.granted(0));
}
