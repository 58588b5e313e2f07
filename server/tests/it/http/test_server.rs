//! A server on a free port, and a client for it.

use std::net::SocketAddr;
use std::sync::Arc;

use app::site::Assets;
use axum::http::HeaderMap;
use serde_json::Value;
use server::config::{Config, RateLimiting};
use server::http::shutdown::Phase;
use shared_crypto::Sealed;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use vault::SecretStore;

use super::{create_body, sealed_secret};
use crate::support::{Database, TestStore};

/// A running server in this process.
pub(crate) struct TestServer {
    pub(crate) url: String,
    pub(crate) client: reqwest::Client,
    phase: watch::Sender<Phase>,
    serving: JoinHandle<std::io::Result<()>>,
}

/// A response with its whole body.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl TestServer {
    /// Starts a server without rate limits on the test's store.
    pub(crate) async fn start<D: Database + ?Sized>(test: &TestStore<D>) -> Self {
        Self::with_store(Arc::clone(&test.store)).await
    }

    /// Starts a server on the test's store. Its configuration is the default one after `change`.
    pub(crate) async fn start_with_config<D: Database + ?Sized>(
        test: &TestStore<D>,
        change: impl FnOnce(&mut Config),
    ) -> Self {
        Self::serve(Arc::clone(&test.store), change).await
    }

    /// Starts a server without rate limits on this store.
    pub(crate) async fn with_store(store: Arc<dyn SecretStore>) -> Self {
        Self::serve(store, |config| config.protection.rate_limit = RateLimiting::Off).await
    }

    #[expect(clippy::unused_async, reason = "starting a server is asynchronous for its callers")]
    async fn serve(store: Arc<dyn SecretStore>, change: impl FnOnce(&mut Config)) -> Self {
        // The cleanup task stays off, since expiry must not depend on it.
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

    /// Returns the names of assets that were never built.
    pub(crate) fn assets() -> Assets {
        Assets {
            css: "/pkg/test.css".to_owned(),
            js: "/pkg/test.js".to_owned(),
            wasm: "/pkg/test.wasm".to_owned(),
            wasm_integrity: "sha256-".to_owned(),
        }
    }

    /// Returns the address of the listener.
    pub(crate) fn address(&self) -> SocketAddr {
        self.url.trim_start_matches("http://").parse().unwrap()
    }

    /// Calls the API with a JSON body.
    pub(crate) async fn call(&self, name: &str, body: &Value) -> Response {
        self.call_raw(name, body.to_string()).await
    }

    /// Calls the API with a body that need not be JSON.
    pub(crate) async fn call_raw(&self, name: &str, body: impl Into<reqwest::Body>) -> Response {
        self.send(self.post(name).header("content-type", "application/json").body(body)).await
    }

    /// Builds a request to the API without a body.
    pub(crate) fn post(&self, name: &str) -> reqwest::RequestBuilder {
        self.client.post(format!("{}/api/v1/{name}", self.url))
    }

    /// Requests a path with GET.
    pub(crate) async fn get(&self, path: &str) -> Response {
        self.send(self.client.get(format!("{}{path}", self.url))).await
    }

    /// Requests a path with GET, from an address that a trusted proxy forwards.
    pub(crate) async fn get_from(&self, client: &str, path: &str) -> Response {
        self.send(self.client.get(format!("{}{path}", self.url)).header("x-forwarded-for", client)).await
    }

    /// Sends a request and reads the response.
    pub(crate) async fn send(&self, request: reqwest::RequestBuilder) -> Response {
        let response = request.send().await.unwrap();
        Response {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: response.text().await.unwrap(),
        }
    }

    /// Creates a secret through the API, and returns it with its id.
    pub(crate) async fn secret(&self, max_views: u8) -> (Sealed, String) {
        let secret = sealed_secret();
        let created = self.call("create", &create_body(&secret, max_views)).await;
        assert_eq!(created.status, 201, "{}", created.body);
        let id = created.json()["id"].as_str().unwrap().to_owned();
        (secret, id)
    }

    /// Starts to drain, as SIGTERM does if a drain is configured.
    pub(crate) fn drain(&self) {
        self.phase.send_replace(Phase::Draining);
    }

    /// Stops the server as SIGTERM does, and returns its result.
    pub(crate) async fn stop(self) -> std::io::Result<()> {
        self.phase.send_replace(Phase::Stopping);
        self.serving.await.unwrap()
    }
}

impl Response {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// Asserts status 404 with a body and headers that do not reveal the reason.
    #[track_caller]
    pub(crate) fn assert_not_found(&self) {
        assert_eq!((self.status, self.body.as_str()), (404, r#"{"error":"unavailable"}"#));
        let names: Vec<_> = self.headers.keys().map(axum::http::HeaderName::as_str).collect();
        assert!(!names.contains(&"retry-after") && !names.contains(&"location"), "{names:?}");
    }

    /// Asserts a status and the error code in the JSON body.
    #[track_caller]
    pub(crate) fn assert_error(&self, status: u16, error: &str) {
        assert_eq!((self.status, self.json()["error"].as_str()), (status, Some(error)), "{}", self.body);
        assert_eq!(self.header("content-type"), Some("application/json"));
    }
}
