//! Redaction: neither the log, at any level, nor an error contains a value of a row.

use std::sync::Arc;

use server::store::ConnectError;
use shared_crypto::Claim;
use vault::{NewSecret, StoreError};

use crate::support::{CapturedLog, TestSecret, TestStore, find_encoded, run_concurrently};

suite! {
    check_violation_exposes_no_value,
    unique_violation_exposes_no_value,
    not_null_violation_exposes_no_value,
    database_error_that_quotes_the_row_exposes_no_value,
    refused_view_exposes_no_value,
    failed_migration_exposes_no_value,
    debug_output_exposes_no_value
}

/// Asserts that neither the log nor the texts contain a value of the secret.
#[track_caller]
fn assert_not_exposed(log: &CapturedLog, texts: &[String], secret: &TestSecret) {
    let new = secret.create_request();
    let text = format!("{}\n{}", log.text(), texts.join("\n"));
    for (name, bytes) in [
        ("id", new.id.as_bytes().as_slice()),
        ("access hash", &new.access_hash),
        ("reveal hash", &new.reveal_hash),
        ("receipt hash", &new.receipt_hash),
        ("request hash", &new.request_hash),
        ("share", new.share.as_bytes()),
        ("ciphertext", &new.envelope),
    ] {
        if let Some(encoding) = find_encoded(&text, bytes) {
            panic!("the {name} is exposed as {encoding}: {text}");
        }
    }
}

/// Creates 20 secrets concurrently that the database refuses, first as batches and then one by one, and checks log and
/// errors.
async fn assert_refusal_exposes_nothing(test: &TestStore, change: impl Fn(NewSecret) -> NewSecret) {
    let log = CapturedLog::start();
    let secrets: Vec<_> = (0..20).map(|_| TestSecret::new(1)).collect();
    let results = run_concurrently(secrets.len(), |i| {
        let (store, new) = (Arc::clone(&test.store), change(secrets[i].create_request()));
        async move { store.create(new).await }
    })
    .await;
    for (secret, result) in secrets.iter().zip(results) {
        let error = result.unwrap_err();
        assert!(matches!(error, StoreError::Unavailable(_)), "{error}");
        assert_not_exposed(&log, &[error.to_string(), format!("{error:?}")], secret);
    }
    assert!(log.text().contains("a batch failed"), "the log was not captured");
}

async fn check_violation_exposes_no_value(test: &TestStore) {
    // A secret without views violates a CHECK constraint.
    assert_refusal_exposes_nothing(test, |new| NewSecret { max_views: 0, ..new }).await;
}

async fn unique_violation_exposes_no_value(test: &TestStore) {
    test.change("CREATE UNIQUE INDEX probe ON secrets (reveal_hash)".to_owned()).await;
    let known = test.secret(1).await;
    let reveal_hash = known.create_request().reveal_hash;
    assert_refusal_exposes_nothing(test, |new| NewSecret { reveal_hash, ..new }).await;
    assert_not_exposed(&CapturedLog::start(), &[], &known);
}

async fn not_null_violation_exposes_no_value(test: &TestStore) {
    test.change("ALTER TABLE secrets ADD COLUMN probe integer NOT NULL".to_owned()).await;
    assert_refusal_exposes_nothing(test, |new| new).await;
    // The check at the end of the test needs the original table.
    test.change("ALTER TABLE secrets DROP COLUMN probe".to_owned()).await;
}

async fn database_error_that_quotes_the_row_exposes_no_value(test: &TestStore) {
    let trigger = if test.database.url().starts_with("postgres") {
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql
             AS $$ BEGIN RAISE EXCEPTION 'refused: %', NEW USING HINT = encode(NEW.share, 'hex'); END $$;
         CREATE TRIGGER refuse BEFORE INSERT ON secrets FOR EACH ROW EXECUTE FUNCTION refuse()"
    } else {
        "CREATE TRIGGER refuse BEFORE INSERT ON secrets
         BEGIN SELECT RAISE(FAIL, 'refused: ' || hex(NEW.id) || hex(NEW.share) || hex(NEW.reveal_hash)); END"
    };
    test.change(trigger.to_owned()).await;
    assert_refusal_exposes_nothing(test, |new| new).await;
}

async fn refused_view_exposes_no_value(test: &TestStore) {
    let log = CapturedLog::start();
    let mut secrets = Vec::new();
    for _ in 0..20 {
        secrets.push(test.secret(2).await);
    }
    // A view exceeds what the receipts allow now: their CHECK refuses the batch, which contains a claim and a share.
    test.change("UPDATE receipts SET max_views = 0".to_owned()).await;
    let claim = Claim::generate().unwrap();
    let results = run_concurrently(secrets.len(), |i| {
        let (store, secret) = (Arc::clone(&test.store), &secrets[i]);
        let attempt = secret.attempt_with(&secret.reveal, &claim);
        async move { store.reveal(attempt).await }
    })
    .await;
    for (secret, result) in secrets.iter().zip(results) {
        let error = result.unwrap_err();
        let attempt = secret.attempt_with(&secret.reveal, &claim);
        let texts = [error.to_string(), format!("{error:?}")];
        assert_not_exposed(&log, &texts, secret);
        let masked = secret.share.masked(&attempt.claim_mask);
        for bytes in [&attempt.claim_hash, attempt.claim_mask.as_bytes(), masked.as_bytes()] {
            assert_eq!(find_encoded(&log.text(), bytes), None);
        }
    }
    test.change("UPDATE receipts SET max_views = 2".to_owned()).await;
}

async fn failed_migration_exposes_no_value(test: &TestStore) {
    let log = CapturedLog::start();
    let secret = test.secret(1).await;
    // The last migration runs again and fails, since its tables exist or its rows are refused.
    test.change(
        "DELETE FROM _ikrypt_migrations WHERE version = (SELECT max(version) FROM _ikrypt_migrations)"
            .to_owned(),
    )
    .await;
    let error = server::store::connect(&test.database.url()).await.err().unwrap();
    assert!(matches!(error, ConnectError::Migration(_) | ConnectError::ForeignTable(_)), "{error}");
    assert_not_exposed(&log, &[error.to_string(), format!("{error:?}")], &secret);
}

async fn debug_output_exposes_no_value(test: &TestStore) {
    let log = CapturedLog::start();
    let secret = test.secret(2).await;
    let (new, attempt) = (secret.create_request(), secret.attempt());
    let opened = test.store.open(&secret.id, &secret.access_hash()).await.unwrap();
    let texts = [
        format!("{new:?} {new:#?}"),
        format!("{attempt:?} {attempt:#?}"),
        format!("{opened:?} {opened:#?}"),
        format!("{:?}", test.reveal(attempt.clone()).await),
    ];
    assert_not_exposed(&log, &texts, &secret);
    assert_eq!(find_encoded(&texts.join("\n"), &attempt.claim_hash), None);
}
