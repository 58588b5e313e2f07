//! The errors that a client receives.

use shared_crypto::messages::ErrorBody;

use crate::StoreError;

/// Seconds after which a client may repeat a request that the database did not answer.
const UNAVAILABLE_RETRY_AFTER: u32 = 2;

/// An error response: its body, and the seconds after which another attempt may succeed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceError {
    /// The body of the response.
    pub body: ErrorBody,
    /// The value of the header `Retry-After` in seconds, if it is sent.
    pub retry_after: Option<u32>,
}

impl From<ErrorBody> for ServiceError {
    fn from(body: ErrorBody) -> Self {
        let retry_after = matches!(body, ErrorBody::Unavailable).then_some(UNAVAILABLE_RETRY_AFTER);
        Self { body, retry_after }
    }
}

/// Logs the cause, which the client does not receive.
impl From<StoreError> for ServiceError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Full => ErrorBody::StorageFull.into(),
            StoreError::Unavailable(cause) => {
                tracing::error!(cause, "the database did not answer");
                ErrorBody::Unavailable.into()
            }
        }
    }
}
