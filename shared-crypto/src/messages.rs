//! Requests and responses of the HTTP API. Byte strings are canonical base64url, times RFC 3339 in UTC.

mod call;
mod error;

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

pub use call::{CONFIG_PATH, Call};
pub use error::{ErrorBody, ErrorCode};

/// Canonical `b64u` of so many bytes, as JSON Schema says it: the last character has no stray bits.
#[cfg(feature = "schema")]
const BYTES_12: &str = "^[A-Za-z0-9_-]{16}$";
#[cfg(feature = "schema")]
const BYTES_16: &str = "^[A-Za-z0-9_-]{21}[AQgw]$";
#[cfg(feature = "schema")]
const BYTES_32: &str = "^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$";
/// Begins with a header of this version, without or with a passphrase.
#[cfg(feature = "schema")]
const ENVELOPE: &str = "^AQE[AB]A[A-P][A-Za-z0-9_-]+$";

/// `POST /api/v1/create`.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CreateRequest {
    /// The sealed payload.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = ENVELOPE), length(min = 1408)))]
    pub envelope: String,
    /// The server's half of the key, 32 bytes.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = BYTES_32)))]
    pub share: String,
    /// SHA-256 of `access`.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = BYTES_32)))]
    pub access_hash: String,
    /// SHA-256 of `reveal`.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = BYTES_32)))]
    pub reveal_hash: String,
    /// SHA-256 of the receipt token.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = BYTES_32)))]
    pub receipt_hash: String,
    /// Seconds until the secret is gone.
    #[cfg_attr(feature = "schema", schemars(range(min = 60)))]
    pub ttl_seconds: u32,
    /// How many times the share is given out.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    pub max_views: u8,
}

/// 201 to `create`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CreateResponse {
    /// The server's name for the secret, 12 bytes.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = BYTES_12)))]
    pub id: String,
    /// When it was stored, by the database's clock.
    pub created_at: DateTime<Utc>,
    /// When it will be gone.
    pub expires_at: DateTime<Utc>,
}

/// Without the id, which does not belong in a log.
impl fmt::Debug for CreateResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CreateResponse")
            .field("created_at", &self.created_at)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// `POST /api/v1/open`: looking costs no view.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct OpenRequest {
    /// The secret's id.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = BYTES_12)))]
    pub id: String,
    /// The proof that the asker holds the link.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = BYTES_32)))]
    pub access: String,
}

/// 200 to `open`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OpenResponse {
    /// The sealed payload.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = ENVELOPE), length(min = 1408)))]
    pub envelope: String,
    /// How many views there were.
    pub max_views: u8,
    /// How many views there still are.
    pub views_left: u8,
    /// When it was stored.
    pub created_at: DateTime<Utc>,
    /// When it will be gone.
    pub expires_at: DateTime<Utc>,
}

/// `POST /api/v1/reveal`: costs one view, once for each claim.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RevealRequest {
    /// The secret's id.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = BYTES_12)))]
    pub id: String,
    /// The proof that the asker holds the link.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = BYTES_32)))]
    pub access: String,
    /// The proof that the asker knows the passphrase too.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = BYTES_32)))]
    pub reveal: String,
    /// 16 random bytes that name this attempt; a retry repeats them.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = BYTES_16)))]
    pub claim: String,
}

/// 200 to `reveal`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RevealResponse {
    /// The server's half of the key, 32 bytes.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = BYTES_32)))]
    pub share: String,
    /// How many views are left after this one.
    pub views_left: u8,
}

/// `POST /api/v1/receipt` and `POST /api/v1/burn`.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ReceiptRequest {
    /// The receipt token, 32 bytes.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = BYTES_32)))]
    pub token: String,
}

/// What became of a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum SecretState {
    /// There are views left, and time.
    Live,
    /// The last view was used.
    Viewed,
    /// Its time ran out first.
    Expired,
    /// Its sender burned it first.
    Burned,
}

/// 200 to `receipt` and `burn`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReceiptResponse {
    /// What became of the secret.
    pub state: SecretState,
    /// When it was stored.
    pub created_at: DateTime<Utc>,
    /// When it is, or would have been, gone.
    pub expires_at: DateTime<Utc>,
    /// How many views there were.
    pub max_views: u8,
    /// When each view was released, oldest first.
    pub viewed_at: Vec<DateTime<Utc>>,
    /// Wrong passphrases, in all.
    pub wrong_passphrases: u32,
    /// When it ended, unless it is live.
    pub ended_at: Option<DateTime<Utc>>,
}

/// 200 to `GET /api/v1/config`: what this server allows, and what is switched on. Later versions add fields.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ServerConfig {
    /// The server's version.
    pub version: String,
    /// Most bytes of a text, or of files together, before they are sealed.
    pub max_secret_bytes: u64,
    /// Most files of a secret.
    pub max_files: u16,
    /// Shortest life of a secret, in seconds.
    pub min_ttl_seconds: u32,
    /// Longest life of a secret, in seconds.
    pub max_ttl_seconds: u32,
    /// The only life of a secret that is allowed, in seconds; null where senders choose.
    pub fixed_ttl_seconds: Option<u32>,
    /// Most views of a secret.
    pub max_views: u8,
    /// The only number of views that is allowed; null where senders choose.
    pub fixed_max_views: Option<u8>,
    /// Whether only those who have a creation token may create.
    pub creation_token: bool,
    /// Whether people may be asked for secrets.
    #[serde(default)]
    pub requests: bool,
    /// Whether senders can be notified.
    #[serde(default)]
    pub notifications: bool,
}
