//! The five server functions: `POST` of plain JSON at the paths of [`Call`](shared_crypto::messages::Call).

#![expect(
    missing_docs,
    reason = "the macro makes a struct of the arguments; `shared_crypto::messages` documents them"
)]

mod strict_json;

use leptos::prelude::*;
use leptos_axum::ResponseOptions;
use server_fn::codec::{Json, Post};
use shared_crypto::messages::{
    CreateRequest, CreateResponse, ErrorBody, OpenResponse, ReceiptResponse, RevealResponse,
};

use crate::error::ApiError;
use strict_json::StrictJson;
use vault::{SecretService, ServiceError};

/// Stores an encrypted secret.
#[server(prefix = "/api/v1", endpoint = "create", input = Post<StrictJson>, output = Json)]
pub async fn create(
    envelope: String,
    share: String,
    access_hash: String,
    reveal_hash: String,
    receipt_hash: String,
    ttl_seconds: u32,
    max_views: u8,
) -> Result<CreateResponse, ApiError> {
    let request =
        CreateRequest { envelope, share, access_hash, reveal_hash, receipt_hash, ttl_seconds, max_views };
    let created = respond(service()?.create(request).await)?;
    expect_context::<ResponseOptions>().set_status(http::StatusCode::CREATED);
    Ok(created)
}

/// Returns the envelope. Uses no view.
#[server(prefix = "/api/v1", endpoint = "open", input = Post<StrictJson>, output = Json)]
pub async fn open(id: String, access: String) -> Result<OpenResponse, ApiError> {
    respond(service()?.open(&id, &access).await)
}

/// Returns the server's key share. Uses one view for each claim.
#[server(prefix = "/api/v1", endpoint = "reveal", input = Post<StrictJson>, output = Json)]
pub async fn reveal(
    id: String,
    access: String,
    reveal: String,
    claim: String,
) -> Result<RevealResponse, ApiError> {
    respond(service()?.reveal(&id, &access, &reveal, &claim).await)
}

/// Returns the receipt of a secret.
#[server(prefix = "/api/v1", endpoint = "receipt", input = Post<StrictJson>, output = Json)]
pub async fn receipt(token: String) -> Result<ReceiptResponse, ApiError> {
    respond(service()?.receipt(&token).await)
}

/// Burns a secret, and returns its receipt.
#[server(prefix = "/api/v1", endpoint = "burn", input = Post<StrictJson>, output = Json)]
pub async fn burn(token: String) -> Result<ReceiptResponse, ApiError> {
    respond(service()?.burn(&token).await)
}

/// Returns the service from the context, where the server puts it for every server function.
fn service() -> Result<SecretService, ApiError> {
    respond(use_context::<SecretService>().ok_or_else(|| ErrorBody::Unavailable.into()))
}

/// Sets the status of an error, which the server function then returns as its body.
fn respond<T>(result: Result<T, ServiceError>) -> Result<T, ApiError> {
    result.map_err(ApiError::from).inspect_err(ApiError::set_response_head)
}

#[cfg(test)]
mod tests {
    use leptos::server_fn::ServerFn;
    use shared_crypto::messages::Call;

    use super::*;

    #[test]
    fn server_functions_are_served_at_the_paths_of_the_call_table() {
        let served = [Create::PATH, Open::PATH, Reveal::PATH, Receipt::PATH, Burn::PATH];
        let declared: Vec<_> = Call::ALL.iter().map(|call| call.path()).collect();
        assert_eq!(served.as_slice(), declared);
    }
}
