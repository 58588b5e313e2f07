//! The calls of the API: names, paths, statuses, and the errors that each may answer with.

use super::ErrorCode;

/// The folder of all calls of this version. A path of a call is this and its name.
macro_rules! prefix {
    () => {
        "/api/v1"
    };
}

/// Where [`ServerConfig`](super::ServerConfig) is served with `GET`.
pub const CONFIG_PATH: &str = concat!(prefix!(), "/config");

/// Declares the calls once, each with its name, its status on success and the errors of its own.
macro_rules! calls {
    ($($(#[$doc:meta])* $call:ident $name:literal $success:literal [$($error:ident),*],)*) => {
        /// A call of the API: `POST` of one JSON object.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Call {
            $($(#[$doc])* $call,)*
        }

        impl Call {
            /// Every call, in the order in which a secret meets them.
            pub const ALL: &'static [Self] = &[$(Self::$call),*];

            /// Returns the name, which metrics and the API description use too.
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

            /// Returns the errors that this call may answer with, beside [`Call::COMMON_ERRORS`].
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
    /// The errors that every call may answer with.
    pub const COMMON_ERRORS: [ErrorCode; 7] = [
        ErrorCode::InvalidRequest,
        ErrorCode::CrossSite,
        ErrorCode::TooLarge,
        ErrorCode::UnsupportedMediaType,
        ErrorCode::RateLimited,
        ErrorCode::Unavailable,
        ErrorCode::StorageFull,
    ];

    /// Returns the call that is served at a path.
    pub fn at_path(path: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|call| call.path() == path)
    }
}
