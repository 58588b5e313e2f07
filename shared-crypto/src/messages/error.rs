//! Error responses: their codes, statuses and bodies.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::SecretState;

/// Declares each error code with its name in the body and its HTTP status.
macro_rules! error_codes {
    ($($(#[$doc:meta])* $code:ident $name:literal $status:literal,)*) => {
        /// The code of an error, which is the field `error` of its body.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum ErrorCode {
            $($(#[$doc])* $code,)*
        }

        impl ErrorCode {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$code),*];

            /// Returns the name in the body.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$code => $name,)*
                }
            }

            /// Returns the HTTP status of a response with this code.
            pub const fn status(self) -> u16 {
                match self {
                    $(Self::$code => $status,)*
                }
            }
        }
    };
}

error_codes! {
    /// The body does not match the schema, or a value is out of range.
    InvalidRequest "invalid_request" 400,
    /// The server requires a creation token, and the request contains no valid one.
    Unauthorized "unauthorized" 401,
    /// The link is correct, and the passphrase is wrong.
    WrongPassphrase "wrong_passphrase" 403,
    /// A page of another site sent the request.
    CrossSite "cross_site" 403,
    /// The secret does not exist, or the proof is wrong.
    NotFound "unavailable" 404,
    /// A hash of the request is already in use by another secret.
    Conflict "conflict" 409,
    /// The secret was viewed or burned, or has expired.
    Gone "gone" 410,
    /// The body exceeds the limit.
    TooLarge "too_large" 413,
    /// The body is not JSON, or is compressed.
    UnsupportedMediaType "unsupported_media_type" 415,
    /// The client sends too many requests or bytes.
    RateLimited "rate_limited" 429,
    /// The secret is locked, because of wrong passphrases.
    Locked "locked" 429,
    /// The server is temporarily unavailable.
    Unavailable "try_later" 503,
    /// The server's storage is full.
    StorageFull "storage_full" 507,
}

/// The body of every response with an error status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "error", rename_all = "snake_case")]
pub enum ErrorBody {
    /// 400: the body does not match the schema, or a value is out of range.
    InvalidRequest,
    /// 401: this server requires a creation token.
    Unauthorized,
    /// 403: the link is correct, and the passphrase is wrong. No view was used.
    WrongPassphrase {
        /// Number of attempts left before the secret is locked for some time.
        tries_left: u32,
    },
    /// 403: a page of another site sent the request.
    CrossSite,
    /// 404: the secret does not exist, or the proof is wrong. The response is the same for both.
    #[serde(rename = "unavailable")]
    NotFound,
    /// 409: a hash of the request is already in use by another secret.
    Conflict,
    /// 410: the link is correct, and the secret has ended.
    Gone {
        /// How it ended.
        state: SecretState,
        /// When it ended.
        ended_at: DateTime<Utc>,
    },
    /// 413: the body exceeds the limit.
    TooLarge,
    /// 415: the body is not JSON, or is compressed.
    UnsupportedMediaType,
    /// 429: the client sends too many requests or bytes; see `Retry-After`.
    RateLimited,
    /// 429: too many wrong passphrases; see `Retry-After`.
    Locked,
    /// 503: the server is temporarily unavailable; see `Retry-After`.
    #[serde(rename = "try_later")]
    Unavailable,
    /// 507: the server's storage is full.
    StorageFull,
}

impl ErrorBody {
    /// Returns the code in this body.
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::InvalidRequest => ErrorCode::InvalidRequest,
            Self::Unauthorized => ErrorCode::Unauthorized,
            Self::WrongPassphrase { .. } => ErrorCode::WrongPassphrase,
            Self::CrossSite => ErrorCode::CrossSite,
            Self::NotFound => ErrorCode::NotFound,
            Self::Conflict => ErrorCode::Conflict,
            Self::Gone { .. } => ErrorCode::Gone,
            Self::TooLarge => ErrorCode::TooLarge,
            Self::UnsupportedMediaType => ErrorCode::UnsupportedMediaType,
            Self::RateLimited => ErrorCode::RateLimited,
            Self::Locked => ErrorCode::Locked,
            Self::Unavailable => ErrorCode::Unavailable,
            Self::StorageFull => ErrorCode::StorageFull,
        }
    }

    /// Returns the HTTP status of a response with this body.
    pub const fn status(&self) -> u16 {
        self.code().status()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn error_body_has_the_code_of_its_name() {
        for code in ErrorCode::ALL {
            let fields = r#""tries_left": 1, "state": "viewed", "ended_at": "2026-01-01T00:00:00Z""#;
            let body = format!(r#"{{ "error": "{}", {fields} }}"#, code.name());
            let body: ErrorBody = serde_json::from_str(&body).unwrap();
            assert_eq!(body.code(), *code);
            assert_eq!(serde_json::to_value(&body).unwrap()["error"], code.name());
        }
    }
}
