//! An answer that comes before its commit.

use futures::StreamExt as _;
use sqlx::ConnectOptions as _;
use vault::StoreError;

use crate::support::{Bed, Database as _, Postgres, Sqlite};

suite! { postgres: a_row_of_a_stream_comes_before_the_commit_that_fails }
suite! { sqlite: a_row_that_is_fetched_comes_before_the_commit_that_fails }

async fn a_row_of_a_stream_comes_before_the_commit_that_fails(bed: &Bed<Postgres>) {
    let sample = bed.secret(1).await;
    let broken = bed.database.connect_broken().await;
    {
        let naive = "UPDATE receipts SET wrong_passphrases = 9 WHERE id = $1 RETURNING id";
        let mut rows = sqlx::query(naive).bind(sample.id.as_bytes().as_slice()).fetch(&bed.database.raw);
        assert!(rows.next().await.unwrap().is_ok(), "what would be released is here");
        assert!(rows.next().await.unwrap().is_err(), "and was never committed");
    }
    assert_eq!(bed.receipt(&sample).await.wrong_passphrases, 0);

    assert!(matches!(broken.reveal(sample.attempt()).await, Err(StoreError::Unavailable(_))));
    assert!(bed.holds(&sample).await);
    broken.close().await;
}

async fn a_row_that_is_fetched_comes_before_the_commit_that_fails(bed: &Bed<Sqlite>) {
    let sample = bed.secret(2).await;
    let mut connection = bed.database.options().connect().await.unwrap();
    connection.lock_handle().await.unwrap().set_commit_hook(|| false);
    let naive = "UPDATE secrets SET views_left = views_left - 1 WHERE id = ? RETURNING share";
    let row = sqlx::query(naive).bind(sample.id.as_bytes().as_slice()).fetch_one(&mut connection).await;
    assert!(row.is_ok(), "the share is here");
    assert_eq!(bed.count("views_left", &sample).await, 2, "and the view was never used");

    let broken = bed.database.connect_broken().await;
    assert!(matches!(broken.reveal(sample.attempt()).await, Err(StoreError::Unavailable(_))));
    assert_eq!(bed.count("views_left", &sample).await, 2);
    broken.close().await;
}
