//! The HTTP client: one server, over https or on this machine.

mod call;
mod error;
mod retry_after;
mod server_limits;
mod transport;

use std::time::Duration;

use ureq::http::{HeaderMap, Uri};
use ureq::tls::{RootCerts, TlsConfig};
use ureq::unversioned::resolver::DefaultResolver;
use ureq::unversioned::transport::{Connector as _, DefaultConnector};
use url::{Host, Url};
use zeroize::Zeroizing;

use crate::error::CommandError;
pub(crate) use call::{CALL_TIMEOUT, REVEAL_TIMEOUT};
use error::AttemptError;
pub(crate) use error::CallError;
pub(crate) use server_limits::ServerLimits;
use transport::BufferedInputConnector;

/// Largest response body, in bytes: the largest envelope of any configuration, with what base64url and JSON add.
const MAX_RESPONSE_BYTES: u64 = 100 * 1024 * 1024;
/// Timeout of one connection attempt.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Age at which an idle connection is not used again. The server closes idle connections after eight seconds.
const MAX_IDLE_AGE: Duration = Duration::from_secs(5);

/// An HTTP client for one server.
pub(crate) struct Client {
    agent: ureq::Agent,
    origin: String,
    token: Option<Zeroizing<String>>,
}

/// A response to `GET`, with its body read.
pub(crate) struct GetResponse {
    /// Its status.
    pub status: u16,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body, encoded as `Content-Encoding` says.
    pub body: Vec<u8>,
}

impl Client {
    /// Creates a client for the server at a URL. Accepts `https`, and `http` for this machine.
    pub(crate) fn new(text: &str) -> Result<Self, CommandError> {
        let usage = |message: &str| CommandError::Usage(format!("{text}: {message}"));
        let url =
            Url::parse(text).map_err(|_| usage("give an address such as https://secrets.example.org"))?;
        let is_loopback = match url.host() {
            Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        if url.scheme() != "https" && !(url.scheme() == "http" && is_loopback) {
            return Err(usage(
                "use https: over http, anyone on the network can read and change the data. http is accepted only for this machine",
            ));
        }
        if url.path() != "/"
            || url.query().is_some()
            || url.fragment().is_some()
            || !url.username().is_empty()
            || url.password().is_some()
        {
            return Err(usage("give only scheme, host and port"));
        }
        let tls = TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build();
        let config = ureq::Agent::config_builder()
            .tls_config(tls)
            .http_status_as_error(false)
            // A request contains proofs and tokens for this server only.
            .max_redirects(0)
            .timeout_connect(Some(CONNECT_TIMEOUT))
            .max_idle_age(MAX_IDLE_AGE)
            .user_agent(concat!("ikrypt/", env!("CARGO_PKG_VERSION")));
        // Plain http must not leave this machine, not even through a proxy that the environment names.
        let config = if is_loopback { config.proxy(None) } else { config };
        let connector = DefaultConnector::default().chain(BufferedInputConnector);
        let agent = ureq::Agent::with_parts(config.build(), connector, DefaultResolver::default());
        Ok(Self { agent, origin: url.origin().ascii_serialization(), token: None })
    }

    /// Returns scheme, host and port of the server.
    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    /// Adds a creation token, which every call from now on sends.
    pub(crate) fn with_token(self, token: Option<Zeroizing<String>>) -> Self {
        Self { token, ..self }
    }

    /// Requests a page or file once, with the given headers. Fails on 429 and 5xx: an overloaded server is not an
    /// altered one.
    pub(crate) fn get(&self, path: &str, headers: &[(&str, &str)]) -> Result<GetResponse, CommandError> {
        let url = format!("{}{path}", self.origin);
        let failed = |why: String| CommandError::Server(format!("{url}: {why}"));
        url.parse::<Uri>().map_err(|error| failed(error.to_string()))?;
        let mut request = self.agent.get(&url).config().timeout_global(Some(CALL_TIMEOUT)).build();
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.call().map_err(|error| match self.transport_error(error) {
            AttemptError::Unreachable(why) => failed(why),
            AttemptError::Final(error) => error.into(),
        })?;
        let status = response.status();
        if status.is_server_error() || status.as_u16() == 429 {
            return Err(failed(format!("status {status}")));
        }
        let headers = response.headers().clone();
        let body = response.into_body().into_with_config().limit(MAX_RESPONSE_BYTES).read_to_vec();
        let body = body.map_err(|error| failed(error.to_string()))?;
        Ok(GetResponse { status: status.as_u16(), headers, body })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn url_must_be_https_or_this_machine() {
        for (given, origin) in [
            ("https://secrets.example.org/", "https://secrets.example.org"),
            ("https://secrets.example.org:8443", "https://secrets.example.org:8443"),
            ("http://127.0.0.1:3000", "http://127.0.0.1:3000"),
            ("http://[::1]:3000", "http://[::1]:3000"),
            ("http://localhost", "http://localhost"),
        ] {
            assert!(Client::new(given).is_ok_and(|client| client.origin() == origin), "{given}");
        }
        for given in [
            "http://secrets.example.org",
            "http://127.0.0.1.example.org",
            "http://localhost.example.org",
            "ftp://localhost",
            "secrets.example.org",
            "https://user@example.org",
            "https://:password@example.org",
            "https://example.org/path",
            "",
        ] {
            assert!(matches!(Client::new(given), Err(CommandError::Usage(_))), "{given}");
        }
    }
}
