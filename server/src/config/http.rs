//! Settings of the HTTP server: public URLs, HSTS, and the drain before a stop.

use std::time::Duration;

use clap::{Args, ValueEnum};
use url::Url;

/// The settings for browsers and load balancers.
#[derive(Debug, Clone, Args)]
pub struct HttpSettings {
    /// Address at which browsers reach this server, such as `https://secrets.example.org`; several are separated by
    /// commas. The first is the canonical one, for links and the sitemap. Pages of each address may call the API,
    /// even if a proxy changes `Host`.
    #[arg(long = "public-url", env = "IKRYPT_PUBLIC_URL", value_name = "URL", value_delimiter = ',', value_parser = parse_origin)]
    pub public_urls: Vec<String>,

    /// Hosts for which `Strict-Transport-Security` makes browsers use only https, for two years. The header is sent if
    /// the canonical public URL is https.
    #[arg(long, env = "IKRYPT_HSTS", value_enum, default_value_t = Hsts::Host)]
    pub hsts: Hsts,

    /// Seconds after SIGTERM in which requests are still served while `/health/ready` is 503, so that load balancers
    /// send new requests to other servers. Ctrl-C stops without this delay, and a second signal ends it.
    #[arg(long, env = "IKRYPT_DRAIN_DELAY", value_name = "SECONDS", default_value_t = 0, value_parser = clap::value_parser!(u16).range(..=3600))]
    pub drain_delay: u16,
}

impl HttpSettings {
    /// Returns the time in which requests are still served after SIGTERM.
    pub fn drain_delay(&self) -> Duration {
        Duration::from_secs(self.drain_delay.into())
    }

    /// Returns the value of `Strict-Transport-Security`, or `None` if the header is not sent.
    pub(crate) fn strict_transport_security(&self) -> Option<&'static str> {
        let is_https = self.canonical_url().is_some_and(|url| url.starts_with("https:"));
        match self.hsts {
            Hsts::Host if is_https => Some("max-age=63072000"),
            Hsts::Subdomains if is_https => Some("max-age=63072000; includeSubDomains"),
            Hsts::Off | Hsts::Host | Hsts::Subdomains => None,
        }
    }

    /// Returns the canonical public URL.
    pub(crate) fn canonical_url(&self) -> Option<&str> {
        self.public_urls.first().map(String::as_str)
    }
}

/// The hosts that `Strict-Transport-Security` covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Hsts {
    /// None: the server does not send the header. A proxy may.
    Off,
    /// The host of the request.
    Host,
    /// The host of the request and all its subdomains: each of them must support https.
    Subdomains,
}

/// Parses `scheme://host:port` and returns it as a browser sends it in `Origin`: lower case, without a default port.
pub(crate) fn parse_origin(text: &str) -> Result<String, String> {
    let url = Url::parse(text).map_err(|error| error.to_string())?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err("begin with https:// or http:// and name a host".to_owned());
    }
    let has_user = !url.username().is_empty() || url.password().is_some();
    if url.path() != "/" || url.query().is_some() || url.fragment().is_some() || has_user {
        return Err("give only scheme, host and port".to_owned());
    }
    Ok(url.origin().ascii_serialization())
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::config::Config;

    #[test]
    fn public_url_is_an_origin() {
        assert_eq!(
            parse_origin("https://secrets.example.org/"),
            Ok("https://secrets.example.org".to_owned())
        );
        assert_eq!(parse_origin("https://Secrets.Example:443"), Ok("https://secrets.example".to_owned()));
        assert_eq!(parse_origin("http://localhost:3000"), Ok("http://localhost:3000".to_owned()));
        for wrong in [
            "secrets.example.org",
            "ftp://x",
            "https://x/path",
            "https://u@x",
            "https://:pw@x",
            "https://x/?q",
            "https://x/#f",
            "null",
            "",
        ] {
            assert!(parse_origin(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn first_of_several_public_urls_is_canonical() {
        let read = |args: &[&str]| {
            Config::try_parse_from([&["ikrypt-server"], args].concat()).map(|config| config.http)
        };
        let both = ["https://a.example", "http://b.example:8080"];
        for args in [
            &["--public-url", "https://a.example,http://b.example:8080"][..],
            &["--public-url", "https://A.example/, http://b.example:8080/"],
            &["--public-url", "https://a.example:443", "--public-url", "http://b.example:8080"],
        ] {
            let http = read(args).unwrap();
            assert_eq!(http.public_urls, both, "{args:?}");
            assert_eq!(http.canonical_url(), Some(both[0]));
        }
        assert_eq!(read(&[]).unwrap().canonical_url(), None);
        assert!(read(&["--public-url", "https://a.example,b.example"]).is_err());
    }

    #[test]
    fn hsts_covers_subdomains_only_on_request_and_requires_https() {
        let value = |args: &[&str]| {
            let config = Config::try_parse_from([&["ikrypt-server"], args].concat()).unwrap();
            config.http.strict_transport_security()
        };
        let https = ["--public-url", "https://a.example"];
        let with = |hsts: &'static str| value(&[&https[..], &["--hsts", hsts]].concat());
        assert_eq!(value(&https), Some("max-age=63072000"));
        assert_eq!(with("host"), Some("max-age=63072000"));
        assert_eq!(with("subdomains"), Some("max-age=63072000; includeSubDomains"));
        assert_eq!(with("off"), None);
        assert_eq!(value(&["--hsts", "subdomains"]), None);
        assert_eq!(value(&["--public-url", "http://a.example", "--hsts", "subdomains"]), None);
    }
}
