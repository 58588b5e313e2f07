//! HTTP requests as bytes on a TCP connection, from any local address.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

/// Longest wait for a response, which is far longer than any timeout of the server.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(90);

/// Connects from this address. All of 127.0.0.0/8 are local.
pub(super) async fn connect_from(source: IpAddr, address: SocketAddr) -> std::io::Result<TcpStream> {
    let socket = if source.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.bind((source, 0).into())?;
    socket.connect(address).await
}

/// Returns the head of a request to the API. `headers` must end with an empty line to complete it.
pub(super) fn post_head(call: &str, headers: &str) -> String {
    format!("POST /api/v1/{call} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n{headers}")
}

/// Reads until the server closes the connection. A reset is an error.
pub(super) async fn read_to_end(stream: &mut TcpStream) -> std::io::Result<String> {
    let mut received = Vec::new();
    let read = stream.read_to_end(&mut received);
    tokio::select! {
        read = read => read?,
        () = tokio::time::sleep(RESPONSE_TIMEOUT) => panic!("the server neither responded nor closed the connection"),
    };
    Ok(String::from_utf8_lossy(&received).into_owned())
}

/// Writes head and body completely before it reads, as a client does that ignores an early response.
pub(super) async fn write_then_read(
    stream: &mut TcpStream,
    head: &str,
    body: usize,
) -> std::io::Result<String> {
    stream.write_all(head.as_bytes()).await?;
    let chunk = vec![b' '; 64 * 1024];
    let mut remaining = body;
    while remaining > 0 {
        let length = remaining.min(chunk.len());
        stream.write_all(&chunk[..length]).await?;
        remaining -= length;
    }
    read_to_end(stream).await
}

/// Parses the status of a response.
pub(super) fn status(response: &str) -> u16 {
    let status = response.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3));
    status.and_then(|status| status.parse().ok()).unwrap_or_else(|| panic!("no status in {response:?}"))
}
