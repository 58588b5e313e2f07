//! Error responses of the server functions: status, body and `Retry-After`.

use leptos::prelude::*;
use leptos::server_fn::codec::JsonEncoding;
use leptos::server_fn::error::ServerFnErrorErr;
use leptos_axum::ResponseOptions;
use serde::{Deserialize, Serialize};
use shared_crypto::messages::ErrorBody;
use vault::ServiceError;

/// An error of a server function, serialised as its [`ErrorBody`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ApiError {
    body: ErrorBody,
    #[serde(skip)]
    retry_after: Option<u32>,
}

impl ApiError {
    /// Sets the status and `Retry-After` of the current response.
    pub(crate) fn set_response_head(&self) {
        let Some(options) = use_context::<ResponseOptions>() else { return };
        if let Ok(status) = http::StatusCode::from_u16(self.body.status()) {
            options.set_status(status);
        }
        if let Some(seconds) = self.retry_after {
            options.insert_header(http::header::RETRY_AFTER, seconds.into());
        }
    }
}

impl From<ServiceError> for ApiError {
    fn from(ServiceError { body, retry_after }: ServiceError) -> Self {
        Self { body, retry_after }
    }
}

impl FromServerFnError for ApiError {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        let body = match error {
            ServerFnErrorErr::Deserialization(_)
            | ServerFnErrorErr::Args(_)
            | ServerFnErrorErr::MissingArg(_) => ErrorBody::InvalidRequest,
            _ => ErrorBody::Unavailable,
        };
        let error = Self::from(ServiceError::from(body));
        error.set_response_head();
        error
    }
}
