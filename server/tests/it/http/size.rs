//! Sizes of bodies and envelopes.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::raw_http::post_head;
use super::{TestServer, create_body, open_body, sealed_text};
use crate::support::TestStore;

suite! {
    largest_secret_is_accepted_and_a_larger_body_is_refused,
    passwords_of_any_length_have_the_same_envelope_size,
}

async fn largest_secret_is_accepted_and_a_larger_body_is_refused(test: &TestStore) {
    let server = TestServer::start(test).await;
    let largest = sealed_text("x".repeat(1 << 20));
    let body = create_body(&largest, 1).to_string();
    let created = server.call_raw("create", body.clone()).await;
    assert_eq!(created.status, 201, "{}", created.body);
    let id = created.json()["id"].as_str().unwrap().to_owned();
    let opened = server.call("open", &open_body(&largest, &id)).await;
    assert_eq!(opened.json()["envelope"], create_body(&largest, 1)["envelope"]);

    let max_bytes = vault::SecretLimits::default().max_body_bytes();
    let padded = format!("{body}{}", " ".repeat(max_bytes - body.len()));
    assert_eq!(server.call_raw("create", padded).await.status, 201);
    // The length is announced and the body is not sent: the refusal comes before a byte of it is read.
    let head = |length: usize| format!("content-length: {length}\r\n\r\n");
    assert!(is_too_large(&server, "create", &head(max_bytes + 1), 0).await);
    assert!(is_too_large(&server, "open", &head(5000), 0).await);
    // The limit also applies to a body without a length.
    assert!(is_too_large(&server, "create", "transfer-encoding: chunked\r\n\r\n", max_bytes + 1).await);
    assert_eq!(test.rows("receipts").await, 1);
}

/// Sends a head and one chunk of this length, and returns whether the response is 413 while the rest of the body is
/// missing.
async fn is_too_large(server: &TestServer, call: &str, head: &str, chunk: usize) -> bool {
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    stream.write_all(post_head(call, head).as_bytes()).await.unwrap();
    if chunk > 0 {
        stream.write_all(format!("{chunk:x}\r\n{}\r\n", " ".repeat(chunk)).as_bytes()).await.unwrap();
    }
    let mut start = vec![0; 13];
    stream.read_exact(&mut start).await.unwrap();
    start == b"HTTP/1.1 413 "
}

async fn passwords_of_any_length_have_the_same_envelope_size(test: &TestStore) {
    let server = TestServer::start(test).await;
    for length in [1, 8, 20, 64, 255, 500, 1000] {
        let secret = sealed_text("p".repeat(length));
        assert_eq!(server.call("create", &create_body(&secret, 1)).await.status, 201);
    }
    assert_eq!(test.rows("(SELECT DISTINCT length(envelope) FROM secrets) AS sizes").await, 1);
}
