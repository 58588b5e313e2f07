//! Stalled bodies, the memory that bodies use, and requests in flight.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::future::join_all;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::raw_http::{connect_from, post_head, read_to_end, status};
use super::{TestServer, create_body, limit, reveal_body, sealed_text};
use crate::support::{
    LONGEST_WAIT, RAISE_FILE_LIMIT, Sqlite, TestStore, eventually, run_in_separate_process,
};

suite! {
    sqlite: stalled_body_is_dropped_regardless_of_bytes_sent,
    requests_in_flight_are_limited_per_client_behind_a_proxy
}

/// Number of bytes that a stalled body has sent.
const SENT: usize = 1 << 20;
/// Number of bytes that a stalled body has announced.
const ANNOUNCED: usize = 1_300_000;

/// Bytes a second of a body that is fast enough for the server.
const STEADY_RATE: usize = 8192;

/// Starts a create whose body stalls after `sent` bytes. The write ends early if the server refuses the body.
async fn stall(source: IpAddr, server: &TestServer, sent: usize) -> TcpStream {
    let mut stream = connect_from(source, server.address()).await.unwrap();
    let head = post_head("create", &format!("content-length: {ANNOUNCED}\r\n\r\n"));
    let _ = stream.write_all(head.as_bytes()).await;
    let _ = stream.write_all(&vec![b' '; sent]).await;
    stream
}

async fn stalled_body_is_dropped_regardless_of_bytes_sent(test: &TestStore<Sqlite>) {
    let server = TestServer::start(test).await;
    let source = IpAddr::from(Ipv4Addr::LOCALHOST);
    let silent = async |sent: usize| {
        let mut stream = stall(source, &server, sent).await;
        let stalled = Instant::now();
        let response = read_to_end(&mut stream).await.unwrap();
        (status(&response), stalled.elapsed())
    };
    // Single bytes do not count as progress.
    let trickling = async |sent: usize| {
        let (mut from, mut to) = stall(source, &server, sent).await.into_split();
        let stalled = Instant::now();
        let trickle = tokio::spawn(async move {
            while to.write_all(b" ").await.is_ok() {
                tokio::time::sleep(Duration::from_secs(2)).await;
            }
        });
        let mut start = [0; 12];
        from.read_exact(&mut start).await.unwrap();
        trickle.abort();
        (status(&String::from_utf8_lossy(&start)), stalled.elapsed())
    };
    let dropped = futures::join!(silent(0), silent(SENT), silent(40_000), trickling(SENT), trickling(10));
    for (status, after) in [dropped.0, dropped.1, dropped.2, dropped.3, dropped.4] {
        assert_eq!(status, 408);
        assert!(after > Duration::from_secs(5) && after < LONGEST_WAIT, "{after:?}");
    }
    // A slow but steady body is accepted: 8 KiB a second, for longer than a body may stall.
    let large = sealed_text("x".repeat(60_000));
    let body = create_body(&large, 1).to_string();
    let mut stream = connect_from(source, server.address()).await.unwrap();
    let head = post_head("create", &format!("connection: close\r\ncontent-length: {}\r\n\r\n", body.len()));
    stream.write_all(head.as_bytes()).await.unwrap();
    for part in body.as_bytes().chunks(STEADY_RATE) {
        tokio::time::sleep(Duration::from_secs(1)).await;
        stream.write_all(part).await.unwrap();
    }
    assert_eq!(status(&read_to_end(&mut stream).await.unwrap()), 201);
}

/// Returns the status for a stalled body and the time of its arrival, if it arrives before the connection is reset.
async fn read_status(mut stream: TcpStream) -> Option<(u16, Instant)> {
    let mut start = [0; 12];
    stream.read_exact(&mut start).await.ok()?;
    Some((status(&String::from_utf8_lossy(&start)), Instant::now()))
}

/// Returns the largest number of these times within one second. Bodies that are dropped within a second were all in memory
/// at the same time, since each is kept for eight seconds after its last byte.
fn most_within_a_second(mut times: Vec<Instant>) -> usize {
    times.sort_unstable();
    let until = |from: Instant| times.partition_point(|at| *at < from + Duration::from_secs(1));
    times.iter().enumerate().map(|(before, from)| until(*from) - before).max().unwrap_or(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn six_hundred_stalled_bodies_take_bounded_memory_and_delay_no_other_client() {
    run_in_separate_process(&["env"], RAISE_FILE_LIMIT, "http::stalled_bodies::six_hundred_stalled_bodies")
        .await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "not run directly: the test above starts it in a process that may open many files"]
async fn six_hundred_stalled_bodies() {
    let test = TestStore::connect(Sqlite::create()).await;
    let server = TestServer::start_with_config(&test, |config| {
        config.protection.creates_per_minute = limit(10_000);
        config.protection.creates_per_minute_in_all = limit(100_000);
    })
    .await;
    // 60 clients in six networks, each of which is refused more than its share.
    let sources = (0..600_u32).map(|n| Ipv4Addr::new(127, 1, (n % 6) as u8, (n / 6 % 10) as u8 + 1));
    let server = Arc::new(server);
    let stalled: Vec<_> = sources
        .map(|source| {
            let server = Arc::clone(&server);
            tokio::spawn(async move { read_status(stall(source.into(), &server, SENT).await).await })
        })
        .collect();
    for _ in 0..5 {
        let started = Instant::now();
        let (secret, id) = server.secret(1).await;
        assert_eq!(server.call("reveal", &reveal_body(&secret, &id)).await.status, 200);
        eprintln!("a secret was created and revealed in {:?}", started.elapsed());
    }
    let responses: Vec<_> = join_all(stalled).await.into_iter().filter_map(Result::unwrap).collect();
    let count = |expected: u16| responses.iter().filter(|(status, _)| *status == expected).count();
    let dropped = responses.iter().filter(|(status, _)| *status == 408).map(|(_, at)| *at).collect();
    // The limit is 64 MiB and a body uses about 1 MiB: 66 at the same time. Two such groups may end within a second on a
    // busy machine. Without the limit it would be 600.
    let concurrent = most_within_a_second(dropped);
    assert!(count(408) >= 16 && concurrent <= 132, "{concurrent} bodies were in memory at the same time");
    assert!(count(429) + count(503) > 0, "no body was refused");
    assert_eq!(count(408) + count(429) + count(503), responses.len(), "{responses:?}");
    // The memory is available again.
    server.secret(1).await;
    test.close().await;
}

async fn requests_in_flight_are_limited_per_client_behind_a_proxy(test: &TestStore<Sqlite>) {
    let server = TestServer::start_with_config(test, |config| {
        config.protection.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
        config.protection.max_connections_per_address = limit(80);
    })
    .await;
    let start = async |client: &str| {
        let mut stream = TcpStream::connect(server.address()).await.unwrap();
        let head = format!("x-forwarded-for: {client}\r\ncontent-length: {ANNOUNCED}\r\n\r\n");
        stream.write_all(post_head("create", &head).as_bytes()).await.unwrap();
        stream
    };
    // A client behind a proxy may have a quarter of the connections of one without as requests in flight.
    let mut uploads = JoinSet::new();
    for _ in 0..20 {
        let mut stream = start("2001:db8:1:1::7").await;
        uploads.spawn(async move {
            while stream.write_all(&[b' '; STEADY_RATE]).await.is_ok() {
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        });
    }
    eventually(|| async { server.get_from("2001:db8:1:1::8", "/robots.txt").await.status == 429 }).await;
    // Health checks from the same address do not count.
    for path in ["/health/live", "/health/ready"] {
        assert_eq!(server.get_from("2001:db8:1:1::8", path).await.status, 200, "{path}");
    }
    for path in ["/", "/health/other", "/api/v1/open", "/robots.txt"] {
        let refused = server.get_from("2001:db8:1:1::9", path).await;
        assert_eq!((refused.status, refused.header("retry-after")), (429, Some("1")), "{path}");
        assert!(refused.header("content-security-policy").is_some(), "{path}");
        assert_ne!(server.get_from("2001:db8:1:2::9", path).await.status, 429, "{path}");
    }
    let refused = read_to_end(&mut start("2001:db8:1:1::7").await).await;
    assert!(refused.is_ok_and(|response| status(&response) == 429));
    drop(uploads);
    eventually(|| async { server.get_from("2001:db8:1:1::9", "/").await.status == 200 }).await;
}
