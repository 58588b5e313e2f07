//! Requests and responses of the HTTP API. Byte strings are canonical base64url, times RFC 3339 in UTC.

mod call;
mod config;
mod error;
mod requests;
mod responses;

pub use call::{CONFIG_PATH, Call};
pub use config::ServerConfig;
pub use error::{ErrorBody, ErrorCode};
pub use requests::{CreateRequest, OpenRequest, ReceiptRequest, RevealRequest};
pub use responses::{CreateResponse, OpenResponse, ReceiptResponse, RevealResponse, SecretState};

/// Patterns of JSON Schema for canonical `b64u`: the unused bits of the last character are zero.
#[cfg(feature = "schema")]
mod patterns {
    pub(super) const BYTES_12: &str = "^[A-Za-z0-9_-]{16}$";
    pub(super) const BYTES_16: &str = "^[A-Za-z0-9_-]{21}[AQgw]$";
    pub(super) const BYTES_32: &str = "^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$";
    /// Begins with a header of this version, for a secret with or without a passphrase.
    pub(super) const ENVELOPE: &str = "^AQE[AB]A[A-P][A-Za-z0-9_-]+$";
}
