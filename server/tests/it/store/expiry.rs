//! Expired is gone, whether the sweeper has come by or not. It does not come by here.

use shared_crypto::messages::SecretState;
use vault::{OpenOutcome, RevealOutcome, SecretEnd, SecretStore as _};

use super::traps::view_under_way;
use crate::support::{Bed, Database as _, Postgres, Sample};

suite! {
    it_is_gone_at_the_moment,
    a_reveal_that_waits_past_the_expiry_finds_it_gone,
    a_burn_that_waits_past_the_expiry_finds_it_expired,
    an_expired_secret_moves_no_counter;
    postgres: a_view_that_is_being_committed_at_the_expiry_is_not_denied,
    sweeping_reads_no_more_than_it_removes,
}

async fn gone(bed: &Bed, sample: &Sample) -> SecretEnd {
    SecretEnd { state: SecretState::Expired, ended_at: bed.receipt(sample).await.expires_at }
}

async fn it_is_gone_at_the_moment(bed: &Bed) {
    let sample = bed.secret(1).await;
    bed.expire_in(&sample, 200).await;
    assert!(matches!(
        bed.store.open(&sample.id, &sample.access_hash()).await.unwrap(),
        Some(OpenOutcome::Live { .. })
    ));
    bed.until_expired(&sample).await;
    let gone = gone(bed, &sample).await;
    assert_eq!(
        bed.store.open(&sample.id, &sample.access_hash()).await.unwrap(),
        Some(OpenOutcome::Gone(gone))
    );
    assert_eq!(bed.reveal(sample.attempt()).await, RevealOutcome::Gone(gone));
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
        assert_eq!(waiting.await.unwrap(), RevealOutcome::Gone(gone(bed, &sample).await));
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
        assert_eq!((receipt.state, receipt.ended_at), (SecretState::Expired, Some(receipt.expires_at)));
    }
}

async fn an_expired_secret_moves_no_counter(bed: &Bed) {
    let sample = bed.secret(1).await;
    bed.expire(&sample).await;
    let before = bed.receipt(&sample).await;
    for _ in 0..6 {
        assert!(matches!(bed.reveal(sample.wrong()).await, RevealOutcome::Gone(_)));
    }
    assert_eq!(bed.receipt(&sample).await, before);
    assert_eq!(bed.count("bad_tries", &sample).await, 0);
}

async fn a_view_that_is_being_committed_at_the_expiry_is_not_denied(bed: &Bed<Postgres>) {
    for commits in [true, false] {
        let sample = bed.secret(2).await;
        let attempt = sample.attempt();
        bed.expire_in(&sample, 300).await;
        let view = view_under_way(&bed.database.raw, &sample, &attempt).await;
        bed.until_expired(&sample).await;
        let retry = tokio::spawn({
            let store = bed.store.clone();
            async move { store.reveal(attempt).await.unwrap() }
        });
        bed.database.until_waiting(1).await;
        if commits {
            view.commit().await.unwrap();
            assert_eq!(retry.await.unwrap(), sample.granted(1));
        } else {
            view.rollback().await.unwrap();
            assert_eq!(retry.await.unwrap(), RevealOutcome::Gone(gone(bed, &sample).await));
        }
    }
}

async fn sweeping_reads_no_more_than_it_removes(bed: &Bed<Postgres>) {
    bed.change(
        "WITH x AS MATERIALIZED (
           SELECT substring(sha256(int4send(n)) for 12) AS id, sha256(int4send(n)) AS b, now() + interval '1 hour' AS t
             FROM generate_series(1, 50000) n
         ), y AS (
           INSERT INTO receipts (id, access_hash, receipt_hash, request_hash, max_views, created_at, expires_at)
           SELECT id, b, b, b, 1, now(), t FROM x
         )
         INSERT INTO secrets (id, access_hash, reveal_hash, share, envelope, views_left, expires_at)
         SELECT id, b, b, b, b, 1, t FROM x"
            .to_owned(),
    )
    .await;
    let expired = bed.secret(1).await;
    bed.expire(&expired).await;
    bed.change("ANALYZE secrets, receipts".to_owned()).await;
    let read = "SELECT (SELECT sum(idx_tup_read) FROM pg_stat_user_indexes) + (SELECT sum(seq_tup_read) FROM pg_stat_user_tables)";
    let read = || bed.database.number(format!("SELECT ({read})::bigint"));
    let before = read().await;
    let store = bed.database.store().await;
    store.delete_expired().await.unwrap();
    // Each connection counts what it did, and tells so when it ends.
    store.close().await;
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    let after = read().await;
    assert!(!bed.holds(&expired).await);
    assert!(after - before < 100, "{} rows were read", after - before);
}
