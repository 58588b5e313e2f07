//! The five server functions: `POST /api/v1/...`, plain JSON in and out.

#![expect(
    missing_docs,
    reason = "the macro makes a struct of the arguments; `shared_crypto::wire` documents them"
)]

mod strict_json;

use leptos::prelude::*;
use leptos_axum::ResponseOptions;
use server_fn::codec::{Json, Post};
use shared_crypto::wire::{CreateAnswer, CreateRequest, OpenAnswer, ReceiptAnswer, Refusal, RevealAnswer};

use crate::error::ApiError;
use crate::vault::Vault;
use strict_json::StrictJson;

/// Stores a sealed secret.
#[server(prefix = "/api/v1", endpoint = "create", input = Post<StrictJson>, output = Json)]
pub async fn create(
    envelope: String,
    share: String,
    access_hash: String,
    reveal_hash: String,
    receipt_hash: String,
    ttl_seconds: u32,
    max_views: u8,
) -> Result<CreateAnswer, ApiError> {
    let request =
        CreateRequest { envelope, share, access_hash, reveal_hash, receipt_hash, ttl_seconds, max_views };
    let created = answer(vault()?.create(request).await)?;
    expect_context::<ResponseOptions>().set_status(http::StatusCode::CREATED);
    Ok(created)
}

/// Gives out the envelope. Costs no view.
#[server(prefix = "/api/v1", endpoint = "open", input = Post<StrictJson>, output = Json)]
pub async fn open(id: String, access: String) -> Result<OpenAnswer, ApiError> {
    answer(vault()?.open(&id, &access).await)
}

/// Gives out the share. Costs one view.
#[server(prefix = "/api/v1", endpoint = "reveal", input = Post<StrictJson>, output = Json)]
pub async fn reveal(
    id: String,
    access: String,
    reveal: String,
    claim: String,
) -> Result<RevealAnswer, ApiError> {
    answer(vault()?.reveal(&id, &access, &reveal, &claim).await)
}

/// Says what became of a secret.
#[server(prefix = "/api/v1", endpoint = "receipt", input = Post<StrictJson>, output = Json)]
pub async fn receipt(token: String) -> Result<ReceiptAnswer, ApiError> {
    answer(vault()?.receipt(&token).await)
}

/// Burns a secret.
#[server(prefix = "/api/v1", endpoint = "burn", input = Post<StrictJson>, output = Json)]
pub async fn burn(token: String) -> Result<ReceiptAnswer, ApiError> {
    answer(vault()?.burn(&token).await)
}

fn vault() -> Result<Vault, ApiError> {
    answer(use_context::<Vault>().ok_or_else(|| Refusal::TryLater.into()))
}

fn answer<T>(result: Result<T, ApiError>) -> Result<T, ApiError> {
    result.inspect_err(ApiError::announce)
}
