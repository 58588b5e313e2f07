//! A `begin()` that is cancelled.

use std::time::Duration;

use futures::FutureExt as _;
use shared_crypto::sha256;
use sqlx::postgres::PgPoolOptions;

use crate::support::{Bed, Database as _, Postgres, Sample, eventually};

suite! { postgres: a_cancelled_begin_leaves_its_connection_in_a_transaction }

/// How many connections of this name are in a transaction, and stay there.
async fn in_transaction(bed: &Bed<Postgres>, name: &str) -> i64 {
    let count = format!(
        "SELECT count(*) FROM pg_stat_activity
          WHERE datname = current_database() AND application_name = '{name}' AND state LIKE 'idle in transaction%'
            AND state_change < clock_timestamp() - interval '100 milliseconds'"
    );
    tokio::time::sleep(Duration::from_millis(200)).await;
    bed.database.number(count).await
}

async fn a_cancelled_begin_leaves_its_connection_in_a_transaction(bed: &Bed<Postgres>) {
    let options = bed.database.options.clone().application_name("naive");
    let naive = PgPoolOptions::new().max_connections(1).test_before_acquire(false);
    let naive = naive.connect_with(options).await.unwrap();
    assert!(naive.begin().now_or_never().is_none(), "BEGIN is sent, and nobody waits for its answer");
    assert_eq!(in_transaction(bed, "naive").await, 1);
    let hash = bed.database.bytes(&sha256(&[b"written"]));
    let insert = format!("INSERT INTO claims VALUES ({hash}, '', 0, clock_timestamp())");
    sqlx::query(sqlx::AssertSqlSafe(insert)).execute(&naive).await.unwrap();
    naive.close().await;
    assert_eq!(bed.rows("claims").await, 0, "what was written with success is gone");

    let sample = bed.secret(3).await;
    for _ in 0..100 {
        assert!(bed.store.reveal(sample.stranger()).now_or_never().is_none());
        assert!(bed.store.reveal(sample.attempt()).now_or_never().is_none());
        assert!(bed.store.create(Sample::new(1).request()).now_or_never().is_none());
    }
    eventually(|| async { bed.rows("receipts").await == 101 && bed.rows("claims").await == 3 }).await;
    assert_eq!(in_transaction(bed, "").await, 0);
    bed.store.close().await;
    assert_eq!((bed.rows("receipts").await, bed.rows("claims").await), (101, 3));
}
