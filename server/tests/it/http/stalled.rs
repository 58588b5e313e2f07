//! ACCEPTANCE 56 and 38: bodies that stall, the memory that bodies take, and requests in flight.

use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use futures::future::join_all;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::raw::{address, connect_from, post, read_to_end, status};
use super::{Site, create_body, reveal_body, sealed};
use crate::common::{Bed, MANY_FILES, Sqlite, eventually, run_apart};

suite! {
    sqlite: body_that_stalls_is_dropped_whatever_it_sent_before,
    requests_in_flight_of_one_client_are_limited_behind_a_proxy_too
}

/// Bytes that a stalled body has sent, and those that it announced.
const SENT: usize = 1 << 20;
const ANNOUNCED: usize = 1_300_000;

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
        assert!(after > Duration::from_secs(5) && after < Duration::from_secs(20), "{after:?}");
    }
    // A body that comes slowly all the time is taken.
    let body = create_body(&sealed(), 1).to_string();
    let mut server = connect_from(here, address(&site)).await.unwrap();
    let head = post("create", &format!("connection: close\r\ncontent-length: {}\r\n\r\n", body.len()));
    server.write_all(head.as_bytes()).await.unwrap();
    for part in body.as_bytes().chunks(body.len().div_ceil(4)) {
        tokio::time::sleep(Duration::from_secs(1)).await;
        server.write_all(part).await.unwrap();
    }
    assert_eq!(status(&read_to_end(&mut server).await.unwrap()), 201);
}

/// The statuses that refused bodies have been answered with; the other bodies are still read, or are dropped later.
async fn refused(connections: Vec<TcpStream>) -> Vec<u16> {
    let responses = connections.into_iter().map(|mut server| async move {
        let mut said = [0; 12];
        let read = server.read_exact(&mut said).await;
        read.is_ok().then(|| status(&String::from_utf8_lossy(&said)))
    });
    join_all(responses).await.into_iter().flatten().collect()
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
    let stalled = join_all(sources.map(|source| stall(source.into(), &site, SENT))).await;
    for _ in 0..5 {
        let asked = Instant::now();
        let (secret, id) = site.secret(1).await;
        assert_eq!(site.call("reveal", &reveal_body(&secret, &id)).await.status, 200);
        eprintln!("a secret was created and revealed in {:?}", asked.elapsed());
    }
    let statuses = refused(stalled).await;
    let count = |wanted: u16| statuses.iter().filter(|status| **status == wanted).count();
    // 64 MiB, of which each of these bodies takes almost 1 MiB or more.
    assert!(count(408) <= 66, "{} bodies were held", count(408));
    assert!(count(408) >= 16, "{} bodies were held", count(408));
    assert_eq!(count(408) + count(429) + count(503), statuses.len(), "{statuses:?}");
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
        let head = post("open", &format!("x-forwarded-for: {client}\r\ncontent-length: 9\r\n\r\n"));
        server.write_all(head.as_bytes()).await.unwrap();
        server
    };
    let ask = async |client: &str, path: &str| {
        let request = site.client.get(format!("{}{path}", site.url)).header("x-forwarded-for", client);
        site.send(request).await
    };
    // A quarter of the connections that a client without a proxy may have.
    let mut held = Vec::new();
    for _ in 0..20 {
        held.push(start("2001:db8:1:1::7").await);
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
