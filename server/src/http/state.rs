//! What every handler has: the rules, and what the pages know of this instance.

use std::net::SocketAddr;
use std::sync::Arc;

use app::site::{Assets, Site};
use axum::http::HeaderMap;
use ipnet::IpNet;
use tokio::sync::watch;
use vault::SecretStore;
use vault::{SecretService, StorageQuota};

use crate::config::{Config, CreationTokens};
use crate::http::middleware::concurrency::{ConcurrencyLimit, ConcurrencyPermit};
use crate::http::middleware::origin::OriginPolicy;
use crate::http::middleware::rate_limit::RateLimits;
use crate::http::middleware::rate_limit_key::RateLimitKey;
use crate::http::readiness::Readiness;
use crate::http::shutdown::Phase;
use crate::telemetry::metrics::{InstrumentedStore, Shared};

/// Cheap to clone, which every layer does for every request; the same for all of them.
#[derive(Clone)]
pub struct AppState(Arc<Inner>);

struct Inner {
    service: SecretService,
    site: Site,
    store: Arc<dyn SecretStore>,
    metrics: Shared,
    quota: Arc<StorageQuota>,
    limits: Option<RateLimits>,
    in_flight: Option<Arc<ConcurrencyLimit>>,
    body_memory: Arc<ConcurrencyLimit>,
    readiness: Readiness,
    trusted_proxies: Vec<IpNet>,
    tokens: Option<CreationTokens>,
    origins: OriginPolicy,
    phase: watch::Receiver<Phase>,
    strict_transport_security: Option<&'static str>,
}

impl AppState {
    /// The state of a server with this configuration, store and site.
    pub fn new(
        config: &Config,
        store: Arc<dyn SecretStore>,
        assets: Assets,
        phase: watch::Receiver<Phase>,
    ) -> Self {
        let metrics = Shared::default();
        let store: Arc<dyn SecretStore> = Arc::new(InstrumentedStore::new(store, Arc::clone(&metrics)));
        let limits = config.limits();
        let operator = config.operator.operator();
        let tokens = config.protection.creation_tokens.clone();
        let public_url = config.http.canonical_url().map(str::to_owned);
        let site = Site { public_url, limits, needs_token: tokens.is_some(), assets, operator };
        let quota = Arc::new(StorageQuota::new(config.protection.storage_quota));
        Self(Arc::new(Inner {
            service: SecretService::new(Arc::clone(&store), limits, Arc::clone(&quota)),
            site,
            store,
            metrics,
            quota,
            limits: RateLimits::new(&config.protection),
            in_flight: config.protection.most_in_flight().map(ConcurrencyLimit::new),
            body_memory: ConcurrencyLimit::new(config.protection.most_body_memory(limits.max_body_bytes())),
            readiness: Readiness::default(),
            trusted_proxies: config.protection.trusted_proxies.clone(),
            tokens,
            origins: OriginPolicy::new(config.http.public_urls.clone()),
            phase,
            strict_transport_security: config.http.strict_transport_security(),
        }))
    }

    /// How much is stored, against what may be.
    pub(crate) fn quota(&self) -> Arc<StorageQuota> {
        Arc::clone(&self.0.quota)
    }

    /// The store, counted.
    pub(crate) fn store(&self) -> Arc<dyn SecretStore> {
        Arc::clone(&self.0.store)
    }

    /// What is counted.
    pub(crate) fn metrics(&self) -> Shared {
        Arc::clone(&self.0.metrics)
    }

    /// Whether the server is about to stop.
    pub(crate) fn is_draining(&self) -> bool {
        *self.0.phase.borrow() != Phase::Serving
    }

    /// The value of `Strict-Transport-Security`, if it is sent.
    pub(crate) fn strict_transport_security(&self) -> Option<&'static str> {
        self.0.strict_transport_security
    }

    /// Which pages may call the API.
    pub(crate) fn origins(&self) -> &OriginPolicy {
        &self.0.origins
    }

    /// Who asks.
    pub(crate) fn client(&self, peer: SocketAddr, headers: &HeaderMap) -> RateLimitKey {
        RateLimitKey::of(peer, headers, &self.0.trusted_proxies)
    }

    /// The rate limits, unless they are switched off.
    pub(crate) fn rate_limits(&self) -> Option<&RateLimits> {
        self.0.limits.as_ref()
    }

    /// The limit on requests in flight, unless limits are switched off.
    pub(crate) fn in_flight(&self) -> Option<&Arc<ConcurrencyLimit>> {
        self.0.in_flight.as_ref()
    }

    /// Counts the memory of a client's body, of which nothing has been read yet.
    pub(crate) fn body_memory(&self, client: Option<RateLimitKey>) -> ConcurrencyPermit {
        self.0.body_memory.empty_permit(client)
    }

    /// Reports whether the database answers.
    pub(crate) async fn is_ready(&self) -> bool {
        let store = self.store();
        self.0.readiness.is_ready(async move { store.ping().await.is_ok() }).await
    }

    /// The tokens of which a create must present one, if there are any.
    pub(crate) fn creation_tokens(&self) -> Option<&CreationTokens> {
        self.0.tokens.as_ref()
    }

    pub(crate) fn service(&self) -> &SecretService {
        &self.0.service
    }

    pub(crate) fn site(&self) -> &Site {
        &self.0.site
    }

    /// Every public URL; the first is the canonical one.
    pub(crate) fn public_urls(&self) -> &[String] {
        self.0.origins.public_urls()
    }

    pub(crate) fn public_url(&self) -> Option<&str> {
        self.0.site.public_url.as_deref()
    }

    pub(crate) fn max_body_bytes(&self) -> usize {
        self.0.site.limits.max_body_bytes()
    }
}
