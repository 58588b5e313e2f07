//! Responses that are sent before the whole body has arrived reach the client.

use std::num::NonZeroU32;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::raw_http::{post_head, read_to_end, status, write_then_read};
use super::{TestServer, create_body, creation_tokens, sealed_secret};
use crate::support::{Sqlite, TestStore};

suite! {
    sqlite: client_that_sends_the_whole_body_first_reads_the_error,
    http_libraries_read_the_error_for_a_64_mebibyte_body,
    endless_body_is_refused_and_the_connection_is_closed,
    expect_continue_gets_the_final_status,
    unexpected_body_is_refused_with_a_status
}

const LARGE: usize = 64 << 20;

async fn connect(server: &TestServer) -> TcpStream {
    TcpStream::connect(server.address()).await.unwrap()
}

/// Starts a server with creation tokens and a limit of one open a minute.
async fn strict_server(test: &TestStore<Sqlite>) -> TestServer {
    TestServer::start_with_config(test, |config| {
        config.protection.creation_tokens = Some(creation_tokens(
            "0123456789abcdefghij
",
        ));
        config.protection.opens_per_minute = NonZeroU32::MIN;
    })
    .await
}

const TOKEN: &str = "authorization: Bearer 0123456789abcdefghij\r\n";

async fn client_that_sends_the_whole_body_first_reads_the_error(test: &TestStore<Sqlite>) {
    let server = strict_server(test).await;
    assert_eq!(server.call_raw("open", "{}").await.status, 400);
    let length = |size: usize| format!("content-length: {size}\r\n\r\n");
    for (size, expected, call, headers) in [
        (LARGE, 413, "create", TOKEN),
        (8 << 20, 413, "reveal", ""),
        (8 << 20, 401, "create", ""),
        (8 << 20, 401, "create", "authorization: Bearer wrong-token-of-sixteen\r\n"),
        (8 << 20, 403, "create", "sec-fetch-site: cross-site\r\n"),
        (8 << 20, 415, "reveal", "content-encoding: gzip\r\n"),
        (8 << 20, 429, "open", ""),
    ] {
        let head = post_head(call, &format!("{headers}{}", length(size)));
        let response = write_then_read(&mut connect(&server).await, &head, size).await;
        let response = response.unwrap_or_else(|error| panic!("{expected} {call}: {error}"));
        assert_eq!(status(&response), expected, "{response}");
        assert!(response.contains("\r\nconnection: close\r\n"), "{response}");
        assert!(response.contains(r#"{"error":""#), "{response}");
    }
    // One chunk, whose length is announced only in the body.
    let head = post_head("reveal", &format!("transfer-encoding: chunked\r\n\r\n{LARGE:x}\r\n"));
    let response = write_then_read(&mut connect(&server).await, &head, LARGE).await.unwrap();
    assert_eq!(status(&response), 413);
    assert_eq!(test.rows("receipts").await, 0);
}

async fn http_libraries_read_the_error_for_a_64_mebibyte_body(test: &TestStore<Sqlite>) {
    let server = TestServer::start(test).await;
    server.call_raw("create", vec![b' '; LARGE]).await.assert_error(413, "too_large");
    let url = format!("{}/api/v1/create", server.url);
    let sent = tokio::task::spawn_blocking(move || {
        let agent =
            ureq::Agent::new_with_config(ureq::Agent::config_builder().http_status_as_error(false).build());
        agent.post(url).header("content-type", "application/json").send(&vec![b' '; LARGE][..])
    });
    assert_eq!(sent.await.unwrap().unwrap().status(), 413);
    assert_eq!(server.call("create", &create_body(&sealed_secret(), 1)).await.status, 201);
}

async fn endless_body_is_refused_and_the_connection_is_closed(test: &TestStore<Sqlite>) {
    let server = TestServer::start(test).await;
    let stream = connect(&server).await;
    let (mut from, mut to) = stream.into_split();
    let writing = tokio::spawn(async move {
        to.write_all(post_head("create", "transfer-encoding: chunked\r\n\r\n").as_bytes()).await.unwrap();
        let chunk = format!("10000\r\n{}\r\n", " ".repeat(0x10000));
        let mut sent = 0_usize;
        while to.write_all(chunk.as_bytes()).await.is_ok() {
            sent += chunk.len();
            assert!(sent < 1 << 30, "the server does not stop reading");
        }
        sent
    });
    let mut start = [0; 13];
    from.read_exact(&mut start).await.unwrap();
    assert_eq!(&start, b"HTTP/1.1 413 ");
    // The bytes that the server discards, and those in the buffers of the sockets.
    let sent = writing.await.unwrap();
    assert!((16 << 20..192 << 20).contains(&sent), "{sent}");
}

async fn expect_continue_gets_the_final_status(test: &TestStore<Sqlite>) {
    let server = strict_server(test).await;
    assert_eq!(server.call_raw("open", "{}").await.status, 400);
    for (expected, call, headers) in [
        (413, "create", format!("{TOKEN}content-length: {LARGE}\r\n")),
        (413, "reveal", "content-length: 5000\r\n".to_owned()),
        (401, "create", "content-length: 5000\r\n".to_owned()),
        (415, "reveal", "content-encoding: br\r\ncontent-length: 5000\r\n".to_owned()),
        (403, "create", "origin: https://evil.example\r\ncontent-length: 5000\r\n".to_owned()),
        (429, "open", "content-length: 5000\r\n".to_owned()),
        (401, "create", "transfer-encoding: chunked\r\n".to_owned()),
    ] {
        let mut stream = connect(&server).await;
        let head = post_head(call, &format!("{headers}expect: 100-continue\r\n\r\n"));
        stream.write_all(head.as_bytes()).await.unwrap();
        assert_eq!(status(&read_to_end(&mut stream).await.unwrap()), expected, "{call} {headers}");
    }
    // An acceptable body gets `100 Continue` first.
    let body = create_body(&sealed_secret(), 1).to_string();
    let mut stream = connect(&server).await;
    let head =
        format!("{TOKEN}content-length: {}\r\nconnection: close\r\nexpect: 100-continue\r\n\r\n", body.len());
    stream.write_all(post_head("create", &head).as_bytes()).await.unwrap();
    let mut start = [0; 25];
    stream.read_exact(&mut start).await.unwrap();
    assert_eq!(&start, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(body.as_bytes()).await.unwrap();
    assert_eq!(status(&read_to_end(&mut stream).await.unwrap()), 201);
}

async fn unexpected_body_is_refused_with_a_status(test: &TestStore<Sqlite>) {
    let server = TestServer::start(test).await;
    for (path, expected) in
        [("/", 405), ("/health/live", 405), ("/api/v1/nothing", 404), ("/s/AAAAAAAAAAAAAAAA", 405)]
    {
        let bytes = 8 << 20;
        let head = format!("POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: {bytes}\r\n\r\n");
        let response = write_then_read(&mut connect(&server).await, &head, bytes).await.unwrap();
        assert_eq!(status(&response), expected, "{path}");
    }
    // A small body leaves the connection open for the next request.
    let mut stream = connect(&server).await;
    for _ in 0..3 {
        let request = post_head("nothing", "content-length: 2\r\n\r\n{}");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut start = [0; 13];
        stream.read_exact(&mut start).await.unwrap();
        assert_eq!(&start, b"HTTP/1.1 404 ");
        while !start.ends_with(b"}") {
            start.rotate_left(1);
            stream.read_exact(&mut start[12..]).await.unwrap();
        }
    }
}
