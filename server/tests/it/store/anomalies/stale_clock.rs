//! A clock that is read before the wait for a lock.

use chrono::{DateTime, Utc};
use shared_crypto::messages::SecretState;
use vault::{RevealOutcome, SecretEnd};

use crate::support::{Database, Postgres, RowLock, Sqlite, TestSecret, TestStore};

use super::run_naive;

suite! { postgres: clock_read_in_the_waiting_statement_grants_an_expired_secret }
suite! { sqlite: clock_bound_before_the_lock_grants_an_expired_secret }

/// Returns the outcome for a secret that expired at this time.
fn expired(ended_at: DateTime<Utc>) -> RevealOutcome {
    RevealOutcome::Gone(SecretEnd { state: SecretState::Expired, ended_at })
}

/// Lets the naive statement and the store wait for a lock until after the expiry, and asserts that only the naive
/// statement releases the share.
async fn assert_only_naive_grants<D: Database + ?Sized>(
    test: &TestStore<D>,
    secret: &TestSecret,
    lock: RowLock,
    naive: impl Future<Output = usize> + Send + 'static,
) {
    let naive = tokio::spawn(naive);
    let (store, attempt) = (test.store.clone(), secret.attempt());
    let outcome = tokio::spawn(async move { store.reveal(attempt).await.unwrap() });
    test.database.wait_until_blocked(2).await;
    test.wait_until_expired(secret).await;
    lock.roll_back().await;
    assert_eq!(naive.await.unwrap(), 1, "the naive statement must grant the expired secret");
    assert_eq!(outcome.await.unwrap(), expired(test.receipt(secret).await.expires_at));
}

/// PostgreSQL evaluates the condition again after the wait only if the row has changed.
async fn clock_read_in_the_waiting_statement_grants_an_expired_secret(test: &TestStore<Postgres>) {
    let statement = "UPDATE secrets SET views_left = views_left - 1
                      WHERE id = $1 AND expires_at > clock_timestamp() AND $2 <> '' RETURNING share";
    let secret = test.secret(2).await;
    test.expire_in(&secret, 500).await;
    let lock = test.database.lock(&secret.id).await;
    let naive = run_naive(test.database.pool.clone(), statement, secret.clone(), secret.attempt());
    assert_only_naive_grants(test, &secret, lock, naive).await;
}

async fn clock_bound_before_the_lock_grants_an_expired_secret(test: &TestStore<Sqlite>) {
    let secret = test.secret(2).await;
    test.expire_in(&secret, 500).await;
    let lock = test.database.lock(&secret.id).await;
    let bound = test.database.query_number(format!("SELECT {}", test.database.sql_time(0))).await;
    let (pool, id) = (test.database.pool.clone(), secret.id.clone());
    let naive = async move {
        let mut tx = pool.begin_with("BEGIN IMMEDIATE").await.unwrap();
        let statement =
            "UPDATE secrets SET views_left = views_left - 1 WHERE id = ? AND expires_at > ? RETURNING share";
        let id = id.as_bytes().as_slice();
        let released = sqlx::query(statement).bind(id).bind(bound).fetch_all(&mut *tx).await.unwrap();
        tx.rollback().await.unwrap();
        released.len()
    };
    assert_only_naive_grants(test, &secret, lock, naive).await;
}
