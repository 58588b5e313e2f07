//! ACCEPTANCE 37, 38 and 56: requests that are refused or never end are counted too, and leave room for other clients.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZeroU32;
use std::time::Duration;

use futures::StreamExt as _;
use futures::future::join_all;
use shared_crypto::{Payload, SealingKeys, seal};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::raw::{address, connect_from, post, status};
use super::{Site, create_body};
use crate::support::{Bed, Sqlite, eventually};

suite! {
    sqlite: cross_site_requests_are_limited_and_only_the_two_health_checks_are_exempt,
    bytes_of_unfinished_bodies_are_counted,
    stalled_bodies_of_three_networks_leave_memory_for_a_large_secret,
    trickling_client_does_not_keep_its_connection_after_an_early_response
}

async fn cross_site_requests_are_limited_and_only_the_two_health_checks_are_exempt(bed: &Bed<Sqlite>) {
    let site = Site::start_with(bed, |config| {
        config.protection.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    })
    .await;
    let cross_site = async |call: &str| {
        let request = site.post(call).header("x-forwarded-for", "203.0.113.1");
        site.send(request.header("sec-fetch-site", "cross-site").body("{}")).await.status
    };
    let calls = ["open", "create", "burn"];
    let requests = (0..3600).map(|at| cross_site(calls[at % calls.len()]));
    let statuses: Vec<_> = futures::stream::iter(requests).buffer_unordered(40).collect().await;
    assert_eq!(statuses.iter().copied().collect::<BTreeSet<_>>(), BTreeSet::from([403, 429]));
    assert!(statuses.iter().filter(|status| **status == 403).count() >= 3000);
    // The limit is empty when a request is refused; a full one for another would need a minute.
    let get = async |path: &str, client: &str| {
        let request = site.client.get(format!("{}{path}", site.url)).header("x-forwarded-for", client);
        site.send(request).await.status
    };
    for path in ["/health/x", "/health/", "/health/live/", "/health/ready/more", "/health%2Flive", "/"] {
        eventually(|| async { get(path, "203.0.113.1").await == 429 }).await;
    }
    for path in ["/health/live", "/health/ready", "/health/live?x"] {
        assert_eq!(get(path, "203.0.113.1").await, 200, "{path}");
    }
    assert_eq!(get("/health/x", "203.0.113.2").await, 404);
}

/// Starts a create from an address, and sends so much of a body that does not end.
async fn start(site: &Site, source: Ipv4Addr, headers: &str, body: &[u8]) -> TcpStream {
    let mut server = connect_from(source.into(), address(site)).await.unwrap();
    let _ = server.write_all(post("create", headers).as_bytes()).await;
    let _ = server.write_all(body).await;
    server
}

/// The status that the server answers with.
async fn answered(mut server: TcpStream) -> u16 {
    let mut said = [0; 12];
    server.read_exact(&mut said).await.unwrap();
    status(&String::from_utf8_lossy(&said))
}

async fn bytes_of_unfinished_bodies_are_counted(bed: &Bed<Sqlite>) {
    let site = Site::start_with(bed, |config| {
        config.protection.mebibytes_per_hour = NonZeroU32::new(2).unwrap();
    })
    .await;
    let chunk = [&b"13d620\r\n"[..], &vec![b' '; 1_300_000]].concat();
    for (host, headers, body) in [
        (1, "content-length: 1300000\r\n\r\n", &[][..]),
        (2, "content-length: 1300000\r\n\r\n", &chunk[8..1_000_000]),
        (3, "transfer-encoding: chunked\r\n\r\n", &chunk[..]),
    ] {
        let source = Ipv4Addr::new(127, 7, host, 1);
        let bodies = join_all((0..2).map(|_| start(&site, source, headers, body))).await;
        let mut statuses = join_all(bodies.into_iter().map(answered)).await;
        statuses.sort_unstable();
        // Two are more than 2 MiB, so that one is refused, and the other one is waited for. Without a length both may
        // be refused on the way.
        let is_expected = matches!(statuses[..], [408, 429]) || (host == 3 && statuses == [429, 429]);
        assert!(is_expected, "{statuses:?} for {headers:?} and {} bytes", body.len());
    }
}

async fn stalled_bodies_of_three_networks_leave_memory_for_a_large_secret(bed: &Bed<Sqlite>) {
    let site = Site::start_with(bed, |_| {}).await;
    let sources = (0..60_u8).map(|n| Ipv4Addr::new(127, 8, n % 3, n / 3 % 2 + 1));
    let body = vec![b' '; 1 << 20];
    let headers = "content-length: 1300000\r\n\r\n";
    let stalled = join_all(sources.map(|source| start(&site, source, headers, &body))).await;
    let large = seal(&Payload::text("x".repeat(900_000)), SealingKeys::generate().unwrap(), None).unwrap();
    assert_eq!(site.call("create", &create_body(&large, 1)).await.status, 201);
    // They held memory all the time: each network is refused more than its share.
    let statuses = join_all(stalled.into_iter().map(answered)).await;
    let count = |wanted: u16| statuses.iter().filter(|status| **status == wanted).count();
    assert!(count(408) >= 30 && count(429) >= 6, "{statuses:?}");
}

async fn trickling_client_does_not_keep_its_connection_after_an_early_response(bed: &Bed<Sqlite>) {
    let site = Site::start_with(bed, |config| {
        config.protection.max_connections = NonZeroU32::new(2).unwrap();
    })
    .await;
    let here = IpAddr::from(Ipv4Addr::LOCALHOST);
    let trickle = async |head: String| {
        let mut server = connect_from(here, address(&site)).await.unwrap();
        server.write_all(head.as_bytes()).await.unwrap();
        let write = async |server: &mut TcpStream| server.write_all(b" ").await.is_ok();
        while write(&mut server).await {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    };
    // The server resets each of them long before the minute that a fast client may take.
    let path = "POST /nothing HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\n".to_owned();
    let large = post("create", "content-length: 999999999\r\n\r\n");
    let ended = async { futures::join!(trickle(path), trickle(large)) };
    let end = tokio::time::Instant::now() + Duration::from_secs(30);
    assert!(tokio::time::timeout_at(end, ended).await.is_ok(), "a connection is still held");
    let url = format!("{}/health/live", site.url);
    eventually(|| async { site.client.get(&url).send().await.is_ok_and(|answer| answer.status() == 200) })
        .await;
}
