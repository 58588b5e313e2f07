//! Bodies of successful responses. Later versions may add fields.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

#[cfg(feature = "schema")]
use super::patterns::{BYTES_12, BYTES_32, ENVELOPE};

/// The response to `create`, with status 201.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CreateResponse {
    /// The id that the server generated for the secret, 12 bytes.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = BYTES_12)))]
    pub id: String,
    /// When the secret was stored, by the database's clock.
    pub created_at: DateTime<Utc>,
    /// When the secret expires.
    pub expires_at: DateTime<Utc>,
}

/// Omits the id, which must not appear in logs.
impl fmt::Debug for CreateResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CreateResponse")
            .field("created_at", &self.created_at)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// The response to `open`, with status 200.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OpenResponse {
    /// The encrypted payload.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = ENVELOPE), length(min = 1408)))]
    pub envelope: String,
    /// The number of views that the sender allowed.
    pub max_views: u8,
    /// The number of views that are left.
    pub views_left: u8,
    /// When the secret was stored.
    pub created_at: DateTime<Utc>,
    /// When the secret expires.
    pub expires_at: DateTime<Utc>,
}

/// The response to `reveal`, with status 200.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RevealResponse {
    /// The server's key share, 32 bytes.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = BYTES_32)))]
    pub share: String,
    /// The number of views that are left after this one.
    pub views_left: u8,
}

/// The state of a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum SecretState {
    /// The secret has views left and has not expired.
    Live,
    /// The last view was used.
    Viewed,
    /// The secret expired before its last view was used.
    Expired,
    /// The sender burned the secret before its last view was used.
    Burned,
}

/// The response to `receipt` and `burn`, with status 200.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReceiptResponse {
    /// The state of the secret.
    pub state: SecretState,
    /// When the secret was stored.
    pub created_at: DateTime<Utc>,
    /// When the secret expires, or would have expired.
    pub expires_at: DateTime<Utc>,
    /// The number of views that the sender allowed.
    pub max_views: u8,
    /// When each view was used, oldest first.
    pub viewed_at: Vec<DateTime<Utc>>,
    /// The total number of wrong passphrases.
    pub wrong_passphrases: u32,
    /// When the secret ended; null while it is live.
    pub ended_at: Option<DateTime<Utc>>,
}
