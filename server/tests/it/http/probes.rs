//! ACCEPTANCE 37: limits of pages and files, and the readiness probe under a flood.

use futures::StreamExt as _;

use super::Site;
use crate::support::{Bed, Sqlite};

suite! { sqlite: pages_and_files_are_limited_for_each_client_and_probes_are_not }

async fn pages_and_files_are_limited_for_each_client_and_probes_are_not(bed: &Bed<Sqlite>) {
    let site = Site::start_with(bed, |config| {
        config.protection.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    })
    .await;
    let get = |client: &'static str, path: &str| {
        site.send(site.client.get(format!("{}{path}", site.url)).header("x-forwarded-for", client))
    };
    // A client may ask 3,000 times at once, and 50 times more with every second that this takes: no page is among them,
    // since a page takes long in a debug build.
    let paths = ["/pkg/nothing.js", "/api/v1/open", "/robots.txt", "/api/nothing"];
    let (mut served, mut is_limited) = (0, false);
    while !is_limited {
        assert!(served < 20_000, "no limit after {served} requests");
        let requests = (0..200).map(|n| get("203.0.113.1", paths[n % 4]));
        let answers: Vec<_> = futures::stream::iter(requests).buffer_unordered(20).collect().await;
        let limited = answers.iter().filter(|answer| answer.status == 429).count();
        (served, is_limited) = (served + answers.len() - limited, limited > 0);
    }
    assert!(served >= 3000, "limited after {served} requests");
    // The other requests use up what the limit regains.
    let mut pages = Vec::new();
    for _ in 0..100 {
        let requests = (0..200).map(|n| get("203.0.113.1", if n % 20 == 19 { "/" } else { paths[n % 4] }));
        let answers = futures::future::join_all(requests).await;
        pages.extend(answers.into_iter().skip(19).step_by(20).filter(|answer| answer.status == 429));
        if !pages.is_empty() {
            break;
        }
    }
    let page = pages.first().expect("pages are limited too");
    assert_eq!(page.header("content-type"), Some("text/plain; charset=utf-8"));
    assert!(page.headers.contains_key("retry-after") && page.headers.contains_key("content-security-policy"));
    assert_eq!(get("203.0.113.2", "/").await.status, 200);
    let probes =
        (0..4000).map(|n| get("203.0.113.1", if n % 2 == 0 { "/health/ready" } else { "/health/live" }));
    let answers: Vec<_> = futures::stream::iter(probes).buffer_unordered(20).collect().await;
    assert!(answers.iter().all(|answer| answer.status == 200));
}
