//! Bodies of the API's five calls, through the whole server, over a store that holds nothing.
#![no_main]

use std::sync::{Arc, LazyLock};

use app::shell::Assets;
use app::store::{
    About, Attempt, Creation, NewSecret, Opened, Outcome, Receipt, SecretStore, Stats, StoreError, Swept,
};
use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use axum::http::Request;
use chrono::{DateTime, Utc};
use http_body_util::BodyExt as _;
use libfuzzer_sys::fuzz_target;
use server::config::{Config, RateLimiting};
use server::router::router;
use server::shutdown::Phase;
use server::state::AppState;
use shared_crypto::{Digest, SecretId};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;
use tower::ServiceExt as _;

struct Nothing;

#[async_trait]
impl SecretStore for Nothing {
    async fn create(&self, _: NewSecret) -> Result<Creation, StoreError> {
        Ok(Creation::Conflict)
    }
    async fn open(&self, _: &SecretId, _: &Digest) -> Result<Option<Opened>, StoreError> {
        Ok(None)
    }
    async fn reveal(&self, _: Attempt) -> Result<Outcome, StoreError> {
        Ok(Outcome::Unavailable)
    }
    async fn receipt(&self, _: &Digest) -> Result<Option<Receipt>, StoreError> {
        Ok(None)
    }
    async fn burn(&self, _: &Digest) -> Result<Option<Receipt>, StoreError> {
        Ok(None)
    }
    async fn sweep(&self) -> Result<Swept, StoreError> {
        Ok(Swept::default())
    }
    async fn stats(&self) -> Result<Stats, StoreError> {
        Ok(Stats::default())
    }
    async fn purge(&self, _: DateTime<Utc>) -> Result<u64, StoreError> {
        Ok(0)
    }
    async fn burn_id(&self, _: &SecretId) -> Result<Option<Receipt>, StoreError> {
        Ok(None)
    }
    async fn about(&self) -> Result<About, StoreError> {
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
    let name = || "/pkg/none".to_owned();
    let assets = Assets { css: name(), js: name(), wasm: name(), wasm_integrity: name() };
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime can be had");
    // The sender is dropped: the phase stays as it is.
    let (_, phase) = watch::channel(Phase::Serving);
    (runtime, router(AppState::new(&config, Arc::new(Nothing), assets, phase)))
});

fuzz_target!(|input: &[u8]| {
    let Some((call, body)) = input.split_first() else { return };
    let call = ["create", "open", "reveal", "receipt", "burn"][usize::from(*call) % 5];
    let request = Request::post(format!("/api/v1/{call}"))
        .header("content-type", "application/json")
        .body(Body::from(body.to_vec()))
        .expect("a request of fixed parts");
    let (runtime, router) = &*SERVER;
    runtime.block_on(async {
        let response = router.clone().oneshot(request).await.expect("it never fails");
        let status = response.status().as_u16();
        assert!(matches!(status, 400 | 404 | 409 | 413), "{status}");
        let body = response.into_body().collect().await.expect("it is in memory").to_bytes();
        assert!(body.starts_with(b"{\"error\":\""));
    });
});
