//! A server on a free port, and a client that speaks to it.

use std::sync::Arc;

use app::site::Assets;
use axum::http::HeaderMap;
use serde_json::Value;
use server::config::{Config, RateLimiting};
use server::http::shutdown::Phase;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use vault::SecretStore;

use super::{create_body, sealed};
use crate::support::{Bed, Database};
use shared_crypto::Sealed;

/// A running server over a bed's store.
pub(crate) struct Site {
    pub(crate) url: String,
    pub(crate) client: reqwest::Client,
    phase: watch::Sender<Phase>,
    serving: JoinHandle<std::io::Result<()>>,
}

/// What came back.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Site {
    pub(crate) async fn start<D: Database + ?Sized>(bed: &Bed<D>) -> Self {
        Self::start_with(bed, |config| config.protection.rate_limit = RateLimiting::Off).await
    }

    /// With the default configuration, but for what `change` changes.
    pub(crate) async fn start_with<D: Database + ?Sized>(
        bed: &Bed<D>,
        change: impl FnOnce(&mut Config),
    ) -> Self {
        Self::serve(Arc::clone(&bed.store), change).await
    }

    /// Over a store of the test's own.
    pub(crate) async fn over(store: Arc<dyn SecretStore>) -> Self {
        Self::serve(store, |config| config.protection.rate_limit = RateLimiting::Off).await
    }

    #[expect(clippy::unused_async, reason = "tests wait for a server to start")]
    async fn serve(store: Arc<dyn SecretStore>, change: impl FnOnce(&mut Config)) -> Self {
        // The sweeper stays off: expiry must not depend on it.
        let mut config = Config { sweep_interval: 0, ..Config::for_testing("sqlite:unused") };
        change(&mut config);
        let listener = server::commands::serve::bind(config.listen).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (phase, phases) = watch::channel(Phase::Serving);
        let serving = tokio::spawn(async move {
            server::commands::serve::serve(listener, &config, store, Self::assets(), phases).await
        });
        Self { url, client: reqwest::Client::new(), phase, serving }
    }

    /// Names of a site that was never built.
    pub(crate) fn assets() -> Assets {
        Assets {
            css: "/pkg/test.css".to_owned(),
            js: "/pkg/test.js".to_owned(),
            wasm: "/pkg/test.wasm".to_owned(),
            wasm_integrity: "sha256-".to_owned(),
        }
    }

    /// A call of the API.
    pub(crate) async fn call(&self, name: &str, body: &Value) -> Answer {
        self.raw(name, body.to_string()).await
    }

    /// A call with a body that need not be JSON.
    pub(crate) async fn raw(&self, name: &str, body: impl Into<reqwest::Body>) -> Answer {
        self.send(self.post(name).header("content-type", "application/json").body(body)).await
    }

    pub(crate) fn post(&self, name: &str) -> reqwest::RequestBuilder {
        self.client.post(format!("{}/api/v1/{name}", self.url))
    }

    pub(crate) async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        let response = request.send().await.unwrap();
        Answer {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: response.text().await.unwrap(),
        }
    }

    /// A stored secret and its id.
    pub(crate) async fn secret(&self, max_views: u8) -> (Sealed, String) {
        let sealed = sealed();
        let answer = self.call("create", &create_body(&sealed, max_views)).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        let id = answer.json()["id"].as_str().unwrap().to_owned();
        (sealed, id)
    }

    /// What SIGTERM does first where a drain is configured.
    pub(crate) fn drain(&self) {
        self.phase.send_replace(Phase::Draining);
    }

    /// SIGTERM, and what the server says when it has ended.
    pub(crate) async fn stop(self) -> std::io::Result<()> {
        self.phase.send_replace(Phase::Stopping);
        self.serving.await.unwrap()
    }
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// Status 404, and nothing that tells one reason from another.
    #[track_caller]
    pub(crate) fn assert_unavailable(&self) {
        assert_eq!((self.status, self.body.as_str()), (404, r#"{"error":"unavailable"}"#));
        let names: Vec<_> = self.headers.keys().map(axum::http::HeaderName::as_str).collect();
        assert!(!names.contains(&"retry-after") && !names.contains(&"location"), "{names:?}");
    }

    #[track_caller]
    pub(crate) fn assert_refused(&self, status: u16, error: &str) {
        assert_eq!((self.status, self.json()["error"].as_str()), (status, Some(error)), "{}", self.body);
        assert_eq!(self.header("content-type"), Some("application/json"));
    }
}
