//! Headers of responses. A browser obeys them as it obeys a page, so they are compared as well.

use std::collections::BTreeSet;

use ureq::http::{HeaderMap, HeaderValue};

/// Headers of caching, connections and machines on the way: they change nothing of what a page does.
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
/// Proxies name headers of their own like this, and browsers ignore them,
const OF_PROXIES: [&str; 2] = ["x-", "cf-"];
/// except these.
const OBEYED: [&str; 6] = [
    "x-content-security-policy",
    "x-content-security-policy-report-only",
    "x-sourcemap",
    "x-webkit-csp",
    "x-webkit-csp-report-only",
    "x-xss-protection",
];

/// Compares the headers of a response with those that the build sends, and returns the differences. Adds to
/// `ignored` the names of headers that were not compared. [`super::encoding::decode`] checks the encoding.
pub(super) fn check<'a>(
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
        let is_of_proxy = OF_PROXIES.iter().any(|prefix| name.starts_with(prefix)) && !OBEYED.contains(&name);
        if NEUTRAL.contains(&name) || is_of_proxy {
            ignored.insert(name.to_owned());
        } else {
            differences.push(format!("the header {name}, which the build does not send: {value:?}"));
        }
    }
    differences
}

/// The nonce in a content security policy; empty where there is none of the right form.
pub(super) fn nonce(policy: Option<&HeaderValue>) -> String {
    let policy = policy.and_then(|policy| policy.to_str().ok()).unwrap_or_default();
    let nonce = policy.split_once("'nonce-").and_then(|(_, rest)| rest.split('\'').next());
    nonce.filter(|nonce| shared_crypto::Claim::decode(nonce).is_ok()).unwrap_or_default().to_owned()
}
