//! The calls of the API: their names, paths, statuses and errors.

use super::ErrorCode;

/// The path prefix of all calls of this version. The path of a call is this prefix and its name.
macro_rules! prefix {
    () => {
        "/api/v1"
    };
}

/// The path at which `GET` returns the [`ServerConfig`](super::ServerConfig).
pub const CONFIG_PATH: &str = concat!(prefix!(), "/config");

/// Declares each call with its name, its status on success and its own errors.
macro_rules! calls {
    ($($(#[$doc:meta])* $call:ident $name:literal $success:literal [$($error:ident),*],)*) => {
        /// A call of the API, which is a `POST` of one JSON object.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Call {
            $($(#[$doc])* $call,)*
        }

        impl Call {
            /// Every call, in the order of a secret's life.
            pub const ALL: &'static [Self] = &[$(Self::$call),*];

            /// Returns the name, which is also the label in metrics and the operation id in the `OpenAPI` document.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$call => $name,)*
                }
            }

            /// Returns the path on the server.
            pub const fn path(self) -> &'static str {
                match self {
                    $(Self::$call => concat!(prefix!(), "/", $name),)*
                }
            }

            /// Returns the HTTP status of a successful response.
            pub const fn success_status(self) -> u16 {
                match self {
                    $(Self::$call => $success,)*
                }
            }

            /// Returns the errors of this call that are not in [`Call::COMMON_ERRORS`].
            pub const fn own_errors(self) -> &'static [ErrorCode] {
                match self {
                    $(Self::$call => &[$(ErrorCode::$error),*],)*
                }
            }
        }
    };
}

calls! {
    /// Stores a secret.
    Create "create" 201 [Unauthorized, Conflict],
    /// Returns the envelope. Uses no view.
    Open "open" 200 [NotFound, Gone],
    /// Returns the server's key share. Uses a view.
    Reveal "reveal" 200 [WrongPassphrase, NotFound, Gone, Locked],
    /// Returns the receipt.
    Receipt "receipt" 200 [NotFound],
    /// Deletes the secret before it expires.
    Burn "burn" 200 [NotFound],
}

impl Call {
    /// The errors that every call can return.
    pub const COMMON_ERRORS: [ErrorCode; 7] = [
        ErrorCode::InvalidRequest,
        ErrorCode::CrossSite,
        ErrorCode::TooLarge,
        ErrorCode::UnsupportedMediaType,
        ErrorCode::RateLimited,
        ErrorCode::Unavailable,
        ErrorCode::StorageFull,
    ];

    /// Returns the call with this path.
    pub fn at_path(path: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|call| call.path() == path)
    }
}
