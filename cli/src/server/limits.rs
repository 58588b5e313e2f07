//! What a server takes, as it says itself.

use std::time::Duration;

use serde::Deserialize;

use super::{LARGEST_ANSWER, Server};

/// Where newer servers list their limits; older ones have nothing there.
const PATH: &str = "/api/v1/config";
/// A server that does not answer this soon is asked nothing: it will say what it refuses.
const TIMEOUT: Duration = Duration::from_secs(3);

/// The part of the answer that is used here.
#[derive(Deserialize)]
struct Limits {
    max_secret_bytes: u64,
}

impl Server {
    /// The most bytes that a secret may have on this server, if it says so.
    pub(crate) fn max_secret_bytes(&self) -> Option<u64> {
        let request = self.agent.get(format!("{}{PATH}", self.origin));
        let response = request.config().timeout_global(Some(TIMEOUT)).build().call().ok()?;
        if response.status() != 200 {
            return None;
        }
        let body = response.into_body().into_with_config().limit(LARGEST_ANSWER).read_to_vec().ok()?;
        serde_json::from_slice(&body).ok().map(|limits: Limits| limits.max_secret_bytes)
    }
}
