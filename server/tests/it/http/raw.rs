//! Requests written by hand, from any address of this machine.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

use super::Site;

/// Longest wait for the server in these tests; far more than any of its own limits.
const LONGEST: Duration = Duration::from_secs(90);

/// The address of a site's listener.
pub(super) fn address(site: &Site) -> SocketAddr {
    site.url.trim_start_matches("http://").parse().unwrap()
}

/// Connects from an address: every one of 127.0.0.0/8 is this machine's.
pub(super) async fn connect_from(source: IpAddr, server: SocketAddr) -> std::io::Result<TcpStream> {
    let socket = if source.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.bind((source, 0).into())?;
    socket.connect(server).await
}

/// The head of a request to the API; what is given ends with an empty line.
pub(super) fn post(call: &str, headers: &str) -> String {
    format!("POST /api/v1/{call} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n{headers}")
}

/// Everything that the server sends until it closes the connection. A reset is an error.
pub(super) async fn read_to_end(server: &mut TcpStream) -> std::io::Result<String> {
    let mut said = Vec::new();
    let read = server.read_to_end(&mut said);
    tokio::select! {
        read = read => read?,
        () = tokio::time::sleep(LONGEST) => panic!("the server neither answers nor closes"),
    };
    Ok(String::from_utf8_lossy(&said).into_owned())
}

/// Writes all of it, and only then reads: a client that is blind to an early response.
pub(super) async fn write_then_read(
    server: &mut TcpStream,
    head: &str,
    body: usize,
) -> std::io::Result<String> {
    server.write_all(head.as_bytes()).await?;
    let chunk = vec![b' '; 64 * 1024];
    let mut left = body;
    while left > 0 {
        let part = left.min(chunk.len());
        server.write_all(&chunk[..part]).await?;
        left -= part;
    }
    read_to_end(server).await
}

/// The status of a response.
pub(super) fn status(response: &str) -> u16 {
    let status = response.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3));
    status.and_then(|status| status.parse().ok()).unwrap_or_else(|| panic!("no status in {response:?}"))
}
