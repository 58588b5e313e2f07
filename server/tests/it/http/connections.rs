//! Limits of connections: per network, and of the metrics listener.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::raw_http::{connect_from, read_to_end, status};
use super::{TestServer, limit};
use crate::support::{Sqlite, TestStore, eventually};

suite! {
    sqlite: connections_of_one_network_leave_room_for_others,
    metrics_listener_closes_surplus_and_slow_connections
}

/// Connects and sends a request. Returns the open connection if the server responds with 200.
async fn connect(source: IpAddr, address: SocketAddr, path: &str) -> Option<TcpStream> {
    let mut stream = connect_from(source, address).await.ok()?;
    stream.write_all(format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n").as_bytes()).await.ok()?;
    let mut start = [0; 12];
    stream.read_exact(&mut start).await.ok()?;
    assert_eq!(&start, b"HTTP/1.1 200");
    Some(stream)
}

/// Requests a path on a new connection and returns the status.
async fn get(source: IpAddr, address: SocketAddr, path: &str) -> u16 {
    let mut stream = connect_from(source, address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    status(&read_to_end(&mut stream).await.unwrap())
}

async fn connections_of_one_network_leave_room_for_others(test: &TestStore<Sqlite>) {
    let server = TestServer::start_with_config(test, |config| {
        config.protection.max_connections = limit(40);
        config.protection.max_connections_per_address = limit(12);
    })
    .await;
    let address = server.address();
    let attempts =
        (0..80_u8).map(|n| connect(Ipv4Addr::new(127, 1, 0, n % 8 + 1).into(), address, "/health/live"));
    let open: Vec<_> = futures::future::join_all(attempts).await.into_iter().flatten().collect();
    assert!((1..=30).contains(&open.len()), "{} of 40", open.len());
    assert_eq!(get(Ipv4Addr::new(127, 2, 0, 1).into(), address, "/health/live").await, 200);
    drop(open);
    let source = Ipv4Addr::new(127, 1, 0, 1);
    eventually(|| async { connect(source.into(), address, "/health/live").await.is_some() }).await;
}

async fn metrics_listener_closes_surplus_and_slow_connections(test: &TestStore<Sqlite>) {
    // A free port on an address that no other test uses.
    let metrics = TcpListener::bind("127.3.0.1:0").unwrap().local_addr().unwrap();
    let server = TestServer::start_with_config(test, |config| config.metrics_listen = Some(metrics)).await;
    eventually(|| async { TcpStream::connect(metrics).await.is_ok() }).await;
    let flooding_source = IpAddr::from(Ipv4Addr::new(127, 1, 0, 1));
    let attempts = (0..60).map(|_| connect(flooding_source, metrics, "/metrics"));
    let open: Vec<_> = futures::future::join_all(attempts).await.into_iter().flatten().collect();
    assert!((1..=16).contains(&open.len()), "{}", open.len());
    let other_source = IpAddr::from(Ipv4Addr::new(127, 2, 0, 1));
    assert_eq!(get(other_source, metrics, "/metrics").await, 200);
    // The listener does not wait for an incomplete head.
    let mut slow = connect_from(other_source, metrics).await.unwrap();
    slow.write_all(b"GET /metrics HTTP/1.1\r\n").await.unwrap();
    assert_eq!(read_to_end(&mut slow).await.unwrap_or_default(), "");
    drop(open);
    server.stop().await.unwrap();
}
