//! Callers that come together go into the database together, and each is told its own.

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use shared_crypto::messages::SecretState;
use vault::{CreateOutcome, NewSecret, RevealOutcome, SecretStore as _, StoreError};

use crate::support::{Bed, Line, Postgres, Proxy, Sample, eventually, inline_repoll};

suite! {
    creates_that_come_together_are_each_answered_for_themselves,
    reveals_that_come_together_are_each_answered_for_themselves,
    one_bad_create_in_a_group_harms_no_other,
    callers_who_hang_up_are_carried_all_the_same;
    postgres: a_locked_secret_makes_nobody_else_wait,
    where_the_confirmation_is_lost_nobody_is_counted_twice,
    where_the_confirmation_of_last_views_is_lost_their_claims_get_them,
    the_plain_case_is_no_way_around_what_is_decided,
    a_claim_that_is_over_does_not_stand_in_the_way
}

async fn creates_that_come_together_are_each_answered_for_themselves(bed: &Bed) {
    let known = bed.secret(1).await;
    let full = |sample: &Sample| NewSecret { has_capacity: false, ..sample.request() };
    let mut requests = Vec::new();
    for number in 0..120 {
        let sample = Sample::new(3);
        let request = match number % 6 {
            // A request that was here before, one with its hash, one without room, and one that comes twice.
            0 => (known.request_again(), Some(known.id.clone()), true),
            1 => (NewSecret { access_hash: known.access_hash(), ..sample.request() }, None, true),
            2 => (full(&sample), None, false),
            3 => {
                requests.push((sample.request(), None, true));
                (sample.request_again(), None, true)
            }
            _ => (sample.request(), Some(sample.id.clone()), true),
        };
        requests.push(request);
    }
    let answers = inline_repoll(requests.len(), |i| {
        let (store, request) = (Arc::clone(&bed.store), requests[i].0.clone());
        async move { store.create(request).await.unwrap() }
    })
    .await;
    for (index, ((request, expected, has_capacity), answer)) in requests.iter().zip(&answers).enumerate() {
        match answer {
            CreateOutcome::Created { id, .. } => {
                // Twins have one id between them.
                let same = requests.iter().zip(&answers).filter(|((other, ..), answer)| {
                    other.request_hash == request.request_hash
                        && matches!(answer, CreateOutcome::Created { id: theirs, .. } if theirs == id)
                });
                let twins = if expected.is_some() { same.count().min(1) } else { same.count() - 1 };
                assert_eq!(twins, 1, "{index}");
                assert!(expected.as_ref().is_none_or(|expected| expected == id), "{index}");
            }
            CreateOutcome::Conflict => assert_eq!(request.access_hash, known.access_hash(), "{index}"),
            CreateOutcome::StorageFull => assert!(!has_capacity, "{index}"),
        }
    }
    // 40 of the last two kinds, 20 twins, and the first of all.
    assert_eq!(bed.rows("secrets").await, 61);
    assert_eq!(bed.rows("receipts").await, 61);
}

async fn reveals_that_come_together_are_each_answered_for_themselves(bed: &Bed) {
    let mut samples = Vec::new();
    for views in [1, 2, 1, 1, 1] {
        for _ in 0..30 {
            samples.push(bed.secret(views).await);
        }
    }
    for burned in &samples[90..120] {
        bed.burn(burned).await;
    }
    let outcomes = inline_repoll(samples.len(), |i| {
        let (store, sample) = (Arc::clone(&bed.store), samples[i].clone());
        let attempt = match i / 30 {
            2 => sample.wrong(),
            4 => sample.stranger(),
            _ => sample.attempt(),
        };
        async move { store.reveal(attempt).await.unwrap() }
    })
    .await;
    for (i, (sample, outcome)) in samples.iter().zip(outcomes).enumerate() {
        match i / 30 {
            0 => assert_eq!(outcome, sample.granted(0)),
            1 => assert_eq!(outcome, sample.granted(1)),
            2 => assert_eq!(outcome, RevealOutcome::WrongPassphrase { tries_left: 4, wait: None }),
            3 => assert!(matches!(outcome, RevealOutcome::Gone(ended) if ended.state == SecretState::Burned)),
            _ => assert_eq!(outcome, RevealOutcome::NotFound),
        }
        let receipt = bed.receipt(sample).await;
        assert_eq!(receipt.viewed_at.len(), usize::from(i < 60), "{i}");
        assert_eq!(receipt.wrong_passphrases, u32::from(i / 30 == 2), "{i}");
    }
}

async fn one_bad_create_in_a_group_harms_no_other(bed: &Bed) {
    let answers = inline_repoll(40, |i| {
        let store = Arc::clone(&bed.store);
        // No views: the rules refuse it, and so does the table, together with all that stand in one statement.
        let request = Sample::new(u8::from(i % 10 != 5)).request();
        async move { store.create(request).await }
    })
    .await;
    for (i, answer) in answers.into_iter().enumerate() {
        assert_eq!(matches!(answer, Ok(CreateOutcome::Created { .. })), i % 10 != 5, "{i} {answer:?}");
    }
    assert_eq!(bed.rows("secrets").await, 36);
}

async fn callers_who_hang_up_are_carried_all_the_same(bed: &Bed) {
    let samples = join_all((0..40).map(|_| bed.secret(1))).await;
    for sample in &samples {
        let (store, attempt) = (Arc::clone(&bed.store), sample.attempt());
        let asking = tokio::spawn(async move { store.reveal(attempt).await });
        tokio::time::sleep(Duration::from_micros(u64::from(crate::support::random(3000)))).await;
        asking.abort();
    }
    for sample in &samples {
        // Untouched, or released to a caller that is gone: nothing in between, once what is under way has ended.
        eventually(|| async {
            let receipt = bed.receipt(sample).await;
            bed.holds(sample).await == receipt.viewed_at.is_empty()
        })
        .await;
    }
    // And the next one is served.
    let next = bed.secret(1).await;
    assert_eq!(bed.reveal(next.attempt()).await, next.granted(0));
}

async fn a_locked_secret_makes_nobody_else_wait(bed: &Bed<Postgres>) {
    let locked = bed.secret(1).await;
    let others = join_all((0..20).map(|_| bed.secret(1))).await;
    let mut tx = bed.database.raw.begin().await.unwrap();
    sqlx::query("SELECT FROM secrets WHERE id = $1 FOR UPDATE")
        .bind(locked.id.as_bytes().as_slice())
        .execute(&mut *tx)
        .await
        .unwrap();

    let waiting = {
        let (store, attempt) = (Arc::clone(&bed.store), locked.attempt());
        tokio::spawn(async move { store.reveal(attempt).await.unwrap() })
    };
    // Who waits for the lock, which is held all the time, gets an error in the end.
    let outcomes = join_all(others.iter().map(|other| bed.reveal(other.attempt()))).await;
    for (other, outcome) in others.iter().zip(outcomes) {
        assert_eq!(outcome, other.granted(0));
    }
    assert!(!waiting.is_finished());
    tx.rollback().await.unwrap();
    assert_eq!(waiting.await.unwrap(), locked.granted(0));
}

async fn where_the_confirmation_is_lost_nobody_is_counted_twice(bed: &Bed<Postgres>) {
    // What writes down what was decided: the plain case comes before it, and changes nothing here.
    let proxy = Proxy::before_some(&bed.database, "array_fill").await;
    let store = Arc::new(proxy.store(&bed.database).await);
    let samples = join_all((0..40).map(|_| bed.secret(2))).await;
    for (cut, reached) in [(Line::CutBeforeCommit, 0), (Line::CutAfterCommit, 1)] {
        proxy.set(cut);
        let outcomes = inline_repoll(samples.len(), |i| {
            let (store, guess) = (Arc::clone(&store), samples[i].wrong());
            async move { store.reveal(guess).await }
        })
        .await;
        for outcome in outcomes {
            assert!(matches!(outcome, Err(StoreError::Unavailable(_))), "{outcome:?}");
        }
        // Long enough for whatever is still under way in the database, and for another try, if there were one.
        tokio::time::sleep(Duration::from_millis(1500)).await;
        for sample in &samples {
            assert_eq!(bed.receipt(sample).await.wrong_passphrases, reached, "{cut:?}");
        }
    }
    proxy.set(Line::Open);
    for sample in &samples {
        assert_eq!(store.reveal(sample.attempt()).await.unwrap(), sample.granted(1));
    }
    store.close().await;
}

async fn where_the_confirmation_of_last_views_is_lost_their_claims_get_them(bed: &Bed<Postgres>) {
    let proxy = Proxy::before(&bed.database).await;
    let store = Arc::new(proxy.store(&bed.database).await);
    let samples = join_all((0..40).map(|_| bed.secret(1))).await;
    let attempts: Vec<_> = samples.iter().map(Sample::attempt).collect();
    for cut in [Line::CutBeforeCommit, Line::CutAfterCommit, Line::Open] {
        proxy.set(cut);
        let outcomes = inline_repoll(samples.len(), |i| {
            let (store, attempt) = (Arc::clone(&store), attempts[i].clone());
            async move { store.reveal(attempt).await }
        })
        .await;
        for (outcome, sample) in outcomes.into_iter().zip(&samples) {
            match outcome {
                Ok(outcome) => assert_eq!(outcome, sample.granted(0), "{cut:?}"),
                Err(error) => assert!(cut != Line::Open, "{error}"),
            }
        }
    }
    for sample in &samples {
        assert_eq!(bed.receipt(sample).await.viewed_at.len(), 1);
    }
    store.close().await;
}

/// A lock holds for all who come together, and nobody gets a view for another's proof.
async fn the_plain_case_is_no_way_around_what_is_decided(bed: &Bed<Postgres>) {
    for tried in 0..8 {
        let (sample, other) = (bed.secret(1).await, bed.secret(1).await);
        for _ in 0..tried {
            bed.reveal(sample.wrong()).await;
        }
        let (right, again) = (sample.attempt(), other.attempt());
        let attempts = [
            sample.wrong(),
            right.clone(),
            right.clone(),
            sample.stranger(),
            other.stranger(),
            again.clone(),
            other.attempt(),
            other.wrong(),
            again,
        ];
        let outcomes = inline_repoll(attempts.len(), |i| {
            let (store, attempt) = (Arc::clone(&bed.store), attempts[i].clone());
            async move { store.reveal(attempt).await.unwrap() }
        })
        .await;
        let receipt = bed.receipt(&sample).await;
        let granted =
            outcomes[..3].iter().filter(|outcome| matches!(outcome, RevealOutcome::Granted { .. })).count();
        // One claim twice is one view. After four wrong ones the fifth locks, unless the right one was quicker.
        let allowed: &[usize] = match tried {
            0..4 => &[2],
            4 => &[0, 2],
            _ => &[0],
        };
        assert!(allowed.contains(&granted), "{tried} {outcomes:?}");
        assert_eq!(receipt.viewed_at.len(), usize::from(granted > 0), "{tried} {outcomes:?}");
        assert!(matches!(outcomes[3..5], [RevealOutcome::NotFound, RevealOutcome::NotFound]));
        let views = bed.receipt(&other).await.viewed_at.len();
        assert_eq!(views, 1, "{outcomes:?}");
        if granted == 0 {
            bed.unlock(&sample).await;
            assert_eq!(bed.reveal(sample.attempt()).await, sample.granted(0));
        }
    }
}

async fn a_claim_that_is_over_does_not_stand_in_the_way(bed: &Bed<Postgres>) {
    let sample = bed.secret(2).await;
    let attempt = sample.attempt();
    assert_eq!(bed.reveal(attempt.clone()).await, sample.granted(1));
    bed.expire_claims().await;
    // It is not swept yet, and this is another view: the last one.
    assert_eq!(bed.reveal(attempt.clone()).await, sample.granted(0));
    assert_eq!(bed.reveal(attempt).await, sample.granted(0));
    assert_eq!(bed.receipt(&sample).await.viewed_at.len(), 2);
}
