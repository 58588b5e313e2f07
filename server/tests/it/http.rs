//! Tests of the API as a client sees it: statuses, bodies, headers, limits, and which requests change rows.

mod config;
mod connections;
mod create;
mod creation_limits;
mod database_outage;
mod disconnect;
mod early_responses;
mod fairness;
mod full_disk;
mod health_command;
mod ipv6_subnet;
mod limits;
mod malformed_bodies;
mod malformed_requests;
mod metrics;
mod open;
mod origin;
mod page_limits;
mod paths;
mod raw_http;
mod receipt;
mod reveal;
mod shutdown;
mod size;
mod stalled_bodies;
mod statement_log;
mod test_server;
mod timing;

pub(crate) use test_server::{Response, TestServer};

use std::num::NonZeroU32;

use serde_json::{Value, json};
use server::config::CreationTokens;
use shared_crypto::{Claim, Payload, RevealProof, Sealed, SealingKeys, SecretId, seal};

/// Encrypts a short secret without a passphrase, as a browser does.
pub(crate) fn sealed_secret() -> Sealed {
    sealed_text("hunter2".to_owned())
}

/// Encrypts this text without a passphrase.
pub(crate) fn sealed_text(text: String) -> Sealed {
    seal(&Payload::text(text), SealingKeys::generate().unwrap(), None).unwrap()
}

/// Returns the body of `create` for the secret, with a lifetime of an hour.
pub(crate) fn create_body(secret: &Sealed, max_views: u8) -> Value {
    serde_json::to_value(secret.to_request(3600, max_views)).unwrap()
}

/// Returns the body of `open`.
pub(crate) fn open_body(secret: &Sealed, id: &str) -> Value {
    json!({ "id": id, "access": secret.keys().access().encode() })
}

/// Returns the body of a first `reveal`, with a new claim.
pub(crate) fn reveal_body(secret: &Sealed, id: &str) -> Value {
    json!({
        "id": id,
        "access": secret.keys().access().encode(),
        "reveal": secret.keys().reveal().encode(),
        "claim": Claim::generate().unwrap().encode(),
    })
}

/// Returns the body of a first `reveal` with a wrong passphrase.
pub(crate) fn wrong_passphrase_body(secret: &Sealed, id: &str) -> Value {
    let mut body = reveal_body(secret, id);
    body["reveal"] = RevealProof::generate().unwrap().encode().into();
    body
}

/// Returns the body of `receipt` and `burn`.
pub(crate) fn receipt_body(secret: &Sealed) -> Value {
    json!({ "token": secret.receipt().encode() })
}

/// Returns the id of a secret that does not exist.
pub(crate) fn random_id() -> String {
    SecretId::generate().unwrap().encode()
}

/// Converts a limit for the configuration.
fn limit(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).unwrap()
}

/// Reads creation tokens from a temporary file, one a line.
fn creation_tokens(tokens: &str) -> CreationTokens {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), tokens).unwrap();
    CreationTokens::read(file.path().to_str().unwrap()).unwrap()
}
