//! Protection against cross-site request forgery: only the server's own pages may call the API.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use axum::http::header::{HOST, ORIGIN};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Uri};

use crate::config::parse_origin;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
/// Maximum number of different refusals that are logged: a client can invent any number.
const MAX_LOGGED: usize = 8;
/// Maximum length of a header value in the log.
const MAX_LOGGED_CHARS: usize = 100;

/// Decides which origins are this server's own.
pub(crate) struct OriginPolicy {
    public_urls: Vec<String>,
    logged: Mutex<HashSet<[String; 3]>>,
}

impl OriginPolicy {
    /// Accepts the requested host, and these origins.
    pub(crate) fn new(public_urls: Vec<String>) -> Self {
        Self { public_urls, logged: Mutex::default() }
    }

    /// Returns the origins that are accepted for every requested host.
    pub(crate) fn public_urls(&self) -> &[String] {
        &self.public_urls
    }

    /// Reports whether a request is allowed.
    ///
    /// `Sec-Fetch-Site` decides if it is present: the browser compares the origins itself, and no proxy that rewrites
    /// `Host` can interfere. Otherwise `Origin` must be the requested host or a public URL. A client that is not a
    /// browser sends neither header, and is allowed.
    pub(crate) fn allows(&self, headers: &HeaderMap, uri: &Uri) -> bool {
        let host = host(headers, uri);
        let is_allowed = if headers.contains_key(SEC_FETCH_SITE) {
            headers.get_all(SEC_FETCH_SITE).iter().all(|site| site == "same-origin" || site == "none")
        } else {
            headers.get_all(ORIGIN).iter().all(|origin| self.is_own(origin, host))
        };
        if !is_allowed {
            self.log_refusal(headers, host);
        }
        is_allowed
    }

    /// Compares the origin of a page with the requested host. A proxy may have terminated TLS, so the scheme, and
    /// with it the default port, is that of `Origin`.
    fn is_own(&self, origin: &HeaderValue, host: Option<&str>) -> bool {
        let Some(text) = origin.to_str().ok() else { return false };
        let (Some((scheme, _)), Ok(origin)) = (text.split_once("://"), parse_origin(text)) else {
            return false;
        };
        self.public_urls.contains(&origin)
            || host.is_some_and(|host| parse_origin(&format!("{scheme}://{host}")) == Ok(origin))
    }

    /// Logs each combination of header values once, with what to change if the page is the server's own.
    fn log_refusal(&self, headers: &HeaderMap, host: Option<&str>) {
        let [site, origin] = [SEC_FETCH_SITE, ORIGIN]
            .map(|name| printable(headers.get(name).map(HeaderValue::as_bytes).unwrap_or_default()));
        let host = printable(host.unwrap_or_default().as_bytes());
        {
            let mut logged = self.logged.lock().unwrap_or_else(PoisonError::into_inner);
            if logged.len() >= MAX_LOGGED || !logged.insert([site.clone(), origin.clone(), host.clone()]) {
                return;
            }
        }
        if site.is_empty() {
            tracing::warn!(
                origin,
                host,
                "refused a request because Origin is neither Host nor a public URL: if the page is this server's, let \
                 the proxy pass Host on, or add its origin to --public-url (IKRYPT_PUBLIC_URL)"
            );
        } else {
            tracing::warn!(
                sec_fetch_site = site,
                origin,
                host,
                "refused a request because the browser sent it for a page of another origin: if the page is this \
                 server's, serve pages and /api/ under the same scheme, host and port"
            );
        }
    }
}

/// Returns the requested host: `Host`, or the authority of an absolute URI. `None` if there are several `Host` headers.
fn host<'a>(headers: &'a HeaderMap, uri: &'a Uri) -> Option<&'a str> {
    let mut hosts = headers.get_all(HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(host), None) => host.to_str().ok(),
        (Some(_), Some(_)) => None,
        (None, _) => uri.authority().map(axum::http::uri::Authority::as_str),
    }
}

/// Returns the beginning of a header value, and replaces every byte that cannot be in a scheme, host or port.
fn printable(value: &[u8]) -> String {
    let keep = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:/[]".contains(&byte);
    value.iter().take(MAX_LOGGED_CHARS).map(|&byte| if keep(byte) { char::from(byte) } else { '?' }).collect()
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::Arc;

    use axum::http::Request;

    use super::*;

    fn allows(policy: &OriginPolicy, uri: &str, headers: &[(&str, &str)]) -> bool {
        let mut request = Request::builder().uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        policy.allows(&parts.headers, &parts.uri)
    }

    #[test]
    fn origin_equals_host_after_normalisation() {
        let policy = OriginPolicy::new(Vec::new());
        for (origin, host, is_own) in [
            ("https://a.example", "a.example:443", true),
            ("https://a.example", "a.example", true),
            ("http://a.example", "a.example:80", true),
            ("https://a.example:8443", "A.Example:8443", true),
            ("https://[2001:db8::1]", "[2001:db8:0::1]:443", true),
            ("http://[::1]:3000", "[::1]:3000", true),
            ("https://a.example", "a.example:8443", false),
            ("https://a.example:8443", "a.example", false),
            ("http://a.example", "a.example:443", false),
            ("https://a.example", "b.example", false),
            ("https://a.example", "evil.example#a.example", false),
            ("https://a.example", "evil@a.example", false),
            ("https://a.example/x", "a.example", false),
            ("https://[::1]", "[::2]", false),
            ("null", "a.example", false),
            ("null", "null", false),
            ("", "a.example", false),
            ("https://", "", false),
            ("moz-extension://a.example", "a.example", false),
            ("a.example", "a.example", false),
        ] {
            let allowed = allows(&policy, "/api/v1/open", &[("origin", origin), ("host", host)]);
            assert_eq!(allowed, is_own, "{origin} {host}");
        }
        assert!(allows(&policy, "http://a.example/api/v1/open", &[("origin", "https://a.example")]));
        let two_hosts = [("origin", "https://a.example"), ("host", "a.example"), ("host", "b.example")];
        assert!(!allows(&policy, "/api/v1/open", &two_hosts));
        let two_origins =
            [("origin", "https://a.example"), ("origin", "https://b.example"), ("host", "a.example")];
        assert!(!allows(&policy, "/api/v1/open", &two_origins));
    }

    #[test]
    fn sec_fetch_site_takes_precedence_over_origin() {
        let policy = OriginPolicy::new(vec!["https://a.example".to_owned()]);
        for (site, is_allowed) in [
            ("same-origin", true),
            ("none", true),
            ("same-site", false),
            ("cross-site", false),
            ("", false),
            ("SAME-ORIGIN", false),
            ("same-origin, cross-site", false),
        ] {
            for origin in ["https://a.example", "https://b.example", "null"] {
                let headers = [("sec-fetch-site", site), ("origin", origin), ("host", "10.0.0.1:3000")];
                assert_eq!(allows(&policy, "/", &headers), is_allowed, "{site} {origin}");
            }
        }
        assert!(!allows(&policy, "/", &[("sec-fetch-site", "none"), ("sec-fetch-site", "cross-site")]));
    }

    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Log {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// Returns the lines that are logged while a policy decides about these requests.
    fn logged<'a>(requests: impl IntoIterator<Item = Vec<(&'a str, &'a str)>>) -> Vec<String> {
        let log = Log::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt()
            .without_time()
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .finish();
        let policy = OriginPolicy::new(Vec::new());
        tracing::subscriber::with_default(subscriber, || {
            for headers in requests {
                allows(&policy, "/", &headers);
            }
        });
        let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn refusal_is_logged_once_with_its_values_and_the_remedy() {
        let rewritten = || vec![("origin", "https://a.example"), ("host", "10.0.0.1:3000")];
        let lines = logged([rewritten(), rewritten(), rewritten()]);
        assert_eq!(lines.len(), 1, "{lines:?}");
        for part in [r#"origin="https://a.example""#, r#"host="10.0.0.1:3000""#, "IKRYPT_PUBLIC_URL"] {
            assert!(lines[0].contains(part), "{lines:?}");
        }
        let lines = logged([
            vec![("sec-fetch-site", "same-site"), ("origin", "https://www.a.example"), ("host", "a.example")],
            rewritten(),
            vec![("host", "a.example")],
        ]);
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert!(lines[0].contains(r#"sec_fetch_site="same-site""#), "{lines:?}");
    }

    #[test]
    fn log_of_refusals_is_bounded_and_escapes_header_values() {
        let origins: Vec<_> = (0..50).map(|number| format!("https://{number}.example")).collect();
        let lines =
            logged(origins.iter().map(|origin| vec![("origin", origin.as_str()), ("host", "a.example")]));
        assert_eq!(lines.len(), MAX_LOGGED);
        let long = format!("https://{}", "a".repeat(5000));
        let lines = logged([vec![("origin", long.as_str())], vec![("origin", "x\" level=error {}")]]);
        assert!(lines[0].len() < 500, "{}", lines[0].len());
        assert!(lines[1].contains(r#"origin="x??level?error???""#), "{lines:?}");
    }
}
