//! ACCEPTANCE 56: connections of a network, and those of the metrics listener.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::num::NonZeroU32;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::Site;
use super::raw::{address, connect_from, read_to_end, status};
use crate::support::{Bed, Sqlite, eventually};

suite! {
    sqlite: one_network_leaves_connections_for_others,
    metrics_listener_closes_surplus_and_slow_connections
}

/// Connects, and returns the connection, which stays open, if the server answers a request on it.
async fn connect(source: IpAddr, server: SocketAddr, path: &str) -> Option<TcpStream> {
    let mut stream = connect_from(source, server).await.ok()?;
    stream.write_all(format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n").as_bytes()).await.ok()?;
    let mut start = [0; 12];
    stream.read_exact(&mut start).await.ok()?;
    assert_eq!(&start, b"HTTP/1.1 200");
    Some(stream)
}

async fn get(source: IpAddr, server: SocketAddr, path: &str) -> u16 {
    let mut stream = connect_from(source, server).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    status(&read_to_end(&mut stream).await.unwrap())
}

async fn one_network_leaves_connections_for_others(bed: &Bed<Sqlite>) {
    let site = Site::start_with(bed, |config| {
        config.protection.max_connections = NonZeroU32::new(40).unwrap();
        config.protection.max_connections_per_address = NonZeroU32::new(12).unwrap();
    })
    .await;
    let server = address(&site);
    let tries =
        (0..80_u8).map(|n| connect(Ipv4Addr::new(127, 1, 0, n % 8 + 1).into(), server, "/health/live"));
    let held: Vec<_> = futures::future::join_all(tries).await.into_iter().flatten().collect();
    assert!((1..=30).contains(&held.len()), "{} of 40", held.len());
    assert_eq!(get(Ipv4Addr::new(127, 2, 0, 1).into(), server, "/health/live").await, 200);
    drop(held);
    let here = Ipv4Addr::new(127, 1, 0, 1);
    eventually(|| async { connect(here.into(), server, "/health/live").await.is_some() }).await;
}

async fn metrics_listener_closes_surplus_and_slow_connections(bed: &Bed<Sqlite>) {
    // A port that was free a moment ago, on an address that no other test connects from or listens on.
    let metrics = TcpListener::bind("127.3.0.1:0").unwrap().local_addr().unwrap();
    let site = Site::start_with(bed, |config| config.metrics_listen = Some(metrics)).await;
    eventually(|| async { TcpStream::connect(metrics).await.is_ok() }).await;
    let flooding = IpAddr::from(Ipv4Addr::new(127, 1, 0, 1));
    let tries = (0..60).map(|_| connect(flooding, metrics, "/metrics"));
    let held: Vec<_> = futures::future::join_all(tries).await.into_iter().flatten().collect();
    assert!((1..=16).contains(&held.len()), "{}", held.len());
    let elsewhere = IpAddr::from(Ipv4Addr::new(127, 2, 0, 1));
    assert_eq!(get(elsewhere, metrics, "/metrics").await, 200);
    // Half a head is not waited for.
    let mut slow = connect_from(elsewhere, metrics).await.unwrap();
    slow.write_all(b"GET /metrics HTTP/1.1\r\n").await.unwrap();
    assert_eq!(read_to_end(&mut slow).await.unwrap_or_default(), "");
    drop(held);
    site.stop().await.unwrap();
}
