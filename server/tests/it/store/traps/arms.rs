//! Counting down and deleting in one statement.

use crate::support::{Bed, Database as _, Postgres};

use super::{naive, view_under_way};

suite! {
    postgres: two_arms_refuse_a_reader_who_waited,
    changing_and_deleting_a_row_in_one_statement_leaves_it,
}

/// The arm was chosen by the row as it was before the wait: neither fits the row as it is.
async fn two_arms_refuse_a_reader_who_waited(bed: &Bed<Postgres>) {
    let two_arms = "WITH d AS (DELETE FROM secrets WHERE id = $1 AND views_left = 1 RETURNING share),
                         u AS (UPDATE secrets SET views_left = views_left - 1
                                WHERE id = $1 AND views_left > 1 AND $2 <> '' RETURNING share)
                    SELECT share FROM d UNION ALL SELECT share FROM u";
    let sample = bed.secret(2).await;
    let first = view_under_way(&bed.database.raw, &sample, &sample.attempt()).await;
    let raw = bed.database.raw.clone();
    let waiting = tokio::spawn(naive(raw, two_arms, sample.clone(), sample.attempt()));
    bed.database.until_waiting(1).await;
    first.commit().await.unwrap();
    assert_eq!(waiting.await.unwrap(), 0, "one view was left, and is refused");

    let sample = bed.secret(2).await;
    let first = view_under_way(&bed.database.raw, &sample, &sample.attempt()).await;
    let (store, attempt) = (bed.store.clone(), sample.attempt());
    let waiting = tokio::spawn(async move { store.reveal(attempt).await.unwrap() });
    bed.database.until_waiting(1).await;
    first.commit().await.unwrap();
    assert_eq!(waiting.await.unwrap(), sample.granted(0));
}

async fn changing_and_deleting_a_row_in_one_statement_leaves_it(bed: &Bed<Postgres>) {
    let sample = bed.secret(1).await;
    let mut tx = bed.database.raw.begin().await.unwrap();
    sqlx::query(
        "WITH u AS (UPDATE secrets SET bad_tries = 0 WHERE id = $1 RETURNING id, views_left)
         DELETE FROM secrets s USING u WHERE s.id = u.id AND u.views_left = 1",
    )
    .bind(sample.id.as_bytes().as_slice())
    .execute(&mut *tx)
    .await
    .unwrap();
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM secrets").fetch_one(&mut *tx).await.unwrap();
    tx.rollback().await.unwrap();
    assert_eq!(left, 1, "the last view leaves the ciphertext");

    assert_eq!(bed.reveal(sample.attempt()).await, sample.granted(0));
    assert!(!bed.holds(&sample).await);
}
