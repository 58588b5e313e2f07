//! Response headers. Browsers act on them, so they are compared like pages.

use std::collections::BTreeSet;

use ureq::http::{HeaderMap, HeaderValue};

/// Headers of caches, connections and proxies, which do not change what a page does.
const NEUTRAL: [&str; 24] = [
    "accept-ranges",
    "age",
    "alt-svc",
    "cache-control",
    "connection",
    "content-length",
    "date",
    "etag",
    "expires",
    "fly-request-id",
    "keep-alive",
    "last-modified",
    "pragma",
    "priority",
    "rndr-id",
    "server",
    "server-timing",
    "strict-transport-security",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "vary",
    "via",
    "warning",
];
/// Prefixes of the headers that proxies add. Browsers ignore them, except those in [`OBEYED`].
const PROXY_PREFIXES: [&str; 2] = ["x-", "cf-"];
/// Headers with such a prefix that browsers act on.
const OBEYED: [&str; 6] = [
    "x-content-security-policy",
    "x-content-security-policy-report-only",
    "x-sourcemap",
    "x-webkit-csp",
    "x-webkit-csp-report-only",
    "x-xss-protection",
];

/// Compares the headers of a response with those that the build sends, and returns the differences. Adds the names of
/// headers that were not compared to `ignored`. [`super::encoding::decode`] checks `Content-Encoding`.
pub(super) fn compare<'a>(
    headers: &HeaderMap,
    built: impl Iterator<Item = (&'a str, &'a str)>,
    ignored: &mut BTreeSet<String>,
) -> Vec<String> {
    let mut differences = Vec::new();
    let mut known = BTreeSet::from(["content-encoding"]);
    for (name, value) in built {
        known.insert(name);
        let mut others = headers.get_all(name).iter().filter(|other| *other != value);
        if !headers.contains_key(name) {
            differences.push(format!("without the header {name}"));
        } else if let Some(other) = others.next() {
            differences.push(format!("another {name}: {other:?}"));
        }
    }
    for (name, value) in headers.iter().filter(|(name, _)| !known.contains(name.as_str())) {
        let name = name.as_str();
        let is_from_proxy =
            PROXY_PREFIXES.iter().any(|prefix| name.starts_with(prefix)) && !OBEYED.contains(&name);
        if NEUTRAL.contains(&name) || is_from_proxy {
            ignored.insert(name.to_owned());
        } else {
            differences.push(format!("the header {name}, which the build does not send: {value:?}"));
        }
    }
    differences
}

/// Returns the nonce in a content security policy. Empty if there is none, or none of the right form: 16 bytes in
/// base64url, as in a claim.
pub(super) fn nonce(policy: Option<&HeaderValue>) -> String {
    let policy = policy.and_then(|policy| policy.to_str().ok()).unwrap_or_default();
    let nonce = policy.split_once("'nonce-").and_then(|(_, rest)| rest.split('\'').next());
    nonce.filter(|nonce| shared_crypto::Claim::decode(nonce).is_ok()).unwrap_or_default().to_owned()
}
