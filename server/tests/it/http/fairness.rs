//! Refused and unfinished requests count toward the limits, and leave capacity for other clients.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use futures::StreamExt as _;
use futures::future::join_all;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::raw_http::{connect_from, post_head, status};
use super::{TestServer, create_body, limit, sealed_text};
use crate::support::{Sqlite, TestStore, eventually};

suite! {
    sqlite: cross_site_requests_are_rate_limited_and_only_health_checks_are_exempt,
    bytes_of_unfinished_bodies_count_toward_the_byte_limit,
    stalled_bodies_of_three_networks_leave_memory_for_a_large_secret,
    slow_client_loses_its_connection_after_an_early_response
}

async fn cross_site_requests_are_rate_limited_and_only_health_checks_are_exempt(test: &TestStore<Sqlite>) {
    let server = TestServer::start_with_config(test, |config| {
        config.protection.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    })
    .await;
    let cross_site = async |call: &str| {
        let request = server.post(call).header("x-forwarded-for", "203.0.113.1");
        server.send(request.header("sec-fetch-site", "cross-site").body("{}")).await.status
    };
    let calls = ["open", "create", "burn"];
    let requests = (0..3600).map(|at| cross_site(calls[at % calls.len()]));
    let statuses: Vec<_> = futures::stream::iter(requests).buffer_unordered(40).collect().await;
    assert_eq!(statuses.iter().copied().collect::<BTreeSet<_>>(), BTreeSet::from([403, 429]));
    assert!(statuses.iter().filter(|status| **status == 403).count() >= 3000);
    // The limit is used up now. If another path had its own limit, it would take a minute to use that up.
    for path in ["/health/x", "/health/", "/health/live/", "/health/ready/more", "/health%2Flive", "/"] {
        eventually(|| async { server.get_from("203.0.113.1", path).await.status == 429 }).await;
    }
    for path in ["/health/live", "/health/ready", "/health/live?x"] {
        assert_eq!(server.get_from("203.0.113.1", path).await.status, 200, "{path}");
    }
    assert_eq!(server.get_from("203.0.113.2", "/health/x").await.status, 404);
}

/// Starts a create from this address, and sends the beginning of a body that does not end.
async fn start_create(server: &TestServer, source: Ipv4Addr, headers: &str, body: &[u8]) -> TcpStream {
    let mut stream = connect_from(source.into(), server.address()).await.unwrap();
    let _ = stream.write_all(post_head("create", headers).as_bytes()).await;
    let _ = stream.write_all(body).await;
    stream
}

/// Waits for the response and returns its status.
async fn read_status(mut stream: TcpStream) -> u16 {
    let mut start = [0; 12];
    stream.read_exact(&mut start).await.unwrap();
    status(&String::from_utf8_lossy(&start))
}

async fn bytes_of_unfinished_bodies_count_toward_the_byte_limit(test: &TestStore<Sqlite>) {
    let server = TestServer::start_with_config(test, |config| {
        config.protection.mebibytes_per_hour = limit(2);
    })
    .await;
    let chunk = [&b"13d620\r\n"[..], &vec![b' '; 1_300_000]].concat();
    for (host, headers, body) in [
        (1, "content-length: 1300000\r\n\r\n", &[][..]),
        (2, "content-length: 1300000\r\n\r\n", &chunk[8..1_000_000]),
        (3, "transfer-encoding: chunked\r\n\r\n", &chunk[..]),
    ] {
        let source = Ipv4Addr::new(127, 7, host, 1);
        let bodies = join_all((0..2).map(|_| start_create(&server, source, headers, body))).await;
        let mut statuses = join_all(bodies.into_iter().map(read_status)).await;
        statuses.sort_unstable();
        // Two bodies exceed 2 MiB, so one is refused and the other times out. Without a length both may be refused while
        // they are read.
        let is_expected = matches!(statuses[..], [408, 429]) || (host == 3 && statuses == [429, 429]);
        assert!(is_expected, "{statuses:?} for {headers:?} and {} bytes", body.len());
    }
}

async fn stalled_bodies_of_three_networks_leave_memory_for_a_large_secret(test: &TestStore<Sqlite>) {
    let server = TestServer::start_with_config(test, |_| {}).await;
    let sources = (0..60_u8).map(|n| Ipv4Addr::new(127, 8, n % 3, n / 3 % 2 + 1));
    let body = vec![b' '; 1 << 20];
    let headers = "content-length: 1300000\r\n\r\n";
    let stalled = join_all(sources.map(|source| start_create(&server, source, headers, &body))).await;
    let large = sealed_text("x".repeat(900_000));
    assert_eq!(server.call("create", &create_body(&large, 1)).await.status, 201);
    // The stalled bodies held memory meanwhile. Each network is refused more than its share.
    let statuses = join_all(stalled.into_iter().map(read_status)).await;
    let count = |expected: u16| statuses.iter().filter(|status| **status == expected).count();
    assert!(count(408) >= 30 && count(429) >= 6, "{statuses:?}");
}

async fn slow_client_loses_its_connection_after_an_early_response(test: &TestStore<Sqlite>) {
    let server = TestServer::start_with_config(test, |config| {
        config.protection.max_connections = limit(2);
    })
    .await;
    let source = IpAddr::from(Ipv4Addr::LOCALHOST);
    let send_slowly = async |head: String| {
        let mut stream = connect_from(source, server.address()).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        let write = async |stream: &mut TcpStream| stream.write_all(b" ").await.is_ok();
        while write(&mut stream).await {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    };
    // The server closes each connection long before the minute that it allows a fast client.
    let path = "POST /nothing HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\n".to_owned();
    let large = post_head("create", "content-length: 999999999\r\n\r\n");
    let closed = async { futures::join!(send_slowly(path), send_slowly(large)) };
    let deadline = tokio::time::Instant::now() + Duration::from_secs(30);
    assert!(tokio::time::timeout_at(deadline, closed).await.is_ok(), "the server keeps a connection open");
    let url = format!("{}/health/live", server.url);
    eventually(|| async {
        server.client.get(&url).send().await.is_ok_and(|response| response.status() == 200)
    })
    .await;
}
