//! ACCEPTANCE 37: limits of pages and files, and the readiness probe under a flood.

use futures::StreamExt as _;

use super::Site;
use crate::common::{Bed, Sqlite};

suite! { sqlite: pages_and_files_are_limited_for_each_client_and_probes_are_not }

async fn pages_and_files_are_limited_for_each_client_and_probes_are_not(bed: &Bed<Sqlite>) {
    let site = Site::start_with(bed, |config| {
        config.protection.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    })
    .await;
    let get = |client: &'static str, path: &str| {
        site.send(site.client.get(format!("{}{path}", site.url)).header("x-forwarded-for", client))
    };
    // Few of them are pages, which take long in a debug build. The limit grows by 50 in a second.
    let paths = ["/pkg/nothing.js", "/api/v1/open", "/robots.txt", "/api/nothing"];
    let requests =
        (0..3000).map(|n| get("203.0.113.1", paths[n % 4])).chain((0..1000).map(|_| get("203.0.113.1", "/")));
    let answers: Vec<_> = futures::stream::iter(requests).buffer_unordered(20).collect().await;
    let limited: Vec<_> = answers[3000..].iter().filter(|answer| answer.status == 429).collect();
    assert!(answers[..2900].iter().all(|answer| answer.status != 429) && !limited.is_empty());
    let page = limited[0];
    assert_eq!(page.header("content-type"), Some("text/plain; charset=utf-8"));
    assert!(page.headers.contains_key("retry-after") && page.headers.contains_key("content-security-policy"));
    assert_eq!(get("203.0.113.2", "/").await.status, 200);
    let probes =
        (0..4000).map(|n| get("203.0.113.1", if n % 2 == 0 { "/health/ready" } else { "/health/live" }));
    let answers: Vec<_> = futures::stream::iter(probes).buffer_unordered(20).collect().await;
    assert!(answers.iter().all(|answer| answer.status == 200));
}
