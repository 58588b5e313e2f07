//! What every handler has: the rules, and what the pages know of this instance.

use std::sync::Arc;

use app::shell::{Assets, Site};
use app::store::SecretStore;
use app::vault::Vault;

use crate::config::Config;

/// Cheap to clone; the same for all requests.
#[derive(Clone)]
pub struct AppState {
    vault: Vault,
    site: Arc<Site>,
}

impl AppState {
    /// The state of a server with this configuration, store and site.
    pub fn new(config: &Config, store: Arc<dyn SecretStore>, assets: Assets) -> Self {
        let limits = config.limits();
        let operator = config.operator.operator();
        let site = Site { public_url: config.public_url.clone(), limits, assets, operator };
        Self { vault: Vault::new(store, limits), site: Arc::new(site) }
    }

    pub(crate) const fn vault(&self) -> &Vault {
        &self.vault
    }

    pub(crate) fn site(&self) -> &Site {
        &self.site
    }

    pub(crate) fn public_url(&self) -> Option<&str> {
        self.site.public_url.as_deref()
    }

    pub(crate) fn max_body_bytes(&self) -> usize {
        self.site.limits.max_body_bytes()
    }
}
