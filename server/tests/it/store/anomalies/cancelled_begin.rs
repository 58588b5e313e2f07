//! A `begin()` whose future is dropped.

use std::time::Duration;

use futures::FutureExt as _;
use shared_crypto::sha256;
use sqlx::postgres::PgPoolOptions;

use crate::support::{Database as _, Postgres, TestSecret, TestStore, eventually};

suite! { postgres: cancelled_begin_leaves_its_connection_in_a_transaction }

/// Counts the connections with this application name that stay idle in a transaction.
async fn count_idle_in_transaction(test: &TestStore<Postgres>, name: &str) -> i64 {
    let count = format!(
        "SELECT count(*) FROM pg_stat_activity
          WHERE datname = current_database() AND application_name = '{name}' AND state LIKE 'idle in transaction%'
            AND state_change < clock_timestamp() - interval '100 milliseconds'"
    );
    tokio::time::sleep(Duration::from_millis(200)).await;
    test.database.query_number(count).await
}

async fn cancelled_begin_leaves_its_connection_in_a_transaction(test: &TestStore<Postgres>) {
    let options = test.database.options.clone().application_name("naive");
    let naive = PgPoolOptions::new().max_connections(1).test_before_acquire(false);
    let naive = naive.connect_with(options).await.unwrap();
    assert!(naive.begin().now_or_never().is_none(), "BEGIN must be sent and its response not awaited");
    assert_eq!(count_idle_in_transaction(test, "naive").await, 1);
    let hash = test.database.sql_bytes(&sha256(&[b"written"]));
    let insert = format!("INSERT INTO claims VALUES ({hash}, '', 0, clock_timestamp())");
    sqlx::query(sqlx::AssertSqlSafe(insert)).execute(&naive).await.unwrap();
    naive.close().await;
    assert_eq!(test.rows("claims").await, 0, "the successful write must be lost");

    let secret = test.secret(3).await;
    for _ in 0..100 {
        assert!(test.store.reveal(secret.attempt_without_link()).now_or_never().is_none());
        assert!(test.store.reveal(secret.attempt()).now_or_never().is_none());
        assert!(test.store.create(TestSecret::new(1).create_request()).now_or_never().is_none());
    }
    eventually(|| async { test.rows("receipts").await == 101 && test.rows("claims").await == 3 }).await;
    assert_eq!(count_idle_in_transaction(test, "").await, 0);
    test.store.close().await;
    assert_eq!((test.rows("receipts").await, test.rows("claims").await), (101, 3));
}
