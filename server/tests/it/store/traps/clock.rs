//! A clock that is read before the wait.

use chrono::{DateTime, Utc};
use shared_crypto::messages::SecretState;
use vault::{RevealOutcome, SecretEnd};

use crate::support::{Bed, Database as _, Postgres, Sqlite};

use super::naive;

suite! { postgres: a_clock_in_the_statement_that_waits_grants_an_expired_secret }
suite! { sqlite: a_clock_that_is_bound_before_the_lock_grants_an_expired_secret }

fn expired(ended_at: DateTime<Utc>) -> RevealOutcome {
    RevealOutcome::Gone(SecretEnd { state: SecretState::Expired, ended_at })
}

/// PostgreSQL looks at the condition again only if the row has changed.
async fn a_clock_in_the_statement_that_waits_grants_an_expired_secret(bed: &Bed<Postgres>) {
    let in_the_statement = "UPDATE secrets SET views_left = views_left - 1
                             WHERE id = $1 AND expires_at > clock_timestamp() AND $2 <> '' RETURNING share";
    let sample = bed.secret(2).await;
    bed.expire_in(&sample, 500).await;
    let lock = bed.database.lock(&sample.id).await;
    let raw = bed.database.raw.clone();
    let granted = tokio::spawn(naive(raw, in_the_statement, sample.clone(), sample.attempt()));
    let (store, attempt) = (bed.store.clone(), sample.attempt());
    let decided = tokio::spawn(async move { store.reveal(attempt).await.unwrap() });
    bed.database.until_waiting(2).await;
    bed.until_expired(&sample).await;
    lock.roll_back().await;
    assert_eq!(granted.await.unwrap(), 1, "an expired secret is granted");
    assert_eq!(decided.await.unwrap(), expired(bed.receipt(&sample).await.expires_at));
}

async fn a_clock_that_is_bound_before_the_lock_grants_an_expired_secret(bed: &Bed<Sqlite>) {
    let sample = bed.secret(2).await;
    bed.expire_in(&sample, 500).await;
    let lock = bed.database.lock(&sample.id).await;
    let bound = bed.database.number(format!("SELECT {}", bed.database.moment(0))).await;
    let (raw, id) = (bed.database.raw.clone(), sample.id.clone());
    let granted = tokio::spawn(async move {
        let mut tx = raw.begin_with("BEGIN IMMEDIATE").await.unwrap();
        let statement =
            "UPDATE secrets SET views_left = views_left - 1 WHERE id = ? AND expires_at > ? RETURNING share";
        let id = id.as_bytes().as_slice();
        let released = sqlx::query(statement).bind(id).bind(bound).fetch_all(&mut *tx).await.unwrap();
        tx.rollback().await.unwrap();
        released.len()
    });
    let (store, attempt) = (bed.store.clone(), sample.attempt());
    let decided = tokio::spawn(async move { store.reveal(attempt).await.unwrap() });
    bed.database.until_waiting(2).await;
    bed.until_expired(&sample).await;
    lock.roll_back().await;
    assert_eq!(granted.await.unwrap(), 1, "an expired secret is granted");
    assert_eq!(decided.await.unwrap(), expired(bed.receipt(&sample).await.expires_at));
}
