//! Fuzzes the bodies of all API calls, through the whole router and an empty store.
#![no_main]

use std::sync::{Arc, LazyLock};

use app::site::Assets;
use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use axum::http::Request;
use chrono::{DateTime, Utc};
use http_body_util::BodyExt as _;
use libfuzzer_sys::fuzz_target;
use server::config::{Config, RateLimiting};
use server::http::router::router;
use server::http::shutdown::Phase;
use server::http::state::AppState;
use shared_crypto::messages::Call;
use shared_crypto::{Digest, SecretId};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;
use tower::ServiceExt as _;
use vault::{
    CreateOutcome, DatabaseInfo, DeletedRows, NewSecret, OpenOutcome, Receipt, RevealAttempt, RevealOutcome,
    SecretStore, StorageStats, StoreError,
};

/// A store without secrets, in which every secret that is created conflicts.
struct EmptyStore;

#[async_trait]
impl SecretStore for EmptyStore {
    async fn create(&self, _: NewSecret) -> Result<CreateOutcome, StoreError> {
        Ok(CreateOutcome::Conflict)
    }
    async fn open(&self, _: &SecretId, _: &Digest) -> Result<Option<OpenOutcome>, StoreError> {
        Ok(None)
    }
    async fn reveal(&self, _: RevealAttempt) -> Result<RevealOutcome, StoreError> {
        Ok(RevealOutcome::NotFound)
    }
    async fn receipt(&self, _: &Digest) -> Result<Option<Receipt>, StoreError> {
        Ok(None)
    }
    async fn burn(&self, _: &Digest) -> Result<Option<Receipt>, StoreError> {
        Ok(None)
    }
    async fn delete_expired(&self) -> Result<DeletedRows, StoreError> {
        Ok(DeletedRows::default())
    }
    async fn stats(&self) -> Result<StorageStats, StoreError> {
        Ok(StorageStats::default())
    }
    async fn purge(&self, _: DateTime<Utc>) -> Result<u64, StoreError> {
        Ok(0)
    }
    async fn burn_by_id(&self, _: &SecretId) -> Result<Option<Receipt>, StoreError> {
        Ok(None)
    }
    async fn database_info(&self) -> Result<DatabaseInfo, StoreError> {
        Err(StoreError::Full)
    }
    fn connections(&self) -> (u32, u32) {
        (0, 0)
    }
    async fn ping(&self) -> Result<(), StoreError> {
        Ok(())
    }
    async fn close(&self) {}
}

static SERVER: LazyLock<(Runtime, Router)> = LazyLock::new(|| {
    let mut config = Config::for_testing("sqlite:unused");
    config.protection.rate_limit = RateLimiting::Off;
    let url = || "/pkg/none".to_owned();
    let assets = Assets { css: url(), js: url(), wasm: url(), wasm_integrity: url() };
    let runtime = Builder::new_current_thread().enable_all().build().expect("the runtime starts");
    // Without its sender, the phase never changes.
    let (_, phase) = watch::channel(Phase::Serving);
    (runtime, router(AppState::new(&config, Arc::new(EmptyStore), assets, phase)))
});

fuzz_target!(|input: &[u8]| {
    let Some((call, body)) = input.split_first() else { return };
    let call = Call::ALL[usize::from(*call) % Call::ALL.len()];
    let request = Request::post(call.path())
        .header("content-type", "application/json")
        .body(Body::from(body.to_vec()))
        .expect("the request is valid");
    let (runtime, router) = &*SERVER;
    runtime.block_on(async {
        let response = router.clone().oneshot(request).await.expect("the router is infallible");
        let status = response.status().as_u16();
        assert!(matches!(status, 400 | 404 | 409 | 413), "{status}");
        let body = response.into_body().collect().await.expect("the body is in memory").to_bytes();
        assert!(body.starts_with(b"{\"error\":\""));
    });
});
