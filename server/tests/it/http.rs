//! The API as a client sees it: statuses, bodies, headers, and what never changes a row.

mod abuse;
mod config;
mod connections;
mod create;
mod creating;
mod database_away;
mod full_disk;
mod hang_up;
mod logs;
mod malformed;
mod metrics;
mod open;
mod origin;
mod paths;
mod probe;
mod probes;
mod protection;
mod raw;
mod receipt;
mod refusals;
mod reveal;
mod shares;
mod site;
mod size;
mod stalled;
mod stop;
mod subnet;
mod timing;

pub(crate) use site::{Answer, Site};

use serde_json::{Value, json};
use shared_crypto::{Claim, Payload, Sealed, SealingKeys, SecretId, seal};

/// A secret without a passphrase, sealed as a browser seals it.
pub(crate) fn sealed() -> Sealed {
    seal(&Payload::text("hunter2"), SealingKeys::generate().unwrap(), None).unwrap()
}

/// The body of `create` for it.
pub(crate) fn create_body(sealed: &Sealed, max_views: u8) -> Value {
    serde_json::to_value(sealed.to_request(3600, max_views)).unwrap()
}

/// What `open` is asked.
pub(crate) fn open_body(sealed: &Sealed, id: &str) -> Value {
    json!({ "id": id, "access": sealed.keys().access().encode() })
}

/// What `reveal` is asked, by somebody who asks for the first time.
pub(crate) fn reveal_body(sealed: &Sealed, id: &str) -> Value {
    json!({
        "id": id,
        "access": sealed.keys().access().encode(),
        "reveal": sealed.keys().reveal().encode(),
        "claim": Claim::generate().unwrap().encode(),
    })
}

/// The same with another passphrase.
pub(crate) fn guess_body(sealed: &Sealed, id: &str) -> Value {
    let mut body = reveal_body(sealed, id);
    body["reveal"] = shared_crypto::RevealProof::generate().unwrap().encode().into();
    body
}

pub(crate) fn receipt_body(sealed: &Sealed) -> Value {
    json!({ "token": sealed.receipt().encode() })
}

pub(crate) fn some_id() -> String {
    SecretId::generate().unwrap().encode()
}
