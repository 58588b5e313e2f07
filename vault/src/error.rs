//! The errors that a client is told.

use shared_crypto::messages::ErrorBody;

use crate::StoreError;

/// Seconds after which a client may repeat a request that the database did not answer.
const UNAVAILABLE_RETRY_AFTER: u32 = 2;

/// An error response: its body, and the seconds after which another try may succeed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceError {
    /// The body of the response.
    pub body: ErrorBody,
    /// Seconds for `Retry-After`, if there are any.
    pub retry_after: Option<u32>,
}

impl From<ErrorBody> for ServiceError {
    fn from(body: ErrorBody) -> Self {
        let retry_after = matches!(body, ErrorBody::Unavailable).then_some(UNAVAILABLE_RETRY_AFTER);
        Self { body, retry_after }
    }
}

/// Writes the cause to the log. The client is not told.
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
