//! ACCEPTANCE 37, 38 and 56 with real addresses: one IPv6 /64 floods the server, in a network namespace of its own.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::time::Instant;

use futures::future::join_all;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::process::Command;

use super::raw::{address, connect_from, post, read_to_end, status};
use super::{Site, reveal_body};
use crate::support::{Bed, LONGEST_WAIT, MANY_FILES, Sqlite, run_apart};

/// The server's address, and one in another network than those that flood.
const SERVER: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 9, 9, 0, 0, 0, 1);
const ELSEWHERE: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 2, 2, 0, 0, 0, 1);

/// Addresses of one /64.
fn flooding(host: u16) -> Ipv6Addr {
    Ipv6Addr::new(0x2001, 0xdb8, 1, 1, 0, 0, 0, host)
}

const HOSTS: u16 = 100;

#[tokio::test(flavor = "multi_thread")]
async fn flood_from_one_ipv6_subnet_leaves_the_server_to_others() {
    let namespace = ["unshare", "--net"];
    let allowed = Command::new(namespace[0]).args(&namespace[1..]).arg("true").output().await;
    if !allowed.is_ok_and(|output| output.status.success()) {
        assert!(std::env::var_os("CI").is_none(), "CI must be allowed to make a network namespace");
        eprintln!("SKIPPED: a network namespace needs Linux and root; CI has both");
        return;
    }
    let addresses = (1..=HOSTS).map(flooding).chain([SERVER, ELSEWHERE]);
    let add = addresses.map(|address| format!("ip -6 addr add {address}/128 dev lo nodad"));
    let prepare = format!(
        "{MANY_FILES}; PATH=$PATH:/usr/sbin:/sbin; ip link set lo up; {}",
        add.collect::<Vec<_>>().join("; ")
    );
    run_apart(&namespace, &prepare, "http::subnet::in_namespace").await;
}

/// A third of them sends nothing, a third half a head, a third half a body.
async fn hold(index: u16, server: SocketAddr) -> Option<TcpStream> {
    let mut stream = connect_from(IpAddr::from(flooding(index % HOSTS + 1)), server).await.ok()?;
    let begin = match index % 3 {
        0 => String::new(),
        1 => "GET / HTTP/1.1\r\n".to_owned(),
        _ => format!("{}{}", post("create", "content-length: 100000\r\n\r\n"), " ".repeat(50_000)),
    };
    stream.write_all(begin.as_bytes()).await.ok()?;
    Some(stream)
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "runs in the network namespace that the test above makes"]
async fn in_namespace() {
    let bed = Bed::make(Sqlite::fresh()).await;
    let mut site = Site::start_with(&bed, |config| config.listen = (SERVER, 0).into()).await;
    site.client = reqwest::Client::builder().local_address(IpAddr::from(ELSEWHERE)).build().unwrap();
    let server = address(&site);

    let held: Vec<_> = join_all((0..900).map(|index| hold(index, server))).await;
    for _ in 0..5 {
        let asked = Instant::now();
        let (secret, id) = site.secret(1).await;
        assert_eq!(site.call("reveal", &reveal_body(&secret, &id)).await.status, 200);
        assert!(asked.elapsed() < LONGEST_WAIT, "{:?}", asked.elapsed());
    }
    // What is held is dropped, whatever it expected: reading waits for a while only.
    let held = held.into_iter().flatten().map(|mut stream| async move {
        let _ = read_to_end(&mut stream).await;
    });
    join_all(held).await;

    // Whatever address of the subnet asks, it is one client.
    let mut limited = 0;
    // The limit regains two requests in a second.
    for index in 0..5000 {
        if limited >= 50 {
            break;
        }
        let mut stream = connect_from(IpAddr::from(flooding(index % HOSTS + 1)), server).await.unwrap();
        let request = post("create", "content-length: 2\r\nconnection: close\r\n\r\n{}");
        stream.write_all(request.as_bytes()).await.unwrap();
        limited += u32::from(status(&read_to_end(&mut stream).await.unwrap()) == 429);
    }
    assert!(limited >= 50, "{limited}");
    site.secret(1).await;
    bed.close().await;
}
