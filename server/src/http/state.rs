//! The state that middleware and handlers share.

use std::net::SocketAddr;
use std::sync::Arc;

use app::site::{Assets, Site};
use axum::http::HeaderMap;
use ipnet::IpNet;
use tokio::sync::watch;
use vault::SecretStore;
use vault::{SecretService, StorageQuota};

use crate::config::{Config, CreationTokens};
use crate::http::protection::concurrency::{ConcurrencyLimiter, ConcurrencyLimits, ConcurrencyPermit};
use crate::http::protection::origin::OriginPolicy;
use crate::http::protection::rate_limit::RateLimits;
use crate::http::protection::rate_limit_key::RateLimitKey;
use crate::http::readiness::Readiness;
use crate::http::shutdown::Phase;
use crate::telemetry::metrics::{InstrumentedStore, Metrics};

/// A handle to the state of the server. Every layer clones it for every request.
#[derive(Clone)]
pub struct AppState(Arc<Inner>);

struct Inner {
    service: SecretService,
    site: Site,
    store: Arc<dyn SecretStore>,
    metrics: Arc<Metrics>,
    quota: Arc<StorageQuota>,
    rate_limits: Option<RateLimits>,
    requests_in_flight: Option<Arc<ConcurrencyLimiter>>,
    body_memory: Arc<ConcurrencyLimiter>,
    readiness: Readiness,
    trusted_proxies: Vec<IpNet>,
    creation_tokens: Option<CreationTokens>,
    origins: OriginPolicy,
    phase: watch::Receiver<Phase>,
    strict_transport_security: Option<&'static str>,
}

impl AppState {
    /// Creates the state of a server.
    pub fn new(
        config: &Config,
        store: Arc<dyn SecretStore>,
        assets: Assets,
        phase: watch::Receiver<Phase>,
    ) -> Self {
        let metrics = Arc::<Metrics>::default();
        let store: Arc<dyn SecretStore> = Arc::new(InstrumentedStore::new(store, Arc::clone(&metrics)));
        let limits = config.limits();
        let operator = config.operator.operator();
        let creation_tokens = config.protection.creation_tokens.clone();
        let public_url = config.http.canonical_url().map(str::to_owned);
        let site = Site { public_url, limits, needs_token: creation_tokens.is_some(), assets, operator };
        let quota = Arc::new(StorageQuota::new(config.protection.storage_quota));
        Self(Arc::new(Inner {
            service: SecretService::new(Arc::clone(&store), limits, Arc::clone(&quota)),
            site,
            store,
            metrics,
            quota,
            rate_limits: RateLimits::new(&config.protection),
            requests_in_flight: ConcurrencyLimits::for_requests(&config.protection)
                .map(ConcurrencyLimiter::new),
            body_memory: ConcurrencyLimiter::new(ConcurrencyLimits::for_body_memory(
                &config.protection,
                limits.max_body_bytes(),
            )),
            readiness: Readiness::default(),
            trusted_proxies: config.protection.trusted_proxies.clone(),
            creation_tokens,
            origins: OriginPolicy::new(config.http.public_urls.clone()),
            phase,
            strict_transport_security: config.http.strict_transport_security(),
        }))
    }

    /// Returns the storage quota.
    pub(crate) fn quota(&self) -> Arc<StorageQuota> {
        Arc::clone(&self.0.quota)
    }

    /// Returns the store, which records its calls in the metrics.
    pub(crate) fn store(&self) -> Arc<dyn SecretStore> {
        Arc::clone(&self.0.store)
    }

    /// Returns the metrics.
    pub(crate) fn metrics(&self) -> Arc<Metrics> {
        Arc::clone(&self.0.metrics)
    }

    /// Reports whether the server is about to stop.
    pub(crate) fn is_draining(&self) -> bool {
        *self.0.phase.borrow() != Phase::Serving
    }

    /// Returns the value of `Strict-Transport-Security`, or `None` if the header is not sent.
    pub(crate) fn strict_transport_security(&self) -> Option<&'static str> {
        self.0.strict_transport_security
    }

    /// Returns the policy that decides which pages may call the API.
    pub(crate) fn origins(&self) -> &OriginPolicy {
        &self.0.origins
    }

    /// Returns the key by which the client of a request is limited.
    pub(crate) fn rate_limit_key(&self, peer: SocketAddr, headers: &HeaderMap) -> RateLimitKey {
        RateLimitKey::of_request(peer, headers, &self.0.trusted_proxies)
    }

    /// Returns the rate limits, or `None` if they are off.
    pub(crate) fn rate_limits(&self) -> Option<&RateLimits> {
        self.0.rate_limits.as_ref()
    }

    /// Returns the limit on requests in flight, or `None` if limits are off.
    pub(crate) fn requests_in_flight(&self) -> Option<&Arc<ConcurrencyLimiter>> {
        self.0.requests_in_flight.as_ref()
    }

    /// Returns an empty permit, to be grown while the body of a request is read.
    pub(crate) fn body_memory(&self, key: Option<RateLimitKey>) -> ConcurrencyPermit {
        self.0.body_memory.empty_permit(key)
    }

    /// Reports whether the database responds.
    pub(crate) async fn is_ready(&self) -> bool {
        let store = self.store();
        self.0.readiness.is_ready(async move { store.ping().await.is_ok() }).await
    }

    /// Returns the tokens of which a create must present one, or `None` if it needs none.
    pub(crate) fn creation_tokens(&self) -> Option<&CreationTokens> {
        self.0.creation_tokens.as_ref()
    }

    /// Returns the rules of the product.
    pub(crate) fn service(&self) -> &SecretService {
        &self.0.service
    }

    /// Returns the settings and files that pages use.
    pub(crate) fn site(&self) -> &Site {
        &self.0.site
    }

    /// Returns all public URLs. The first is the canonical one.
    pub(crate) fn public_urls(&self) -> &[String] {
        self.0.origins.public_urls()
    }

    /// Returns the canonical public URL.
    pub(crate) fn public_url(&self) -> Option<&str> {
        self.0.site.public_url.as_deref()
    }

    /// Returns the maximum size of the body of a create.
    pub(crate) fn max_body_bytes(&self) -> usize {
        self.0.site.limits.max_body_bytes()
    }
}
