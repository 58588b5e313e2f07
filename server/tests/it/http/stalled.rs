//! ACCEPTANCE 56 and 38: bodies that stall, the memory that bodies take, and requests in flight.

use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::future::join_all;
use shared_crypto::{Payload, SealingKeys, seal};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::raw::{address, connect_from, post, read_to_end, status};
use super::{Site, create_body, reveal_body};
use crate::support::{Bed, LONGEST_WAIT, MANY_FILES, Sqlite, eventually, run_apart};

suite! {
    sqlite: body_that_stalls_is_dropped_whatever_it_sent_before,
    requests_in_flight_of_one_client_are_limited_behind_a_proxy_too
}

/// Bytes that a stalled body has sent, and those that it announced.
const SENT: usize = 1 << 20;
const ANNOUNCED: usize = 1_300_000;

/// Bytes a second that are more than the server asks for.
const STEADY: usize = 8192;

/// Starts a create whose body stalls after these bytes. The write ends early if the server refuses the body.
async fn stall(source: IpAddr, site: &Site, sent: usize) -> TcpStream {
    let mut server = connect_from(source, address(site)).await.unwrap();
    let head = post("create", &format!("content-length: {ANNOUNCED}\r\n\r\n"));
    let _ = server.write_all(head.as_bytes()).await;
    let _ = server.write_all(&vec![b' '; sent]).await;
    server
}

async fn body_that_stalls_is_dropped_whatever_it_sent_before(bed: &Bed<Sqlite>) {
    let site = Site::start(bed).await;
    let here = IpAddr::from(Ipv4Addr::LOCALHOST);
    let silent = async |sent: usize| {
        let mut server = stall(here, &site, sent).await;
        let stalled = Instant::now();
        let response = read_to_end(&mut server).await.unwrap();
        (status(&response), stalled.elapsed())
    };
    // A byte now and then does not count as progress.
    let trickling = async |sent: usize| {
        let (mut from, mut to) = stall(here, &site, sent).await.into_split();
        let stalled = Instant::now();
        let trickle = tokio::spawn(async move {
            while to.write_all(b" ").await.is_ok() {
                tokio::time::sleep(Duration::from_secs(2)).await;
            }
        });
        let mut said = [0; 12];
        from.read_exact(&mut said).await.unwrap();
        trickle.abort();
        (status(&String::from_utf8_lossy(&said)), stalled.elapsed())
    };
    let dropped = futures::join!(silent(0), silent(SENT), silent(40_000), trickling(SENT), trickling(10));
    for (status, after) in [dropped.0, dropped.1, dropped.2, dropped.3, dropped.4] {
        assert_eq!(status, 408);
        assert!(after > Duration::from_secs(5) && after < LONGEST_WAIT, "{after:?}");
    }
    // A body that comes slowly all the time is taken: 8 KiB a second, for longer than a pause may last.
    let large = seal(&Payload::text("x".repeat(60_000)), SealingKeys::generate().unwrap(), None).unwrap();
    let body = create_body(&large, 1).to_string();
    let mut server = connect_from(here, address(&site)).await.unwrap();
    let head = post("create", &format!("connection: close\r\ncontent-length: {}\r\n\r\n", body.len()));
    server.write_all(head.as_bytes()).await.unwrap();
    for part in body.as_bytes().chunks(STEADY) {
        tokio::time::sleep(Duration::from_secs(1)).await;
        server.write_all(part).await.unwrap();
    }
    assert_eq!(status(&read_to_end(&mut server).await.unwrap()), 201);
}

/// The status that a stalled body is answered with, if it arrives before the connection is reset, and when it does.
async fn answered(mut server: TcpStream) -> Option<(u16, Instant)> {
    let mut said = [0; 12];
    server.read_exact(&mut said).await.ok()?;
    Some((status(&String::from_utf8_lossy(&said)), Instant::now()))
}

/// The most of these moments that lie within one second. Bodies that are dropped within a second were all held at one
/// moment before, since each is held for eight seconds after its last byte.
fn most_within_a_second(mut moments: Vec<Instant>) -> usize {
    moments.sort_unstable();
    let until = |from: Instant| moments.partition_point(|at| *at < from + Duration::from_secs(1));
    moments.iter().enumerate().map(|(before, from)| until(*from) - before).max().unwrap_or(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn six_hundred_stalled_bodies_take_bounded_memory_and_delay_no_other_client() {
    run_apart(&["env"], MANY_FILES, "http::stalled::six_hundred_stalled_bodies").await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "runs in the process that the test above starts, which may open many files"]
async fn six_hundred_stalled_bodies() {
    let bed = Bed::make(Sqlite::fresh()).await;
    let site = Site::start_with(&bed, |config| {
        config.protection.creates_per_minute = NonZeroU32::new(10_000).unwrap();
        config.protection.creates_per_minute_in_all = NonZeroU32::new(100_000).unwrap();
    })
    .await;
    // 60 clients in six networks, which all are refused more than their share.
    let sources = (0..600_u32).map(|n| Ipv4Addr::new(127, 1, (n % 6) as u8, (n / 6 % 10) as u8 + 1));
    let site = Arc::new(site);
    let stalled: Vec<_> = sources
        .map(|source| {
            let site = Arc::clone(&site);
            tokio::spawn(async move { answered(stall(source.into(), &site, SENT).await).await })
        })
        .collect();
    for _ in 0..5 {
        let asked = Instant::now();
        let (secret, id) = site.secret(1).await;
        assert_eq!(site.call("reveal", &reveal_body(&secret, &id)).await.status, 200);
        eprintln!("a secret was created and revealed in {:?}", asked.elapsed());
    }
    let answers: Vec<_> = join_all(stalled).await.into_iter().filter_map(Result::unwrap).collect();
    let count = |wanted: u16| answers.iter().filter(|(status, _)| *status == wanted).count();
    let dropped = answers.iter().filter(|(status, _)| *status == 408).map(|(_, at)| *at).collect();
    // 64 MiB, of which each of these bodies takes almost 1 MiB or more: 66 at one moment. Two such groups may end within a
    // second on a busy machine; without the limit it would be 600.
    let held = most_within_a_second(dropped);
    assert!(count(408) >= 16 && held <= 132, "{held} bodies were held at one moment");
    assert!(count(429) + count(503) > 0, "no body was refused");
    assert_eq!(count(408) + count(429) + count(503), answers.len(), "{answers:?}");
    // All of it is free again.
    site.secret(1).await;
    bed.close().await;
}

async fn requests_in_flight_of_one_client_are_limited_behind_a_proxy_too(bed: &Bed<Sqlite>) {
    let site = Site::start_with(bed, |config| {
        config.protection.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
        config.protection.max_connections_per_address = NonZeroU32::new(80).unwrap();
    })
    .await;
    let start = async |client: &str| {
        let mut server = TcpStream::connect(address(&site)).await.unwrap();
        let head = format!("x-forwarded-for: {client}\r\ncontent-length: {ANNOUNCED}\r\n\r\n");
        server.write_all(post("create", &head).as_bytes()).await.unwrap();
        server
    };
    let ask = async |client: &str, path: &str| {
        let request = site.client.get(format!("{}{path}", site.url)).header("x-forwarded-for", client);
        site.send(request).await
    };
    // A quarter of the connections that a client without a proxy may have.
    let mut held = JoinSet::new();
    for _ in 0..20 {
        let mut server = start("2001:db8:1:1::7").await;
        held.spawn(async move {
            while server.write_all(&[b' '; STEADY]).await.is_ok() {
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        });
    }
    eventually(|| async { ask("2001:db8:1:1::8", "/robots.txt").await.status == 429 }).await;
    // A health check from the same address is no request of a client.
    for path in ["/health/live", "/health/ready"] {
        assert_eq!(ask("2001:db8:1:1::8", path).await.status, 200, "{path}");
    }
    for path in ["/", "/health/other", "/api/v1/open", "/robots.txt"] {
        let refused = ask("2001:db8:1:1::9", path).await;
        assert_eq!((refused.status, refused.header("retry-after")), (429, Some("1")), "{path}");
        assert!(refused.header("content-security-policy").is_some(), "{path}");
        assert_ne!(ask("2001:db8:1:2::9", path).await.status, 429, "{path}");
    }
    let refused = read_to_end(&mut start("2001:db8:1:1::7").await).await;
    assert!(refused.is_ok_and(|response| status(&response) == 429));
    drop(held);
    eventually(|| async { ask("2001:db8:1:1::9", "/").await.status == 200 }).await;
}
