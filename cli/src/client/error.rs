//! Why a call failed, and what commands print about it.

use std::io;

use shared_crypto::messages::{ErrorBody, ErrorCode};

use super::Client;
use crate::error::CommandError;
use crate::terminal;

/// Why a call failed.
pub(crate) enum CallError {
    /// The server rejected the request.
    Rejected {
        /// The error that it returned.
        body: ErrorBody,
        /// Seconds until the next attempt makes sense, if the server names them.
        retry_after: Option<u64>,
    },
    /// There was no response, or none of this API.
    Failed(CommandError),
}

/// Why one attempt of a call failed.
pub(super) enum AttemptError {
    /// The server could not be reached or cannot answer now: the same request may succeed later.
    Unreachable(String),
    /// The same request cannot succeed.
    Final(CallError),
}

impl AttemptError {
    /// Makes an error retryable unless it settles the result of the call. Applies to attempts after one that got no
    /// response: the server may have executed that one, so a refusal that a proxy or a rate limit caused must not end
    /// the call.
    pub(super) fn retry_unless_conclusive(self) -> Self {
        match self {
            Self::Final(CallError::Failed(error)) => Self::Unreachable(error.to_string()),
            Self::Final(CallError::Rejected { body: ErrorBody::RateLimited, .. }) => {
                Self::Unreachable("too many requests from this address".to_owned())
            }
            Self::Final(CallError::Rejected { body: ErrorBody::StorageFull, .. }) => {
                Self::Unreachable("the server has no room".to_owned())
            }
            conclusive => conclusive,
        }
    }
}

impl Client {
    /// Classifies an error of the HTTP library. Errors of certificates and TLS are final.
    pub(super) fn transport_error(&self, error: ureq::Error) -> AttemptError {
        let is_tls_error = match &error {
            ureq::Error::Rustls(_) | ureq::Error::Tls(_) => true,
            ureq::Error::Io(error) => error.kind() == io::ErrorKind::InvalidData,
            _ => false,
        };
        match error {
            error if is_tls_error => failed(format!("no secure connection to {}: {error}", self.origin)),
            ureq::Error::ConnectionFailed => AttemptError::Unreachable("no connection".to_owned()),
            ureq::Error::Io(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                AttemptError::Unreachable("no connection".to_owned())
            }
            error => AttemptError::Unreachable(error.to_string()),
        }
    }

    /// Classifies an error status whose body is not of this API. It comes from something in front of the server, such
    /// as a proxy.
    pub(super) fn foreign_error(&self, status: u16, retry_after: Option<u64>) -> AttemptError {
        const TOO_LARGE: u16 = ErrorCode::TooLarge.status();
        const RATE_LIMITED: u16 = ErrorCode::RateLimited.status();
        let body = match status {
            TOO_LARGE => ErrorBody::TooLarge,
            RATE_LIMITED => ErrorBody::RateLimited,
            401 | 403 | 407 => {
                return failed(format!(
                    "something between this machine and {} rejected the request (status {status}), for example a proxy that requires a sign-in",
                    self.origin
                ));
            }
            _ => return self.unexpected_response(status),
        };
        AttemptError::Final(CallError::Rejected { body, retry_after })
    }

    /// Returns the error for a response that no server of this API sends.
    pub(super) fn unexpected_response(&self, status: u16) -> AttemptError {
        failed(format!(
            "{} answered with status {status}, but not as an iKrypt server does: check the address",
            self.origin
        ))
    }

    /// Returns the error for a redirect, which is never followed.
    pub(super) fn redirected(&self, location: &str) -> AttemptError {
        failed(format!(
            "{} redirects to {}: give that address if you trust it",
            self.origin,
            location.split(['?', '#']).next().unwrap_or_default(),
        ))
    }
}

/// Returns a final error with a message.
fn failed(message: String) -> AttemptError {
    AttemptError::Final(CallError::Failed(CommandError::Server(message)))
}

/// Words the errors that every command reports alike. Commands word their own errors before.
impl From<CallError> for CommandError {
    fn from(error: CallError) -> Self {
        let (body, retry_after) = match error {
            CallError::Failed(error) => return error,
            CallError::Rejected { body, retry_after } => (body, retry_after),
        };
        let wait = retry_after
            .map_or_else(String::new, |seconds| format!(" in {}", terminal::count(seconds, "second")));
        match body {
            ErrorBody::RateLimited => {
                Self::Server(format!("too many requests from this address: try again{wait}"))
            }
            ErrorBody::Locked => Self::Server(format!(
                "too many wrong passphrases: this secret is locked, and no view was used. Try again{wait}"
            )),
            ErrorBody::Unauthorized => Self::Usage(
                "this server requires a creation token: give one with --token-file. Nothing was stored".to_owned(),
            ),
            ErrorBody::NotFound => Self::Gone(
                "there is no such secret on this server: it may never have existed, or ended more than a week ago. Check that the link is complete".to_owned(),
            ),
            body => Self::Server(format!(
                "the server rejected the request (status {}): it may be of another version",
                body.status()
            )),
        }
    }
}
