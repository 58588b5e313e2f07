//! Refusals on their way out: status, code and `Retry-After`.

use leptos::prelude::*;
use leptos::server_fn::codec::JsonEncoding;
use leptos::server_fn::error::ServerFnErrorErr;
use leptos_axum::ResponseOptions;
use serde::{Deserialize, Serialize};
use shared_crypto::wire::Refusal;

use crate::store::StoreError;

/// Seconds after which a server that could not answer is worth asking again.
const TRY_AGAIN_AFTER: u32 = 2;

/// A refusal, and how long to wait before another try.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ApiError {
    refusal: Refusal,
    #[serde(skip)]
    retry_after: Option<u32>,
}

impl ApiError {
    /// A refusal, with seconds to wait.
    pub const fn new(refusal: Refusal, retry_after: Option<u32>) -> Self {
        Self { refusal, retry_after }
    }

    /// Puts status and `Retry-After` on the answer that is being made.
    pub(crate) fn announce(&self) {
        let Some(options) = use_context::<ResponseOptions>() else { return };
        if let Ok(status) = http::StatusCode::from_u16(self.refusal.status()) {
            options.set_status(status);
        }
        if let Some(seconds) = self.retry_after {
            options.insert_header(http::header::RETRY_AFTER, seconds.into());
        }
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        let retry_after = matches!(refusal, Refusal::TryLater).then_some(TRY_AGAIN_AFTER);
        Self { refusal, retry_after }
    }
}

/// The cause goes to the log, and to nobody else.
impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Full => Refusal::StorageFull.into(),
            StoreError::Unavailable(cause) => {
                tracing::error!(cause, "the store gave no answer");
                Refusal::TryLater.into()
            }
        }
    }
}

impl FromServerFnError for ApiError {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        let refusal = match error {
            ServerFnErrorErr::Deserialization(_)
            | ServerFnErrorErr::Args(_)
            | ServerFnErrorErr::MissingArg(_) => Refusal::InvalidRequest,
            _ => Refusal::TryLater,
        };
        let error = Self::from(refusal);
        error.announce();
        error
    }
}
