//! ACCEPTANCE 54: a refusal reaches a client that is still sending the body.

use std::num::NonZeroU32;

use server::config::CreationTokens;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::raw::{address, post, read_to_end, status, write_then_read};
use super::{Site, create_body, sealed};
use crate::support::{Bed, Sqlite};

suite! {
    sqlite: client_that_sends_everything_first_reads_the_refusal,
    libraries_read_the_refusal_of_64_mebibytes,
    endless_body_is_refused_and_ends,
    expectation_is_answered_with_the_final_status,
    request_that_is_not_for_a_body_is_refused_with_a_status
}

const LARGE: usize = 64 << 20;

async fn connect(site: &Site) -> TcpStream {
    TcpStream::connect(address(site)).await.unwrap()
}

/// A server with creation tokens that limits opens to one a minute.
async fn strict_site(bed: &Bed<Sqlite>) -> Site {
    Site::start_with(bed, |config| {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "0123456789abcdefghij\n").unwrap();
        config.protection.creation_tokens =
            Some(CreationTokens::read(file.path().to_str().unwrap()).unwrap());
        config.protection.opens_per_minute = NonZeroU32::MIN;
    })
    .await
}

const TOKEN: &str = "authorization: Bearer 0123456789abcdefghij\r\n";

async fn client_that_sends_everything_first_reads_the_refusal(bed: &Bed<Sqlite>) {
    let site = strict_site(bed).await;
    assert_eq!(site.raw("open", "{}").await.status, 400);
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
        let head = post(call, &format!("{headers}{}", length(size)));
        let response = write_then_read(&mut connect(&site).await, &head, size).await;
        let response = response.unwrap_or_else(|error| panic!("{expected} {call}: {error}"));
        assert_eq!(status(&response), expected, "{response}");
        assert!(response.contains("\r\nconnection: close\r\n"), "{response}");
        assert!(response.contains(r#"{"error":""#), "{response}");
    }
    // As one chunk, whose length is announced only inside the body.
    let head = post("reveal", &format!("transfer-encoding: chunked\r\n\r\n{LARGE:x}\r\n"));
    let response = write_then_read(&mut connect(&site).await, &head, LARGE).await.unwrap();
    assert_eq!(status(&response), 413);
    assert_eq!(bed.rows("receipts").await, 0);
}

async fn libraries_read_the_refusal_of_64_mebibytes(bed: &Bed<Sqlite>) {
    let site = Site::start(bed).await;
    site.raw("create", vec![b' '; LARGE]).await.assert_refused(413, "too_large");
    let url = format!("{}/api/v1/create", site.url);
    let sent = tokio::task::spawn_blocking(move || {
        let agent =
            ureq::Agent::new_with_config(ureq::Agent::config_builder().http_status_as_error(false).build());
        agent.post(url).header("content-type", "application/json").send(&vec![b' '; LARGE][..])
    });
    assert_eq!(sent.await.unwrap().unwrap().status(), 413);
    assert_eq!(site.call("create", &create_body(&sealed(), 1)).await.status, 201);
}

async fn endless_body_is_refused_and_ends(bed: &Bed<Sqlite>) {
    let site = Site::start(bed).await;
    let server = connect(&site).await;
    let (mut from, mut to) = server.into_split();
    let writing = tokio::spawn(async move {
        to.write_all(post("create", "transfer-encoding: chunked\r\n\r\n").as_bytes()).await.unwrap();
        let chunk = format!("10000\r\n{}\r\n", " ".repeat(0x10000));
        let mut sent = 0_usize;
        while to.write_all(chunk.as_bytes()).await.is_ok() {
            sent += chunk.len();
            assert!(sent < 1 << 30, "the server reads for ever");
        }
        sent
    });
    let mut said = [0; 13];
    from.read_exact(&mut said).await.unwrap();
    assert_eq!(&said, b"HTTP/1.1 413 ");
    // What the server discards, and what the sockets' buffers hold.
    let sent = writing.await.unwrap();
    assert!((16 << 20..192 << 20).contains(&sent), "{sent}");
}

async fn expectation_is_answered_with_the_final_status(bed: &Bed<Sqlite>) {
    let site = strict_site(bed).await;
    assert_eq!(site.raw("open", "{}").await.status, 400);
    for (expected, call, headers) in [
        (413, "create", format!("{TOKEN}content-length: {LARGE}\r\n")),
        (413, "reveal", "content-length: 5000\r\n".to_owned()),
        (401, "create", "content-length: 5000\r\n".to_owned()),
        (415, "reveal", "content-encoding: br\r\ncontent-length: 5000\r\n".to_owned()),
        (403, "create", "origin: https://evil.example\r\ncontent-length: 5000\r\n".to_owned()),
        (429, "open", "content-length: 5000\r\n".to_owned()),
        (401, "create", "transfer-encoding: chunked\r\n".to_owned()),
    ] {
        let mut server = connect(&site).await;
        let head = post(call, &format!("{headers}expect: 100-continue\r\n\r\n"));
        server.write_all(head.as_bytes()).await.unwrap();
        assert_eq!(status(&read_to_end(&mut server).await.unwrap()), expected, "{call} {headers}");
    }
    // What is welcome is asked for.
    let body = create_body(&sealed(), 1).to_string();
    let mut server = connect(&site).await;
    let head =
        format!("{TOKEN}content-length: {}\r\nconnection: close\r\nexpect: 100-continue\r\n\r\n", body.len());
    server.write_all(post("create", &head).as_bytes()).await.unwrap();
    let mut said = [0; 25];
    server.read_exact(&mut said).await.unwrap();
    assert_eq!(&said, b"HTTP/1.1 100 Continue\r\n\r\n");
    server.write_all(body.as_bytes()).await.unwrap();
    assert_eq!(status(&read_to_end(&mut server).await.unwrap()), 201);
}

async fn request_that_is_not_for_a_body_is_refused_with_a_status(bed: &Bed<Sqlite>) {
    let site = Site::start(bed).await;
    for (path, expected) in
        [("/", 405), ("/health/live", 405), ("/api/v1/nothing", 404), ("/s/AAAAAAAAAAAAAAAA", 405)]
    {
        let bytes = 8 << 20;
        let head = format!("POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: {bytes}\r\n\r\n");
        let response = write_then_read(&mut connect(&site).await, &head, bytes).await.unwrap();
        assert_eq!(status(&response), expected, "{path}");
    }
    // A small body leaves the connection open for the next request.
    let mut server = connect(&site).await;
    for _ in 0..3 {
        let request = post("nothing", "content-length: 2\r\n\r\n{}");
        server.write_all(request.as_bytes()).await.unwrap();
        let mut said = [0; 13];
        server.read_exact(&mut said).await.unwrap();
        assert_eq!(&said, b"HTTP/1.1 404 ");
        while !said.ends_with(b"}") {
            said.rotate_left(1);
            server.read_exact(&mut said[12..]).await.unwrap();
        }
    }
}
