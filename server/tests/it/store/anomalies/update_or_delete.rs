//! One statement that counts down a view or deletes the row.

use crate::support::{Database as _, Postgres, TestStore};

use super::{run_naive, uncommitted_view};

suite! {
    postgres: delete_or_update_statement_refuses_a_reader_that_waited,
    updating_and_deleting_a_row_in_one_statement_leaves_it,
}

/// The conditions of both branches use the row as it was before the wait, so that neither matches the row afterwards.
async fn delete_or_update_statement_refuses_a_reader_that_waited(test: &TestStore<Postgres>) {
    let two_branches = "WITH d AS (DELETE FROM secrets WHERE id = $1 AND views_left = 1 RETURNING share),
                         u AS (UPDATE secrets SET views_left = views_left - 1
                                WHERE id = $1 AND views_left > 1 AND $2 <> '' RETURNING share)
                    SELECT share FROM d UNION ALL SELECT share FROM u";
    let secret = test.secret(2).await;
    let first = uncommitted_view(&test.database.pool, &secret, &secret.attempt()).await;
    let pool = test.database.pool.clone();
    let waiting = tokio::spawn(run_naive(pool, two_branches, secret.clone(), secret.attempt()));
    test.database.wait_until_blocked(1).await;
    first.commit().await.unwrap();
    assert_eq!(waiting.await.unwrap(), 0, "the naive statement must refuse the view that is left");

    let secret = test.secret(2).await;
    let first = uncommitted_view(&test.database.pool, &secret, &secret.attempt()).await;
    let (store, attempt) = (test.store.clone(), secret.attempt());
    let waiting = tokio::spawn(async move { store.reveal(attempt).await.unwrap() });
    test.database.wait_until_blocked(1).await;
    first.commit().await.unwrap();
    assert_eq!(waiting.await.unwrap(), secret.granted(0));
}

async fn updating_and_deleting_a_row_in_one_statement_leaves_it(test: &TestStore<Postgres>) {
    let secret = test.secret(1).await;
    let mut tx = test.database.pool.begin().await.unwrap();
    sqlx::query(
        "WITH u AS (UPDATE secrets SET bad_tries = 0 WHERE id = $1 RETURNING id, views_left)
         DELETE FROM secrets s USING u WHERE s.id = u.id AND u.views_left = 1",
    )
    .bind(secret.id.as_bytes().as_slice())
    .execute(&mut *tx)
    .await
    .unwrap();
    let remaining: i64 =
        sqlx::query_scalar("SELECT count(*) FROM secrets").fetch_one(&mut *tx).await.unwrap();
    tx.rollback().await.unwrap();
    assert_eq!(remaining, 1, "the naive statement must leave the ciphertext");

    assert_eq!(test.reveal(secret.attempt()).await, secret.granted(0));
    assert!(!test.holds(&secret).await);
}
