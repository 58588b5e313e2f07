//! A client that hangs up changes nothing but that it gets no answer.

use std::time::Duration;

use futures::future::{Either, select};
use shared_crypto::messages::SecretState;
use vault::CreateOutcome;

use crate::support::{Bed, Database as _, Postgres, Sample, eventually, inline_repoll, random};

suite! {
    a_view_is_used_and_can_be_had_again_or_it_is_not_used,
    a_secret_is_stored_or_it_is_not;
    postgres: no_connection_stays_in_a_transaction,
}

/// Makes a call, and hangs up at a random moment of the next 20 ms; whether it was answered before that.
async fn hang_up<F: Future>(call: F) -> bool {
    let patience = match random(4) {
        0 => Duration::from_millis(random(20).into()),
        _ => Duration::from_micros(random(4000).into()),
    };
    let (call, silence) = (std::pin::pin!(call), std::pin::pin!(tokio::time::sleep(patience)));
    matches!(select(call, silence).await, Either::Left(_))
}

async fn a_view_is_used_and_can_be_had_again_or_it_is_not_used(bed: &Bed) {
    let mut answered = 0;
    for _ in 0..50 {
        let samples = [bed.secret(1).await, bed.secret(1).await, bed.secret(2).await, bed.secret(2).await];
        let attempts = samples.each_ref().map(Sample::attempt);
        let answers = inline_repoll(8, |i| {
            let (store, attempt) = (bed.store.clone(), attempts[i % 4].clone());
            async move { hang_up(store.reveal(attempt)).await }
        })
        .await;
        answered += answers.into_iter().filter(|answered| *answered).count();
        for (sample, attempt) in samples.iter().zip(attempts) {
            assert_eq!(bed.reveal(attempt).await, sample.granted(sample.max_views - 1));
            assert_eq!(bed.receipt(sample).await.viewed_at.len(), 1);
        }
    }
    assert!((1..400).contains(&answered), "{answered} of 400 were answered: nobody hung up");
}

async fn a_secret_is_stored_or_it_is_not(bed: &Bed) {
    let samples: Vec<_> = (0..200).map(|_| Sample::new(1)).collect();
    for eight in samples.chunks(8) {
        inline_repoll(8, |i| {
            let (store, request) = (bed.store.clone(), eight[i].request());
            async move { hang_up(store.create(request)).await }
        })
        .await;
    }
    for sample in &samples {
        let creation = bed.store.create(sample.request_again()).await.unwrap();
        let CreateOutcome::Created { id, .. } = creation else { panic!("{creation:?}") };
        let sample = Sample { id, ..sample.clone() };
        assert_eq!(bed.reveal(sample.attempt()).await, sample.granted(0));
    }
    assert_eq!(bed.rows("receipts").await, 200);
}

async fn no_connection_stays_in_a_transaction(bed: &Bed<Postgres>) {
    for _ in 0..50 {
        let sample = bed.secret(1).await;
        inline_repoll(8, |i| {
            let (store, sample) = (bed.store.clone(), sample.clone());
            async move {
                match i {
                    0 => hang_up(store.burn(&sample.receipt_hash())).await,
                    1 => hang_up(store.create(Sample::new(1).request())).await,
                    2 => hang_up(store.delete_expired()).await,
                    _ => hang_up(store.reveal(sample.attempt())).await,
                }
            }
        })
        .await;
    }
    let busy = "SELECT count(*) FROM pg_stat_activity
                 WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'";
    // What is under way ends soon; a transaction that nobody ends would stay for 15 seconds.
    eventually(|| async { bed.database.number(busy.to_owned()).await == 0 }).await;
    // The next write survives a restart.
    let sample = bed.secret(1).await;
    bed.store.close().await;
    let restarted = bed.database.connect().await;
    let receipt = restarted.receipt(&sample.receipt_hash()).await.unwrap().unwrap();
    assert_eq!(receipt.state, SecretState::Live);
    restarted.close().await;
}
