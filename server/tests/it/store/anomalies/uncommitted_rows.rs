//! Rows that a statement returns before its commit.

use futures::StreamExt as _;
use sqlx::ConnectOptions as _;
use vault::StoreError;

use crate::support::{Database as _, Postgres, Sqlite, TestStore};

suite! { postgres: streamed_row_arrives_before_the_failing_commit }
suite! { sqlite: fetched_row_arrives_before_the_failing_commit }

async fn streamed_row_arrives_before_the_failing_commit(test: &TestStore<Postgres>) {
    let secret = test.secret(1).await;
    let broken = test.database.connect_with_failing_commits().await;
    {
        let naive = "UPDATE receipts SET wrong_passphrases = 9 WHERE id = $1 RETURNING id";
        let mut rows = sqlx::query(naive).bind(secret.id.as_bytes().as_slice()).fetch(&test.database.pool);
        assert!(rows.next().await.unwrap().is_ok(), "the row must arrive");
        assert!(rows.next().await.unwrap().is_err(), "the commit must fail");
    }
    assert_eq!(test.receipt(&secret).await.wrong_passphrases, 0);

    assert!(matches!(broken.reveal(secret.attempt()).await, Err(StoreError::Unavailable(_))));
    assert!(test.holds(&secret).await);
    broken.close().await;
}

async fn fetched_row_arrives_before_the_failing_commit(test: &TestStore<Sqlite>) {
    let secret = test.secret(2).await;
    let mut connection = test.database.options().connect().await.unwrap();
    connection.lock_handle().await.unwrap().set_commit_hook(|| false);
    let naive = "UPDATE secrets SET views_left = views_left - 1 WHERE id = ? RETURNING share";
    let row = sqlx::query(naive).bind(secret.id.as_bytes().as_slice()).fetch_one(&mut connection).await;
    assert!(row.is_ok(), "the share must arrive");
    assert_eq!(test.count("views_left", &secret).await, 2, "the view must not be used");

    let broken = test.database.connect_with_failing_commits().await;
    assert!(matches!(broken.reveal(secret.attempt()).await, Err(StoreError::Unavailable(_))));
    assert_eq!(test.count("views_left", &secret).await, 2);
    broken.close().await;
}
