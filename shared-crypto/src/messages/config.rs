//! The response to `GET /api/v1/config`.

use serde::{Deserialize, Serialize};

/// The response to `GET /api/v1/config`: the limits of this server, and its optional features. Later versions add fields.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ServerConfig {
    /// The server's version.
    pub version: String,
    /// Maximum size of a text, or of all files of a secret together, in bytes before encryption.
    pub max_secret_bytes: u64,
    /// Maximum number of files in a secret.
    pub max_files: u16,
    /// Shortest lifetime of a secret, in seconds.
    pub min_ttl_seconds: u32,
    /// Longest lifetime of a secret, in seconds.
    pub max_ttl_seconds: u32,
    /// The only lifetime that the server allows, in seconds; null if senders choose it.
    pub fixed_ttl_seconds: Option<u32>,
    /// Maximum number of views of a secret.
    pub max_views: u8,
    /// The only number of views that the server allows; null if senders choose it.
    pub fixed_max_views: Option<u8>,
    /// Whether creating a secret requires a creation token.
    pub creation_token: bool,
    /// Whether the server supports requests for secrets.
    #[serde(default)]
    pub requests: bool,
    /// Whether the server can notify senders.
    #[serde(default)]
    pub notifications: bool,
}
