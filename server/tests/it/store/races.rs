//! Never more than `max_views`, whatever the number of readers and servers.

use std::time::Duration;

use shared_crypto::messages::SecretState;
use vault::{RevealOutcome, SecretEnd};

use crate::support::{Bed, Sample, inline_repoll, random};

suite! {
    of_two_hundred_readers_one_gets_the_one_view,
    of_two_hundred_readers_at_two_servers_one_gets_the_one_view,
    of_two_hundred_readers_a_hundred_get_a_hundred_views,
    of_two_hundred_readers_a_hundred_get_a_hundred_views_while_commits_are_slow,
    of_a_view_and_a_burn_one_wins,
    of_a_view_and_the_expiry_one_wins,
}

/// 200 readers of one secret, at one server or at several.
async fn readers(bed: &Bed, stores: &[&std::sync::Arc<dyn vault::SecretStore>], max_views: u8) {
    let sample = bed.secret(max_views).await;
    let outcomes = inline_repoll(200, |i| {
        let (store, attempt) = (stores[i % stores.len()].clone(), sample.attempt());
        async move { store.reveal(attempt).await.unwrap() }
    })
    .await;
    for views_left in 0..max_views {
        let winners = outcomes.iter().filter(|outcome| **outcome == sample.granted(views_left)).count();
        assert_eq!(winners, 1, "the view after which {views_left} were left");
    }
    let gone = outcomes.iter().filter(|outcome| {
        matches!(outcome, RevealOutcome::Gone(SecretEnd { state: SecretState::Viewed, .. }))
    });
    assert_eq!(gone.count(), 200 - usize::from(max_views));
    assert!(!bed.holds(&sample).await);
    assert_eq!(bed.receipt(&sample).await.viewed_at.len(), usize::from(max_views));
}

async fn of_two_hundred_readers_one_gets_the_one_view(bed: &Bed) {
    for _ in 0..25 {
        readers(bed, &[&bed.store], 1).await;
    }
}

async fn of_two_hundred_readers_at_two_servers_one_gets_the_one_view(bed: &Bed) {
    let other = bed.database.connect().await;
    for _ in 0..25 {
        readers(bed, &[&bed.store, &other], 1).await;
    }
    other.close().await;
}

pub(crate) async fn of_two_hundred_readers_a_hundred_get_a_hundred_views(bed: &Bed) {
    let other = bed.database.connect().await;
    for _ in 0..3 {
        readers(bed, &[&bed.store, &other], 100).await;
    }
    other.close().await;
}

async fn of_two_hundred_readers_a_hundred_get_a_hundred_views_while_commits_are_slow(bed: &Bed) {
    let slow = bed.database.connect_slow().await;
    readers(bed, &[&slow], 100).await;
    slow.close().await;
}

/// What a reader was told, and what the sender reads, are the same story.
async fn one_has_won(
    bed: &Bed,
    sample: &Sample,
    told: &RevealOutcome,
    otherwise: SecretState,
) -> SecretState {
    let receipt = bed.receipt(sample).await;
    let views = receipt.viewed_at.len();
    if *told == sample.granted(0) {
        assert_eq!((receipt.state, views), (SecretState::Viewed, 1));
    } else {
        let gone = SecretEnd { state: otherwise, ended_at: receipt.ended_at.unwrap() };
        assert_eq!((told, receipt.state, views), (&RevealOutcome::Gone(gone), otherwise, 0));
    }
    receipt.state
}

async fn of_a_view_and_a_burn_one_wins(bed: &Bed) {
    let mut views = 0;
    for _ in 0..300 {
        let sample = bed.secret(1).await;
        let (reader, sender) = (bed.store.clone(), bed.store.clone());
        let (attempt, token) = (sample.attempt(), sample.receipt_hash());
        // One of the two has a little less of a start, or the first one called would always win.
        let pause = [random(1500), 0];
        let late = random(2) as usize;
        let [reads, burns] =
            [pause[late], pause[1 - late]].map(|micros| Duration::from_micros(micros.into()));
        let reading = tokio::spawn(async move {
            std::thread::sleep(reads);
            reader.reveal(attempt).await.unwrap()
        });
        let burning = tokio::spawn(async move {
            std::thread::sleep(burns);
            sender.burn(&token).await.unwrap().unwrap()
        });
        let (told, burned) = (reading.await.unwrap(), burning.await.unwrap());
        let state = one_has_won(bed, &sample, &told, SecretState::Burned).await;
        assert_eq!(burned.state, state);
        views += u32::from(state == SecretState::Viewed);
    }
    assert!((1..300).contains(&views), "{views} of 300 were views: no race");
}

async fn of_a_view_and_the_expiry_one_wins(bed: &Bed) {
    let mut views = 0;
    for _ in 0..300 {
        let sample = bed.secret(1).await;
        bed.expire_in(&sample, i64::from(random(25))).await;
        let (reader, sweeper, attempt) = (bed.store.clone(), bed.store.clone(), sample.attempt());
        let pause = Duration::from_micros(random(4000).into());
        let reading = tokio::spawn(async move {
            tokio::time::sleep(pause).await;
            reader.reveal(attempt).await.unwrap()
        });
        let sweeping = tokio::spawn(async move {
            for _ in 0..3 {
                sweeper.delete_expired().await.unwrap();
            }
        });
        let told = reading.await.unwrap();
        sweeping.await.unwrap();
        let state = one_has_won(bed, &sample, &told, SecretState::Expired).await;
        views += u32::from(state == SecretState::Viewed);
    }
    assert!((1..300).contains(&views), "{views} of 300 were views: no race");
}
