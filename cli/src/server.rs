//! A server, and the way to it: https, or this machine itself.

mod call;
mod limits;
mod transport;

use std::time::Duration;

use ureq::http::{HeaderMap, Uri};
use ureq::tls::{RootCerts, TlsConfig};
use ureq::unversioned::resolver::DefaultResolver;
use ureq::unversioned::transport::{Connector as _, DefaultConnector};
use url::{Host, Url};
use zeroize::Zeroizing;

use crate::config;
use crate::failure::Failure;
use call::Miss;
pub(crate) use call::{CLAIM_PATIENCE, No, PATIENCE};
pub(crate) use limits::Limits;
use transport::KeepsInputConnector;

/// The largest envelope of any configuration, and what JSON adds.
const LARGEST_ANSWER: u64 = 100 * 1024 * 1024;

/// A server, and the way to it.
pub(crate) struct Server {
    agent: ureq::Agent,
    origin: String,
    token: Option<Zeroizing<String>>,
}

/// A response to `GET`.
pub(crate) struct Fetched {
    /// Its status.
    pub status: u16,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body, encoded as `Content-Encoding` says.
    pub body: Vec<u8>,
}

impl Server {
    /// The one that a link names; a link without one is for the server of one's own.
    pub(crate) fn of_link(origin: &str) -> Result<Self, Failure> {
        match origin {
            "" => config::server(config::variable("IKRYPT_SERVER").as_deref()),
            _ if origin.contains("://") => Self::at(origin),
            // As people write addresses.
            _ => {
                let server = Self::at(&format!("https://{origin}"))?;
                say!("The link has no https://, and is taken for one of {}.", server.origin);
                Ok(server)
            }
        }
    }

    /// https, or this machine itself.
    pub(crate) fn at(text: &str) -> Result<Self, Failure> {
        let usage = |what: &str| Failure::Usage(format!("{text}: {what}"));
        let url = Url::parse(text).map_err(|_| usage("give an address like https://secrets.example.org"))?;
        let is_here = match url.host() {
            Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        if url.scheme() != "https" && !(url.scheme() == "http" && is_here) {
            return Err(usage(
                "only https, or this machine itself: anybody on the line could change what comes over http",
            ));
        }
        if url.path() != "/"
            || url.query().is_some()
            || url.fragment().is_some()
            || !url.username().is_empty()
        {
            return Err(usage("give only scheme, host and port"));
        }
        let tls = TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build();
        let config = ureq::Agent::config_builder()
            .tls_config(tls)
            .http_status_as_error(false)
            // What is sent is meant for this server, and no other.
            .max_redirects(0)
            .timeout_connect(Some(Duration::from_secs(10)))
            // The server closes idle connections after eight seconds.
            .max_idle_age(Duration::from_secs(5))
            .user_agent(concat!("ikrypt/", env!("CARGO_PKG_VERSION")));
        // What is meant for this machine goes through no other, whatever the environment says.
        let config = if is_here { config.proxy(None) } else { config };
        let connector = DefaultConnector::default().chain(KeepsInputConnector);
        let agent = ureq::Agent::with_parts(config.build(), connector, DefaultResolver::default());
        Ok(Self { agent, origin: url.origin().ascii_serialization(), token: None })
    }

    /// Scheme, host and port.
    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    /// The same server, which is shown a token with every call from now on.
    pub(crate) fn with_token(self, token: Option<Zeroizing<String>>) -> Self {
        Self { token, ..self }
    }

    /// A file or page, asked for with these headers.
    pub(crate) fn fetch(&self, path: &str, headers: &[(&str, &str)]) -> Result<Fetched, Failure> {
        let url = format!("{}{path}", self.origin);
        let failed = |what: String| Failure::Server(format!("{url}: {what}"));
        url.parse::<Uri>().map_err(|error| failed(error.to_string()))?;
        let mut request = self.agent.get(&url).config().timeout_global(Some(PATIENCE)).build();
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.call().map_err(|error| match self.missed(error) {
            Miss::Silence(why) => failed(why),
            Miss::Final(No::Failed(failure)) => failure,
            Miss::Final(No::Refused { .. }) => failed("refused".to_owned()),
        })?;
        let status = response.status();
        // A server that is overloaded or restarting is not one that was altered.
        if status.is_server_error() || status.as_u16() == 429 {
            return Err(failed(format!("status {status}")));
        }
        let headers = response.headers().clone();
        let body = response.into_body().into_with_config().limit(LARGEST_ANSWER).read_to_vec();
        let body = body.map_err(|error| failed(error.to_string()))?;
        Ok(Fetched { status: status.as_u16(), headers, body })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_https_or_this_machine() {
        for (given, origin) in [
            ("https://secrets.example.org/", "https://secrets.example.org"),
            ("https://secrets.example.org:8443", "https://secrets.example.org:8443"),
            ("http://127.0.0.1:3000", "http://127.0.0.1:3000"),
            ("http://[::1]:3000", "http://[::1]:3000"),
            ("http://localhost", "http://localhost"),
        ] {
            assert!(Server::at(given).is_ok_and(|server| server.origin() == origin), "{given}");
        }
        for given in [
            "http://secrets.example.org",
            "http://127.0.0.1.example.org",
            "http://localhost.example.org",
            "ftp://localhost",
            "secrets.example.org",
            "https://somebody@example.org",
            "https://example.org/path",
            "",
        ] {
            assert!(matches!(Server::at(given), Err(Failure::Usage(_))), "{given}");
        }
    }
}
