//! The settings of an instance that its pages and its configuration endpoint show.

mod operator;

use shared_crypto::MAX_FILES;
use shared_crypto::messages::ServerConfig;
use vault::{MIN_TTL, SecretLimits};

pub use operator::{Contact, LegalText, Operator};

/// The settings and files of an instance.
#[derive(Debug, Clone)]
pub struct Site {
    /// The origin under which browsers reach the instance, if the operator has configured it.
    pub public_url: Option<String>,
    /// The limits of secrets.
    pub limits: SecretLimits,
    /// Whether creating a secret requires a creation token.
    pub needs_token: bool,
    /// The URLs of the built files.
    pub assets: Assets,
    /// The operator's name, contact and texts.
    pub operator: Operator,
}

impl Site {
    /// Returns the response to `GET /api/v1/config`.
    pub fn server_config(&self) -> ServerConfig {
        ServerConfig {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            max_secret_bytes: u64::try_from(self.limits.max_secret_bytes).unwrap_or(u64::MAX),
            max_files: u16::try_from(MAX_FILES).unwrap_or(u16::MAX),
            min_ttl_seconds: MIN_TTL,
            max_ttl_seconds: self.limits.max_ttl,
            fixed_ttl_seconds: None,
            max_views: self.limits.max_views,
            fixed_max_views: None,
            creation_token: self.needs_token,
            requests: false,
            notifications: false,
        }
    }
}

/// The URLs of the built files, with hashes in their names.
#[derive(Debug, Clone)]
pub struct Assets {
    /// The style sheet.
    pub css: String,
    /// The JavaScript module that loads the WebAssembly.
    pub js: String,
    /// The WebAssembly.
    pub wasm: String,
    /// The hash of the WebAssembly, in the form of subresource integrity.
    pub wasm_integrity: String,
}
