//! Rate limits of pages and files, and health checks during a flood.

use futures::StreamExt as _;

use super::TestServer;
use crate::support::{Sqlite, TestStore};

suite! { sqlite: pages_and_files_are_rate_limited_per_client_and_health_checks_are_exempt }

async fn pages_and_files_are_rate_limited_per_client_and_health_checks_are_exempt(test: &TestStore<Sqlite>) {
    let server = TestServer::start_with_config(test, |config| {
        config.protection.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    })
    .await;
    // A client may send 3,000 requests at once, and 50 more for every second that passes. None of these is for a page,
    // since pages are slow in a debug build.
    let paths = ["/pkg/nothing.js", "/api/v1/open", "/robots.txt", "/api/nothing"];
    let (mut accepted, mut is_limited) = (0, false);
    while !is_limited {
        assert!(accepted < 20_000, "no limit after {accepted} requests");
        let requests = (0..200).map(|n| server.get_from("203.0.113.1", paths[n % 4]));
        let responses: Vec<_> = futures::stream::iter(requests).buffer_unordered(20).collect().await;
        let limited = responses.iter().filter(|response| response.status == 429).count();
        (accepted, is_limited) = (accepted + responses.len() - limited, limited > 0);
    }
    assert!(accepted >= 3000, "limited after {accepted} requests");
    // The other requests use the capacity that the limit regains.
    let mut pages = Vec::new();
    for _ in 0..100 {
        let requests =
            (0..200).map(|n| server.get_from("203.0.113.1", if n % 20 == 19 { "/" } else { paths[n % 4] }));
        let responses = futures::future::join_all(requests).await;
        pages.extend(responses.into_iter().skip(19).step_by(20).filter(|response| response.status == 429));
        if !pages.is_empty() {
            break;
        }
    }
    let page = pages.first().expect("pages must be limited too");
    assert_eq!(page.header("content-type"), Some("text/plain; charset=utf-8"));
    assert!(page.headers.contains_key("retry-after") && page.headers.contains_key("content-security-policy"));
    assert_eq!(server.get_from("203.0.113.2", "/").await.status, 200);
    let checks = (0..4000)
        .map(|n| server.get_from("203.0.113.1", if n % 2 == 0 { "/health/ready" } else { "/health/live" }));
    let responses: Vec<_> = futures::stream::iter(checks).buffer_unordered(20).collect().await;
    assert!(responses.iter().all(|response| response.status == 200));
}
