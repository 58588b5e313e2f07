//! Databases of earlier versions: after the migration the server gives the same responses as the version that wrote them.
//!
//! The databases and the expected responses are files in `server/tests/fixtures`. Its README says how they were made.

mod fixture;
mod secrets;
mod write;

use std::collections::HashMap;

use serde_json::Value;
use shared_crypto::{Envelope, Passphrase, SecretLink, ServerShare, open};

use crate::support::{Database, Postgres, Sqlite, TestStore};
use fixture::{Fixture, load_postgres, load_sqlite, replay};

suite! {
    postgres: postgres_dump_of_ae3794c_responds_as_before_after_migration
}
suite! {
    sqlite: sqlite_database_of_ae3794c_responds_as_before_after_migration,
    sqlite_database_of_the_initial_schema_responds_as_before_after_migration
}

async fn postgres_dump_of_ae3794c_responds_as_before_after_migration(_: &TestStore<Postgres>) {
    let (database, shift) = load_postgres(Postgres::create().await, "ae3794c.postgres.sql").await;
    assert_responds_as_before(database, shift).await;
}

async fn sqlite_database_of_ae3794c_responds_as_before_after_migration(_: &TestStore<Sqlite>) {
    let (database, shift) = load_sqlite(Sqlite::create(), "ae3794c.db").await;
    assert_responds_as_before(database, shift).await;
}

async fn sqlite_database_of_the_initial_schema_responds_as_before_after_migration(_: &TestStore<Sqlite>) {
    let (database, shift) = load_sqlite(Sqlite::create(), "0001.db").await;
    assert_responds_as_before(database, shift).await;
}

/// Starts this version on the database, repeats the recorded calls, and compares every response.
async fn assert_responds_as_before(database: impl Database, shift: i64) {
    let fixture = Fixture::read();
    let test = TestStore::connect(database).await;
    let responses = replay(&test, shift, &fixture.calls).await;
    for (call, replayed) in fixture.calls.iter().zip(&responses) {
        assert_eq!((call.status, &call.response), (replayed.status, &replayed.response), "{}", call.about);
    }
    let decrypted = decrypt(&fixture, &responses);
    assert!(decrypted >= 5, "only {decrypted} secrets were decrypted");
    test.close().await;
}

/// Decrypts every secret whose envelope and share were both returned, with the link of its recipient. Returns how many.
fn decrypt(fixture: &Fixture, calls: &[fixture::Call]) -> usize {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let (mut envelopes, mut shares) = (HashMap::new(), HashMap::new());
    for call in calls.iter().filter(|call| call.status == 200) {
        let id = text(&call.body["id"]);
        if let Some(envelope) = text(&call.response["envelope"]) {
            envelopes.insert(id.clone(), envelope);
        }
        if let Some(share) = text(&call.response["share"]) {
            shares.insert(id, share);
        }
    }
    let mut decrypted = 0;
    for secret in &fixture.secrets {
        let link = SecretLink::parse(&secret.link).unwrap();
        let id = Some(link.id().encode());
        let (Some(envelope), Some(share)) = (envelopes.get(&id), shares.get(&id)) else { continue };
        let passphrase = secret.passphrase.as_ref().map(|text| Passphrase::new(text.as_str()).unwrap());
        let passphrase_key = passphrase.map(|passphrase| passphrase.derive_key(&link.derive_salt()).unwrap());
        let keys = link.derive_keys(passphrase_key.as_ref()).unwrap();
        let payload =
            open(&Envelope::decode(envelope).unwrap(), &keys, &ServerShare::decode(share).unwrap()).unwrap();
        assert_eq!(payload.as_text(), Some(&*secret.text), "{}", secret.name);
        decrypted += 1;
    }
    decrypted
}
