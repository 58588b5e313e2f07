//! What a server takes, as it says itself.

use std::time::Duration;

use serde::Deserialize;

use crate::failure::Failure;
use crate::terminal;

use super::{LARGEST_ANSWER, Server};

/// Where newer servers list their limits; older ones have nothing there.
const PATH: &str = "/api/v1/config";
/// A server that does not answer this soon is asked nothing: it will say what it refuses.
const TIMEOUT: Duration = Duration::from_secs(3);

/// What a server allows, as far as it says so: older servers have no such answer, or fewer fields.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Limits {
    /// Most bytes of a secret.
    pub max_secret_bytes: Option<u64>,
    min_ttl_seconds: Option<u64>,
    max_ttl_seconds: Option<u64>,
    fixed_ttl_seconds: Option<u64>,
    max_views: Option<u64>,
    fixed_max_views: Option<u64>,
}

impl Limits {
    /// Refuses a life or a number of views that the server would refuse, and names the limit.
    pub(crate) fn check(&self, expires: Duration, views: u8) -> Result<(), Failure> {
        let (seconds, views) = (expires.as_secs(), u64::from(views));
        let life = |seconds: u64| terminal::duration(Duration::from_secs(seconds));
        let times = |views: u64| terminal::count(views, "view");
        let refusals = [
            self.fixed_ttl_seconds
                .filter(|fixed| seconds != *fixed)
                .map(|fixed| ("expires", life(seconds), format!("keeps every secret for {}", life(fixed)))),
            self.min_ttl_seconds.filter(|least| seconds < *least).map(|least| {
                ("expires", life(seconds), format!("keeps a secret for at least {}", life(least)))
            }),
            self.max_ttl_seconds
                .filter(|most| seconds > *most)
                .map(|most| ("expires", life(seconds), format!("keeps a secret for at most {}", life(most)))),
            self.fixed_max_views
                .filter(|fixed| views != *fixed)
                .map(|fixed| ("views", times(views), format!("gives every secret {}", times(fixed)))),
            self.max_views
                .filter(|most| views > *most)
                .map(|most| ("views", times(views), format!("gives a secret at most {}", times(most)))),
        ];
        match refusals.into_iter().flatten().next() {
            None => Ok(()),
            Some((flag, given, limit)) => Err(Failure::Server(format!(
                "--{flag} is outside the limits: this server {limit}, and this asks for {given}. Nothing was sent"
            ))),
        }
    }
}

impl Server {
    /// Asks the server for its limits; there are none if it does not answer.
    pub(crate) fn limits(&self) -> Limits {
        self.read_limits().unwrap_or_default()
    }

    fn read_limits(&self) -> Option<Limits> {
        let request = self.agent.get(format!("{}{PATH}", self.origin));
        let response = request.config().timeout_global(Some(TIMEOUT)).build().call().ok()?;
        if response.status() != 200 {
            return None;
        }
        let body = response.into_body().into_with_config().limit(LARGEST_ANSWER).read_to_vec().ok()?;
        serde_json::from_slice(&body).ok()
    }
}
