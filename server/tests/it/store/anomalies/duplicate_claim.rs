//! Two concurrent attempts with one claim.

use shared_crypto::{Claim, RevealProof, sha256};
use sqlx::postgres::PgDatabaseError;
use vault::{RevealAttempt, RevealOutcome};

use crate::support::{Database as _, Postgres, TestStore, eventually, hex, run_concurrently};

use super::{run_naive, uncommitted_view};

suite! {
    claim_hash_without_the_passphrase_merges_sixty_four_tries_into_one;
    postgres: claim_lookup_in_the_waiting_statement_uses_two_views,
    unique_violation_logs_the_claim_hash,
}

/// The lookup uses the snapshot from before the wait, without the claim, and the conflict of the insert is ignored.
async fn claim_lookup_in_the_waiting_statement_uses_two_views(test: &TestStore<Postgres>) {
    let statement = "WITH v AS (UPDATE secrets SET views_left = views_left - 1
                     WHERE id = $1 AND NOT EXISTS (SELECT FROM claims WHERE claim_hash = $2)
                 RETURNING share, views_left),
              c AS (INSERT INTO claims (claim_hash, share, views_left, expires_at)
                    SELECT $2, share, views_left, clock_timestamp() + interval '5 minutes' FROM v
                        ON CONFLICT DO NOTHING)
         SELECT share FROM v WHERE views_left = 3";
    let secret = test.secret(5).await;
    let attempt = secret.attempt();
    let first = uncommitted_view(&test.database.pool, &secret, &attempt).await;
    let pool = test.database.pool.clone();
    let naive = tokio::spawn(run_naive(pool, statement, secret.clone(), attempt.clone()));
    let (store, repeated) = (test.store.clone(), attempt.clone());
    let retry = tokio::spawn(async move { store.reveal(repeated).await.unwrap() });
    test.database.wait_until_blocked(2).await;
    first.commit().await.unwrap();
    assert_eq!(naive.await.unwrap(), 1, "the naive statement must use a second view");
    assert_eq!(retry.await.unwrap(), secret.granted(4));
    assert_eq!(test.count("views_left", &secret).await, 4);
}

/// PostgreSQL logs the values of a violated unique constraint. The statements of the store do not violate one.
async fn unique_violation_logs_the_claim_hash(test: &TestStore<Postgres>) {
    let secret = test.secret(5).await;
    let attempt = secret.attempt();
    for _ in 0..2 {
        let outcomes = run_concurrently(50, |_| {
            let (store, attempt) = (test.store.clone(), attempt.clone());
            async move { store.reveal(attempt).await.unwrap() }
        })
        .await;
        assert!(outcomes.iter().all(|outcome| matches!(outcome, RevealOutcome::Granted { .. })));
        test.expire_claims().await;
    }
    test.store.create(secret.repeated_create_request()).await.unwrap();
    test.store.close().await;
    // A connection reports its counts when it ends.
    let connected = "SELECT count(*) FROM pg_stat_activity
                      WHERE datname = current_database() AND application_name <> 'test'";
    eventually(|| async { test.database.query_number(connected.to_owned()).await == 0 }).await;
    let rollbacks = "SELECT xact_rollback FROM pg_stat_database WHERE datname = current_database()";
    assert_eq!(test.database.query_number(rollbacks.to_owned()).await, 0);

    let hash = test.database.sql_bytes(&attempt.claim_hash);
    let insert = format!("INSERT INTO claims VALUES ({hash}, '', 0, clock_timestamp())");
    let error = test.database.execute(insert).await.unwrap_err();
    let error = error.as_database_error().unwrap().downcast_ref::<PgDatabaseError>();
    assert!(
        error.detail().unwrap().contains(&hex(&attempt.claim_hash)),
        "the error must contain the hash of the claim"
    );
}

async fn claim_hash_without_the_passphrase_merges_sixty_four_tries_into_one(test: &TestStore) {
    let secret = test.secret(2).await;
    let claim = Claim::generate().unwrap();
    let hash_without_passphrase = sha256(&[secret.id.as_bytes(), secret.access.as_bytes(), claim.as_bytes()]);
    let mask = secret.attempt().claim_mask;
    let merged =
        |attempt| RevealAttempt { claim_hash: hash_without_passphrase, claim_mask: mask.clone(), ..attempt };
    assert_eq!(test.reveal(merged(secret.attempt())).await, secret.granted(1));
    for _ in 0..64 {
        assert_eq!(
            test.reveal(merged(secret.wrong_attempt())).await,
            secret.granted(1),
            "the naive hash must grant a wrong passphrase"
        );
    }

    assert_eq!(test.reveal(secret.attempt_with(&secret.reveal, &claim)).await, secret.granted(0));
    for _ in 0..64 {
        let guess = secret.attempt_with(&RevealProof::generate().unwrap(), &claim);
        assert!(matches!(test.reveal(guess).await, RevealOutcome::Gone(_)));
    }
}
