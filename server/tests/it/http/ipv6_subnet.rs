//! A flood from one IPv6 /64, with real addresses in a separate network namespace.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::time::Instant;

use futures::future::join_all;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::process::Command;

use super::raw_http::{connect_from, post_head, read_to_end, status};
use super::{TestServer, reveal_body};
use crate::support::{LONGEST_WAIT, RAISE_FILE_LIMIT, Sqlite, TestStore, run_in_separate_process};

/// Address of the server.
const SERVER: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 9, 9, 0, 0, 0, 1);
/// Address of a client in another network than the flooding ones.
const OTHER_CLIENT: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 2, 2, 0, 0, 0, 1);

/// Returns an address of the flooding /64.
fn flooding_address(host: u16) -> Ipv6Addr {
    Ipv6Addr::new(0x2001, 0xdb8, 1, 1, 0, 0, 0, host)
}

/// Number of flooding addresses.
const HOSTS: u16 = 100;

#[tokio::test(flavor = "multi_thread")]
async fn flood_from_one_ipv6_subnet_leaves_capacity_for_other_clients() {
    let namespace = ["unshare", "--net"];
    let allowed = Command::new(namespace[0]).args(&namespace[1..]).arg("true").output().await;
    if !allowed.is_ok_and(|output| output.status.success()) {
        assert!(std::env::var_os("CI").is_none(), "CI must be allowed to create a network namespace");
        eprintln!("SKIPPED: a network namespace needs Linux and root; CI has both");
        return;
    }
    let addresses = (1..=HOSTS).map(flooding_address).chain([SERVER, OTHER_CLIENT]);
    let add = addresses.map(|address| format!("ip -6 addr add {address}/128 dev lo nodad"));
    let prepare = format!(
        "{RAISE_FILE_LIMIT}; PATH=$PATH:/usr/sbin:/sbin; ip link set lo up; {}",
        add.collect::<Vec<_>>().join("; ")
    );
    run_in_separate_process(
        &namespace,
        &prepare,
        "http::ipv6_subnet::flood_from_one_ipv6_subnet_in_namespace",
    )
    .await;
}

/// Opens a connection that sends nothing, half a head or half a body, in turn.
async fn open_stalled(index: u16, address: SocketAddr) -> Option<TcpStream> {
    let mut stream = connect_from(IpAddr::from(flooding_address(index % HOSTS + 1)), address).await.ok()?;
    let bytes = match index % 3 {
        0 => String::new(),
        1 => "GET / HTTP/1.1\r\n".to_owned(),
        _ => format!("{}{}", post_head("create", "content-length: 100000\r\n\r\n"), " ".repeat(50_000)),
    };
    stream.write_all(bytes.as_bytes()).await.ok()?;
    Some(stream)
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "not run directly: the test above starts it in a network namespace"]
async fn flood_from_one_ipv6_subnet_in_namespace() {
    let test = TestStore::connect(Sqlite::create()).await;
    let mut server = TestServer::start_with_config(&test, |config| config.listen = (SERVER, 0).into()).await;
    server.client = reqwest::Client::builder().local_address(IpAddr::from(OTHER_CLIENT)).build().unwrap();
    let address = server.address();

    let stalled: Vec<_> = join_all((0..900).map(|index| open_stalled(index, address))).await;
    for _ in 0..5 {
        let started = Instant::now();
        let (secret, id) = server.secret(1).await;
        assert_eq!(server.call("reveal", &reveal_body(&secret, &id)).await.status, 200);
        assert!(started.elapsed() < LONGEST_WAIT, "{:?}", started.elapsed());
    }
    // The server closes the stalled connections after a timeout.
    let stalled = stalled.into_iter().flatten().map(|mut stream| async move {
        let _ = read_to_end(&mut stream).await;
    });
    join_all(stalled).await;

    // All addresses of the subnet count as one client.
    let mut limited = 0;
    // The limit regains two requests a second.
    for index in 0..5000 {
        if limited >= 50 {
            break;
        }
        let mut stream =
            connect_from(IpAddr::from(flooding_address(index % HOSTS + 1)), address).await.unwrap();
        let request = post_head("create", "content-length: 2\r\nconnection: close\r\n\r\n{}");
        stream.write_all(request.as_bytes()).await.unwrap();
        limited += u32::from(status(&read_to_end(&mut stream).await.unwrap()) == 429);
    }
    assert!(limited >= 50, "{limited}");
    server.secret(1).await;
    test.close().await;
}
