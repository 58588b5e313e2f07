//! One claim, twice at the same time.

use shared_crypto::{Claim, RevealProof, sha256};
use sqlx::postgres::PgDatabaseError;
use vault::{RevealAttempt, RevealOutcome};

use crate::support::{Bed, Database as _, Postgres, eventually, hex, inline_repoll};

use super::{naive, view_under_way};

suite! {
    merged_by_claim_alone_sixty_four_passphrases_are_one_try;
    postgres: a_claim_that_is_looked_for_in_the_statement_that_waits_uses_two_views,
    a_unique_violation_writes_the_claim_into_the_log,
}

/// What is looked for comes from before the wait, when there was no such claim, and the conflict is ignored.
async fn a_claim_that_is_looked_for_in_the_statement_that_waits_uses_two_views(bed: &Bed<Postgres>) {
    let in_the_statement = "WITH v AS (UPDATE secrets SET views_left = views_left - 1
                     WHERE id = $1 AND NOT EXISTS (SELECT FROM claims WHERE claim_hash = $2)
                 RETURNING share, views_left),
              c AS (INSERT INTO claims (claim_hash, share, views_left, expires_at)
                    SELECT $2, share, views_left, clock_timestamp() + interval '5 minutes' FROM v
                        ON CONFLICT DO NOTHING)
         SELECT share FROM v WHERE views_left = 3";
    let sample = bed.secret(5).await;
    let attempt = sample.attempt();
    let first = view_under_way(&bed.database.raw, &sample, &attempt).await;
    let raw = bed.database.raw.clone();
    let second = tokio::spawn(naive(raw, in_the_statement, sample.clone(), attempt.clone()));
    let (store, again) = (bed.store.clone(), attempt.clone());
    let retry = tokio::spawn(async move { store.reveal(again).await.unwrap() });
    bed.database.until_waiting(2).await;
    first.commit().await.unwrap();
    assert_eq!(second.await.unwrap(), 1, "the same claim uses a second view");
    assert_eq!(retry.await.unwrap(), sample.granted(4));
    assert_eq!(bed.count("views_left", &sample).await, 4);
}

/// PostgreSQL logs a failed statement with the values that it names: the store's statements do not fail.
async fn a_unique_violation_writes_the_claim_into_the_log(bed: &Bed<Postgres>) {
    let sample = bed.secret(5).await;
    let attempt = sample.attempt();
    for _ in 0..2 {
        let outcomes = inline_repoll(50, |_| {
            let (store, attempt) = (bed.store.clone(), attempt.clone());
            async move { store.reveal(attempt).await.unwrap() }
        })
        .await;
        assert!(outcomes.iter().all(|outcome| matches!(outcome, RevealOutcome::Granted { .. })));
        bed.expire_claims().await;
    }
    bed.store.create(sample.request_again()).await.unwrap();
    bed.store.close().await;
    // Each connection counts what it did, and tells so when it ends.
    let connected = "SELECT count(*) FROM pg_stat_activity
                      WHERE datname = current_database() AND application_name <> 'raw'";
    eventually(|| async { bed.database.number(connected.to_owned()).await == 0 }).await;
    let failed = "SELECT xact_rollback FROM pg_stat_database WHERE datname = current_database()";
    assert_eq!(bed.database.number(failed.to_owned()).await, 0);

    let hash = bed.database.bytes(&attempt.claim_hash);
    let insert = format!("INSERT INTO claims VALUES ({hash}, '', 0, clock_timestamp())");
    let refused = bed.database.execute(insert).await.unwrap_err();
    let refused = refused.as_database_error().unwrap().downcast_ref::<PgDatabaseError>();
    assert!(refused.detail().unwrap().contains(&hex(&attempt.claim_hash)), "the log has the claim's hash");
}

async fn merged_by_claim_alone_sixty_four_passphrases_are_one_try(bed: &Bed) {
    let sample = bed.secret(2).await;
    let claim = Claim::generate().unwrap();
    let alone = sha256(&[sample.id.as_bytes(), sample.access.as_bytes(), claim.as_bytes()]);
    let veil = sample.attempt().claim_mask;
    let merged = |attempt| RevealAttempt { claim_hash: alone, claim_mask: veil.clone(), ..attempt };
    assert_eq!(bed.reveal(merged(sample.attempt())).await, sample.granted(1));
    for _ in 0..64 {
        assert_eq!(
            bed.reveal(merged(sample.wrong())).await,
            sample.granted(1),
            "a wrong passphrase is granted"
        );
    }

    assert_eq!(bed.reveal(sample.guess(&sample.reveal, &claim)).await, sample.granted(0));
    for _ in 0..64 {
        let guess = sample.guess(&RevealProof::generate().unwrap(), &claim);
        assert!(matches!(bed.reveal(guess).await, RevealOutcome::Gone(_)));
    }
}
