//! Requests that are not valid HTTP.

use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use super::TestServer;
use super::raw_http::{read_to_end, status};
use crate::support::{Sqlite, TestStore};

suite! { sqlite: malformed_request_gets_a_bare_status_or_no_response }

async fn malformed_request_gets_a_bare_status_or_no_response(test: &TestStore<Sqlite>) {
    let server = TestServer::start(test).await;
    let header = |value: String| format!("GET / HTTP/1.1\r\nhost: x\r\nx-long: {value}\r\n\r\n").into_bytes();
    let many = "x-many: 1\r\n".repeat(200);
    let client_hello = [&[0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3][..], &[0x5a; 506]].concat();
    for (name, request, expected) in [
        ("bad request line", b"hello there\r\n\r\n".to_vec(), Some(400)),
        ("bad version", b"GET / HTTP/9.9\r\n\r\n".to_vec(), Some(400)),
        ("bad header", b"GET / HTTP/1.1\r\nhost : x\r\n\r\n".to_vec(), Some(400)),
        ("bad length", b"POST / HTTP/1.1\r\ncontent-length: -1\r\n\r\n".to_vec(), Some(400)),
        (
            "two lengths",
            b"POST / HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n".to_vec(),
            Some(400),
        ),
        ("TLS", client_hello, Some(400)),
        ("zero bytes", vec![0; 1000], Some(400)),
        ("long header", header("a".repeat(200_000)), Some(431)),
        ("longer header", header("a".repeat(4 << 20)), Some(431)),
        ("many headers", format!("GET / HTTP/1.1\r\n{many}\r\n").into_bytes(), Some(431)),
        ("long path", format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(200_000)).into_bytes(), Some(431)),
        ("HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(), None),
    ] {
        let mut stream = TcpStream::connect(server.address()).await.unwrap();
        stream.write_all(&request).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        let response = read_to_end(&mut stream).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        let Some(expected) = expected else {
            assert_eq!(response, "", "{name}");
            continue;
        };
        assert_eq!(status(&response), expected, "{name}: {response}");
        let response = response.to_ascii_lowercase();
        assert!(response.ends_with("\r\n\r\n") && !response.contains("\r\nserver:"), "{name}: {response}");
    }
    // A request with a long method is served. Its method is shortened in the log.
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    let method = "M".repeat(60_000);
    stream
        .write_all(format!("{method} / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").as_bytes())
        .await
        .unwrap();
    assert_eq!(status(&read_to_end(&mut stream).await.unwrap()), 405);
    server.secret(1).await;
}
