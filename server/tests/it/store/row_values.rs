//! ACCEPTANCE 65: no value of a row is in the log, at any level, nor in the error that a caller gets.

use std::sync::Arc;

use server::store::ConnectError;
use shared_crypto::Claim;
use vault::{NewSecret, StoreError};

use crate::support::{Bed, Log, Sample, inline_repoll, shown};

suite! {
    violated_check_shows_no_value,
    violated_unique_constraint_shows_no_value,
    violated_not_null_constraint_shows_no_value,
    refusal_that_quotes_the_row_itself_shows_no_value,
    refused_view_shows_no_value,
    failed_migration_shows_no_value,
    values_in_memory_have_no_debug_form
}

/// Looks for every value of the secret in the log and in the texts.
#[track_caller]
fn assert_unseen(log: &Log, texts: &[String], sample: &Sample) {
    let new = sample.request();
    let text = format!("{}\n{}", log.text(), texts.join("\n"));
    for (what, bytes) in [
        ("id", new.id.as_bytes().as_slice()),
        ("access hash", &new.access_hash),
        ("reveal hash", &new.reveal_hash),
        ("receipt hash", &new.receipt_hash),
        ("request hash", &new.request_hash),
        ("share", new.share.as_bytes()),
        ("ciphertext", &new.envelope),
    ] {
        if let Some(form) = shown(&text, bytes) {
            panic!("the {what} is shown as {form}: {text}");
        }
    }
}

/// Stores 20 secrets at once, which the database refuses: first those of each batch together, then one by one.
async fn assert_refused(bed: &Bed, change: impl Fn(NewSecret) -> NewSecret) {
    let log = Log::capture();
    let samples: Vec<_> = (0..20).map(|_| Sample::new(1)).collect();
    let answers = inline_repoll(samples.len(), |i| {
        let (store, new) = (Arc::clone(&bed.store), change(samples[i].request()));
        async move { store.create(new).await }
    })
    .await;
    for (sample, answer) in samples.iter().zip(answers) {
        let error = answer.unwrap_err();
        assert!(matches!(error, StoreError::Unavailable(_)), "{error}");
        assert_unseen(&log, &[error.to_string(), format!("{error:?}")], sample);
    }
    assert!(log.text().contains("a batch failed"), "the log is captured");
}

async fn violated_check_shows_no_value(bed: &Bed) {
    // No views: the rules refuse it, and so does the table.
    assert_refused(bed, |new| NewSecret { max_views: 0, ..new }).await;
}

async fn violated_unique_constraint_shows_no_value(bed: &Bed) {
    bed.change("CREATE UNIQUE INDEX probe ON secrets (reveal_hash)".to_owned()).await;
    let known = bed.secret(1).await;
    let reveal_hash = known.request().reveal_hash;
    assert_refused(bed, |new| NewSecret { reveal_hash, ..new }).await;
    assert_unseen(&Log::capture(), &[], &known);
}

async fn violated_not_null_constraint_shows_no_value(bed: &Bed) {
    bed.change("ALTER TABLE secrets ADD COLUMN probe integer NOT NULL".to_owned()).await;
    assert_refused(bed, |new| new).await;
    // Without it the books can be balanced.
    bed.change("ALTER TABLE secrets DROP COLUMN probe".to_owned()).await;
}

async fn refusal_that_quotes_the_row_itself_shows_no_value(bed: &Bed) {
    let quoting = if bed.database.url().starts_with("postgres") {
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql
             AS $$ BEGIN RAISE EXCEPTION 'refused: %', NEW USING HINT = encode(NEW.share, 'hex'); END $$;
         CREATE TRIGGER refuse BEFORE INSERT ON secrets FOR EACH ROW EXECUTE FUNCTION refuse()"
    } else {
        "CREATE TRIGGER refuse BEFORE INSERT ON secrets
         BEGIN SELECT RAISE(FAIL, 'refused: ' || hex(NEW.id) || hex(NEW.share) || hex(NEW.reveal_hash)); END"
    };
    bed.change(quoting.to_owned()).await;
    assert_refused(bed, |new| new).await;
}

async fn refused_view_shows_no_value(bed: &Bed) {
    let log = Log::capture();
    let mut samples = Vec::new();
    for _ in 0..20 {
        samples.push(bed.secret(2).await);
    }
    // A view more than the receipt allows: its CHECK refuses the whole batch, with a claim and a share in it.
    bed.change("UPDATE receipts SET max_views = 0".to_owned()).await;
    let claim = Claim::generate().unwrap();
    let answers = inline_repoll(samples.len(), |i| {
        let (store, sample) = (Arc::clone(&bed.store), &samples[i]);
        let attempt = sample.guess(&sample.reveal, &claim);
        async move { store.reveal(attempt).await }
    })
    .await;
    for (sample, answer) in samples.iter().zip(answers) {
        let error = answer.unwrap_err();
        let attempt = sample.guess(&sample.reveal, &claim);
        let text = [error.to_string(), format!("{error:?}")];
        assert_unseen(&log, &text, sample);
        let masked = sample.share.masked(&attempt.claim_mask);
        for bytes in [&attempt.claim_hash, attempt.claim_mask.as_bytes(), masked.as_bytes()] {
            assert_eq!(shown(&log.text(), bytes), None);
        }
    }
    bed.change("UPDATE receipts SET max_views = 2".to_owned()).await;
}

async fn failed_migration_shows_no_value(bed: &Bed) {
    let log = Log::capture();
    let sample = bed.secret(1).await;
    // The last migration is due again: its tables are there already, or its rows are refused.
    bed.change(
        "DELETE FROM _ikrypt_migrations WHERE version = (SELECT max(version) FROM _ikrypt_migrations)"
            .to_owned(),
    )
    .await;
    let error = server::store::connect(&bed.database.url()).await.err().unwrap();
    assert!(matches!(error, ConnectError::Migration(_) | ConnectError::ForeignTable(_)), "{error}");
    assert_unseen(&log, &[error.to_string(), format!("{error:?}")], &sample);
}

async fn values_in_memory_have_no_debug_form(bed: &Bed) {
    let log = Log::capture();
    let sample = bed.secret(2).await;
    let (new, attempt) = (sample.request(), sample.attempt());
    let opened = bed.store.open(&sample.id, &sample.access_hash()).await.unwrap();
    let texts = [
        format!("{new:?} {new:#?}"),
        format!("{attempt:?} {attempt:#?}"),
        format!("{opened:?} {opened:#?}"),
        format!("{:?}", bed.reveal(attempt.clone()).await),
    ];
    assert_unseen(&log, &texts, &sample);
    assert_eq!(shown(&texts.join("\n"), &attempt.claim_hash), None);
}
