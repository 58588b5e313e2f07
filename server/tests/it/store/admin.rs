//! What operators ask for.

use chrono::TimeDelta;
use futures::future::join_all;
use shared_crypto::messages::SecretState;
use vault::RevealOutcome;

use crate::support::{Bed, Sample, eventually};

suite! {
    what_is_stored_is_counted,
    receipts_and_claims_of_ended_secrets_count_as_stored,
    a_purge_deletes_what_was_created_before_a_moment_and_nothing_else,
    a_purge_says_what_had_ended_before_it,
    an_operator_burns_by_the_id,
    the_database_says_what_it_is,
}

async fn what_is_stored_is_counted(bed: &Bed) {
    let before = bed.store.stats().await.unwrap();
    assert_eq!((before.secrets, before.sweep_lag_seconds), (0, 0));
    let first = bed.secret(1).await;
    bed.secret(3).await;
    let stats = bed.store.stats().await.unwrap();
    assert_eq!((stats.secrets, stats.sweep_lag_seconds), (2, 0));
    assert!(stats.bytes > before.bytes, "{stats:?}");
    // What has expired counts until it is swept, and for how long it has been waiting.
    bed.expire_in(&first, -90_000).await;
    let stats = bed.store.stats().await.unwrap();
    assert_eq!(stats.secrets, 2);
    assert!((89..=92).contains(&stats.sweep_lag_seconds), "{stats:?}");
    bed.delete_expired().await;
    let stats = bed.store.stats().await.unwrap();
    assert_eq!((stats.secrets, stats.sweep_lag_seconds), (1, 0));
}

async fn receipts_and_claims_of_ended_secrets_count_as_stored(bed: &Bed) {
    let bytes = || async { bed.store.stats().await.unwrap().bytes };
    let before = bytes().await;
    for sample in join_all((0..200).map(|_| bed.secret(1))).await {
        bed.burn(&sample).await;
    }
    let burned = bytes().await;
    // A receipt is about 300 bytes in SQLite, and 400 in PostgreSQL.
    assert!((200 * 250..200 * 1500).contains(&(burned - before)), "{before} {burned}");
    for sample in join_all((0..200).map(|_| bed.secret(1))).await {
        bed.reveal(sample.attempt()).await;
    }
    let viewed = bytes().await;
    assert!(viewed - burned > 200 * 300, "the claims count too: {burned} {viewed}");
    assert_eq!(bed.store.stats().await.unwrap().secrets, 0);
    bed.change(format!("UPDATE receipts SET expires_at = {}", bed.database.moment(-8 * 86_400_000))).await;
    bed.expire_claims().await;
    bed.delete_expired().await;
    assert!(bytes().await < before + 200 * 250, "what is swept does not count");
}

async fn a_purge_deletes_what_was_created_before_a_moment_and_nothing_else(bed: &Bed) {
    let (old, new) = (bed.secret(2).await, bed.secret(2).await);
    let granted = old.attempt();
    assert_eq!(bed.reveal(granted.clone()).await, old.granted(1));
    let created_at = bed.receipt(&new).await.created_at;
    bed.change(format!(
        "UPDATE receipts SET created_at = {} WHERE id = {}",
        bed.database.moment(-60_000),
        bed.id(&old)
    ))
    .await;

    assert_eq!(bed.store.purge(created_at - TimeDelta::minutes(5)).await.unwrap(), 0);
    assert_eq!(bed.store.purge(created_at - TimeDelta::seconds(1)).await.unwrap(), 1);
    assert_eq!(bed.store.purge(created_at - TimeDelta::seconds(1)).await.unwrap(), 0);
    assert!(!bed.holds(&old).await && bed.holds(&new).await);
    // Its share is nowhere any more: the claim went too.
    assert_eq!(bed.rows("claims").await, 0);
    assert!(
        matches!(bed.reveal(granted).await, RevealOutcome::Gone(ended) if ended.state == SecretState::Burned)
    );
    assert_eq!(bed.receipt(&old).await.state, SecretState::Burned);
    assert_eq!(bed.receipt(&new).await.state, SecretState::Live);
    assert_eq!(bed.reveal(new.attempt()).await, new.granted(1));
}

async fn a_purge_says_what_had_ended_before_it(bed: &Bed) {
    let samples: Vec<Sample> = vec![bed.secret(1).await, bed.secret(1).await, bed.secret(1).await];
    bed.reveal(samples[0].attempt()).await;
    bed.burn(&samples[1]).await;
    bed.expire(&samples[2]).await;
    let now = bed.receipt(&samples[0]).await.ended_at.unwrap();
    bed.store.purge(now + TimeDelta::days(1)).await.unwrap();
    assert_eq!(bed.rows("secrets").await, 0);
    let mut states = Vec::new();
    for sample in &samples {
        states.push(bed.receipt(sample).await.state);
    }
    assert_eq!(states, [SecretState::Viewed, SecretState::Burned, SecretState::Expired]);
}

async fn an_operator_burns_by_the_id(bed: &Bed) {
    let secret = bed.secret(5).await;
    let burned = bed.store.burn_by_id(&secret.id).await.unwrap().unwrap();
    assert_eq!(burned.state, SecretState::Burned);
    assert!(!bed.holds(&secret).await);
    assert_eq!(bed.store.burn_by_id(&secret.id).await.unwrap(), Some(burned));
    assert_eq!(bed.store.burn_by_id(&Sample::new(1).id).await.unwrap(), None);
}

async fn the_database_says_what_it_is(bed: &Bed) {
    let about = bed.store.database_info().await.unwrap();
    let (name, version) = about.version.split_once(' ').unwrap();
    assert!(matches!(name, "PostgreSQL" | "SQLite") && version.starts_with(|c: char| c.is_ascii_digit()));
    let secret = bed.secret(1).await;
    let apart = bed.receipt(&secret).await.created_at - about.now;
    assert!(apart.abs() < TimeDelta::seconds(5), "{apart}");
    // They come back to the pool when nothing is asked for.
    eventually(|| async { matches!(bed.store.connections(), (0, 1..)) }).await;
}
