//! Bodies of requests. Each is one JSON object without further fields.

use serde::{Deserialize, Serialize};

#[cfg(feature = "schema")]
use super::patterns::{BYTES_12, BYTES_16, BYTES_32, ENVELOPE};

/// The request of `POST /api/v1/create`.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CreateRequest {
    /// The encrypted payload.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = ENVELOPE), length(min = 1408)))]
    pub envelope: String,
    /// The server's key share, 32 bytes.
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
    /// Seconds until the secret expires.
    #[cfg_attr(feature = "schema", schemars(range(min = 60)))]
    pub ttl_seconds: u32,
    /// Number of views: how many times the server releases the key share.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    pub max_views: u8,
}

/// The request of `POST /api/v1/open`. Uses no view.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct OpenRequest {
    /// The id of the secret, 12 bytes.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = BYTES_12)))]
    pub id: String,
    /// The proof that the client holds the link, 32 bytes.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = BYTES_32)))]
    pub access: String,
}

/// The request of `POST /api/v1/reveal`. Uses one view for each claim.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RevealRequest {
    /// The id of the secret, 12 bytes.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = BYTES_12)))]
    pub id: String,
    /// The proof that the client holds the link, 32 bytes.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = BYTES_32)))]
    pub access: String,
    /// The proof that the client also knows the passphrase, 32 bytes.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = BYTES_32)))]
    pub reveal: String,
    /// 16 random bytes that identify this attempt. A retry repeats them, and uses no second view.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = BYTES_16)))]
    pub claim: String,
}

/// The request of `POST /api/v1/receipt` and `POST /api/v1/burn`.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ReceiptRequest {
    /// The receipt token, 32 bytes.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = BYTES_32)))]
    pub token: String,
}
