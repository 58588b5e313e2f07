//! ACCEPTANCE 64 and 68: databases that an earlier version wrote are migrated, and then answer as they did before.
//!
//! The databases and the responses that they must give are files in `server/tests/fixtures`; its README says how they
//! were made.

mod fixture;
mod secrets;
mod write;

use std::collections::HashMap;

use serde_json::Value;
use shared_crypto::{Envelope, Passphrase, SecretLink, ServerShare, open};

use crate::support::{Bed, Database, Postgres, Sqlite};
use fixture::{Fixture, load_postgres, load_sqlite, replay};

suite! {
    postgres: dump_of_ae3794c_is_migrated_and_answers_as_before
}
suite! {
    sqlite: database_of_ae3794c_is_migrated_and_answers_as_before,
    database_of_the_first_schema_answers_like_a_new_one
}

async fn dump_of_ae3794c_is_migrated_and_answers_as_before(_: &Bed<Postgres>) {
    let (database, shift) = load_postgres(Postgres::fresh().await, "ae3794c.postgres.sql").await;
    answers_as_before(database, shift).await;
}

async fn database_of_ae3794c_is_migrated_and_answers_as_before(_: &Bed<Sqlite>) {
    let (database, shift) = load_sqlite(Sqlite::fresh(), "ae3794c.db").await;
    answers_as_before(database, shift).await;
}

async fn database_of_the_first_schema_answers_like_a_new_one(_: &Bed<Sqlite>) {
    let (database, shift) = load_sqlite(Sqlite::fresh(), "0001.db").await;
    answers_as_before(database, shift).await;
}

/// Starts this version on the database, repeats the recorded calls and compares every response.
async fn answers_as_before(database: impl Database, shift: i64) {
    let fixture = Fixture::read();
    let bed = Bed::make(database).await;
    let answers = replay(&bed, shift, &fixture.calls).await;
    for (call, answer) in fixture.calls.iter().zip(&answers) {
        assert_eq!((call.status, &call.answer), (answer.status, &answer.answer), "{}", call.about);
    }
    let decrypted = decrypt(&fixture, &answers);
    assert!(decrypted >= 5, "only {decrypted} secrets were decrypted");
    bed.close().await;
}

/// Decrypts every secret whose envelope and share were both released, with the link that its recipient had.
fn decrypt(fixture: &Fixture, answers: &[fixture::Call]) -> usize {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let (mut envelopes, mut shares) = (HashMap::new(), HashMap::new());
    for answer in answers.iter().filter(|answer| answer.status == 200) {
        let id = text(&answer.body["id"]);
        if let Some(envelope) = text(&answer.answer["envelope"]) {
            envelopes.insert(id.clone(), envelope);
        }
        if let Some(share) = text(&answer.answer["share"]) {
            shares.insert(id, share);
        }
    }
    let mut decrypted = 0;
    for secret in &fixture.secrets {
        let link = SecretLink::parse(&secret.link).unwrap();
        let id = Some(link.id().encode());
        let (Some(envelope), Some(share)) = (envelopes.get(&id), shares.get(&id)) else { continue };
        let passphrase = secret.passphrase.as_ref().map(|text| Passphrase::new(text.as_str()).unwrap());
        let stretched = passphrase.map(|passphrase| passphrase.derive_key(&link.derive_salt()).unwrap());
        let keys = link.derive_keys(stretched.as_ref()).unwrap();
        let payload =
            open(&Envelope::decode(envelope).unwrap(), &keys, &ServerShare::decode(share).unwrap()).unwrap();
        assert_eq!(payload.as_text(), Some(&*secret.text), "{}", secret.name);
        decrypted += 1;
    }
    decrypted
}
