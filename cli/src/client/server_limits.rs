//! The limits that a server reports.

use std::time::Duration;

use serde::Deserialize;
use shared_crypto::messages::CONFIG_PATH;

use super::{Client, MAX_RESPONSE_BYTES};
use crate::error::CommandError;
use crate::terminal;

/// Timeout of the request for the limits. Without them, the server itself rejects what is outside.
const LIMITS_TIMEOUT: Duration = Duration::from_secs(3);

/// The limits of a server, as far as it reports them: older servers report fewer or none.
///
/// Not [`shared_crypto::messages::ServerConfig`], in which most fields are required.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct ServerLimits {
    /// Most bytes of a secret.
    pub max_secret_bytes: Option<u64>,
    min_ttl_seconds: Option<u64>,
    max_ttl_seconds: Option<u64>,
    fixed_ttl_seconds: Option<u64>,
    max_views: Option<u64>,
    fixed_max_views: Option<u64>,
}

impl ServerLimits {
    /// Fails if the server would reject the lifetime or the number of views, and names the limit.
    pub(crate) fn check(&self, expires: Duration, views: u8) -> Result<(), CommandError> {
        let (ttl, views) = (expires.as_secs(), u64::from(views));
        let duration = |seconds: u64| terminal::duration(Duration::from_secs(seconds));
        let count = |views: u64| terminal::count(views, "view");
        let exceeded = [
            self.fixed_ttl_seconds.filter(|fixed| ttl != *fixed).map(|fixed| {
                ("expires", duration(ttl), format!("keeps every secret for {}", duration(fixed)))
            }),
            self.min_ttl_seconds.filter(|min| ttl < *min).map(|min| {
                ("expires", duration(ttl), format!("keeps a secret for at least {}", duration(min)))
            }),
            self.max_ttl_seconds.filter(|max| ttl > *max).map(|max| {
                ("expires", duration(ttl), format!("keeps a secret for at most {}", duration(max)))
            }),
            self.fixed_max_views
                .filter(|fixed| views != *fixed)
                .map(|fixed| ("views", count(views), format!("gives every secret {}", count(fixed)))),
            self.max_views
                .filter(|max| views > *max)
                .map(|max| ("views", count(views), format!("gives a secret at most {}", count(max)))),
        ];
        match exceeded.into_iter().flatten().next() {
            None => Ok(()),
            Some((flag, given, limit)) => Err(CommandError::Server(format!(
                "--{flag} is outside the limits: this server {limit}, and this asks for {given}. Nothing was sent"
            ))),
        }
    }
}

impl Client {
    /// Requests the limits of the server. Returns no limits if it does not report them.
    pub(crate) fn limits(&self) -> ServerLimits {
        self.request_limits().unwrap_or_default()
    }

    fn request_limits(&self) -> Option<ServerLimits> {
        let request = self.agent.get(format!("{}{CONFIG_PATH}", self.origin));
        let response = request.config().timeout_global(Some(LIMITS_TIMEOUT)).build().call().ok()?;
        if response.status() != 200 {
            return None;
        }
        let body = response.into_body().into_with_config().limit(MAX_RESPONSE_BYTES).read_to_vec().ok()?;
        serde_json::from_slice(&body).ok()
    }
}
