//! The log of PostgreSQL when it logs every statement. The tests of `end2end` search the log of the server itself.

use std::path::PathBuf;

use serde_json::Value;
use shared_crypto::SecretId;

use super::{
    TestServer, create_body, open_body, receipt_body, reveal_body, sealed_secret, wrong_passphrase_body,
};
use crate::support::{Database as _, Postgres, TestStore, hex};

suite! { postgres: statement_log_contains_no_id_hash_share_or_ciphertext }

async fn statement_log_contains_no_id_hash_share_or_ciphertext(test: &TestStore<Postgres>) {
    let folder: String =
        sqlx::query_scalar("SHOW data_directory").fetch_one(&test.database.pool).await.unwrap();
    let log = PathBuf::from(folder).with_file_name("log");
    if !log.exists() {
        eprintln!(
            "SKIPPED: the log of this PostgreSQL is not readable; `cargo xtask test` starts one with a readable log"
        );
        return;
    }
    let name = test.database.options.get_database().unwrap();
    for setting in ["log_statement = 'all'", "log_min_duration_statement = 0", "log_duration = on"] {
        test.change(format!("ALTER DATABASE {name} SET {setting}")).await;
    }
    let server = TestServer::with_store(test.database.connect().await).await;
    let (secret, id) = server.secret(2).await;
    let mut bodies: Vec<Value> = vec![create_body(&secret, 2), receipt_body(&secret)];
    for (call, body) in [
        ("create", create_body(&secret, 2)),
        ("open", open_body(&secret, &id)),
        ("reveal", wrong_passphrase_body(&secret, &id)),
        ("reveal", reveal_body(&secret, &id)),
        ("reveal", reveal_body(&secret, &id)),
        ("receipt", receipt_body(&secret)),
        ("burn", receipt_body(&secret)),
    ] {
        server.call(call, &body).await;
        bodies.push(body);
    }
    // A reveal that waits for a foreign lock runs other statements.
    let server = &server;
    let (locked, id_of_locked) = server.secret(1).await;
    let lock = test.database.lock(&SecretId::decode(&id_of_locked).unwrap()).await;
    let body = reveal_body(&locked, &id_of_locked);
    let waiting = server.call("reveal", &body);
    let unlocking = async {
        test.database.wait_until_blocked(1).await;
        lock.commit().await;
    };
    assert_eq!(futures::join!(waiting, unlocking).0.status, 200);
    bodies.push(body);
    test.store.delete_expired().await.unwrap();
    // A row that violates a constraint, which PostgreSQL quotes in full by default.
    test.change("ALTER TABLE secrets ADD CONSTRAINT probe CHECK (views_left <> 7)".to_owned()).await;
    let refused = create_body(&sealed_secret(), 7);
    assert_eq!(server.call("create", &refused).await.status, 503);
    bodies.push(refused);

    let log = std::fs::read_to_string(log).unwrap();
    for statement in [
        "violates check constraint",
        "LEFT JOIN secrets s",
        "FOR UPDATE OF s SKIP LOCKED",
        "FROM secrets WHERE id = $1",
    ] {
        assert!(log.contains(statement), "the log lacks the statement {statement}");
    }
    let mut forbidden = vec![id.clone(), hex(&decode_base64url(&id))];
    for encoded in bodies.iter().flat_map(|body| body.as_object().unwrap().values()).filter_map(Value::as_str)
    {
        let bytes = decode_base64url(encoded);
        forbidden.push(encoded.to_owned());
        // Only the first bytes, since PostgreSQL shortens quoted values.
        forbidden.push(hex(&bytes[..bytes.len().min(12)]));
        forbidden.push(hex(&shared_crypto::sha256(&[&bytes])[..12]));
    }
    for value in forbidden {
        assert!(!log.contains(&value), "{value} is in the log");
    }
}

/// Decodes unpadded base64url.
fn decode_base64url(encoded: &str) -> Vec<u8> {
    use base64::Engine as _;
    base64::prelude::BASE64_URL_SAFE_NO_PAD.decode(encoded).unwrap()
}
