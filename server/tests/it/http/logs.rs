//! ACCEPTANCE 36: what PostgreSQL writes down when it writes down every statement. What the server itself logs is
//! searched in the stories of `end2end`, at trace.

use std::path::PathBuf;

use serde_json::Value;
use shared_crypto::SecretId;

use super::{Site, create_body, guess_body, open_body, receipt_body, reveal_body, sealed};
use crate::support::{Bed, Database as _, Postgres, hex};

suite! { postgres: the_statement_log_holds_no_id_hash_share_or_ciphertext }

async fn the_statement_log_holds_no_id_hash_share_or_ciphertext(bed: &Bed<Postgres>) {
    let folder: String =
        sqlx::query_scalar("SHOW data_directory").fetch_one(&bed.database.raw).await.unwrap();
    let log = PathBuf::from(folder).with_file_name("log");
    if !log.exists() {
        eprintln!("the log of this PostgreSQL is not within reach: `cargo xtask test` starts one whose is");
        return;
    }
    let name = bed.database.options.get_database().unwrap();
    for setting in ["log_statement = 'all'", "log_min_duration_statement = 0", "log_duration = on"] {
        bed.change(format!("ALTER DATABASE {name} SET {setting}")).await;
    }
    let site = Site::over(bed.database.connect().await).await;
    let (secret, id) = site.secret(2).await;
    let mut said: Vec<Value> = vec![create_body(&secret, 2), receipt_body(&secret)];
    for (call, body) in [
        ("create", create_body(&secret, 2)),
        ("open", open_body(&secret, &id)),
        ("reveal", guess_body(&secret, &id)),
        ("reveal", reveal_body(&secret, &id)),
        ("reveal", reveal_body(&secret, &id)),
        ("receipt", receipt_body(&secret)),
        ("burn", receipt_body(&secret)),
    ] {
        site.call(call, &body).await;
        said.push(body);
    }
    // Somebody else has the lock: this one waits for it, with statements of its own.
    let site = &site;
    let (locked, id_of_locked) = site.secret(1).await;
    let lock = bed.database.lock(&SecretId::decode(&id_of_locked).unwrap()).await;
    let body = reveal_body(&locked, &id_of_locked);
    let waiting = site.call("reveal", &body);
    let unlocking = async {
        bed.database.until_waiting(1).await;
        lock.commit().await;
    };
    assert_eq!(futures::join!(waiting, unlocking).0.status, 200);
    said.push(body);
    bed.store.delete_expired().await.unwrap();
    // A row that a constraint refuses: PostgreSQL would quote all of it.
    bed.change("ALTER TABLE secrets ADD CONSTRAINT probe CHECK (views_left <> 7)".to_owned()).await;
    let refused = create_body(&sealed(), 7);
    assert_eq!(site.call("create", &refused).await.status, 503);
    said.push(refused);

    let log = std::fs::read_to_string(log).unwrap();
    for statement in [
        "violates check constraint",
        "LEFT JOIN secrets s",
        "FOR UPDATE OF s SKIP LOCKED",
        "FROM secrets WHERE id = $1",
    ] {
        assert!(log.contains(statement), "the statements are there: {statement}");
    }
    let mut secrets = vec![id.clone(), hex(&base64url(&id))];
    for text in said.iter().flat_map(|body| body.as_object().unwrap().values()).filter_map(Value::as_str) {
        let bytes = base64url(text);
        secrets.push(text.to_owned());
        // Their beginnings: PostgreSQL shortens what it quotes.
        secrets.push(hex(&bytes[..bytes.len().min(12)]));
        secrets.push(hex(&shared_crypto::sha256(&[&bytes])[..12]));
    }
    for secret in secrets {
        assert!(!log.contains(&secret), "{secret} is in the log");
    }
}

fn base64url(text: &str) -> Vec<u8> {
    use base64::Engine as _;
    base64::prelude::BASE64_URL_SAFE_NO_PAD.decode(text).unwrap()
}
