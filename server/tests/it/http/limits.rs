//! Rate limits, limits of connections, and the storage quota.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures::StreamExt as _;
use futures::future::{Either, join_all, select};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use vault::{SecretLimits, SecretService, StorageQuota};

use super::raw_http::post_head;
use super::{
    Response, TestServer, create_body, limit, open_body, random_id, reveal_body, sealed_secret, sealed_text,
};
use crate::support::{LONGEST_WAIT, Sqlite, TestStore, eventually, run_concurrently};

suite! {
    full_quota_refuses_creates_and_serves_reveals,
    receipts_count_toward_the_quota;
    sqlite: rate_limited_client_gets_retry_after,
    forged_forwarded_address_does_not_evade_the_limit,
    clients_behind_a_trusted_proxy_are_limited_separately,
    creates_of_all_clients_share_a_global_limit,
    five_hundred_slow_connections_are_closed_and_delay_no_other_client,
    connections_over_the_limit_wait,
    connection_limit_applies_per_address_but_not_to_a_trusted_proxy,
    client_over_the_byte_limit_is_rate_limited
}

/// Sends an `open` for an unknown secret, with `x-forwarded-for` if given.
async fn open_unknown(server: &TestServer, forwarded: Option<&str>) -> Response {
    let body = json!({ "id": random_id(), "access": "A" }).to_string();
    let request = server.post("open").header("content-type", "application/json").body(body);
    server
        .send(match forwarded {
            Some(addresses) => request.header("x-forwarded-for", addresses),
            None => request,
        })
        .await
}

/// Asserts status 429 with a `retry-after` of at most a minute.
#[track_caller]
fn assert_rate_limited(response: &Response) {
    assert_eq!((response.status, &*response.body), (429, r#"{"error":"rate_limited"}"#));
    let wait: u32 = response.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
}

async fn rate_limited_client_gets_retry_after(test: &TestStore<Sqlite>) {
    // The default configuration, in which limits are on.
    let server = TestServer::start_with_config(test, |_| {}).await;
    let started = Instant::now();
    let (mut accepted, mut limited) = (0, Vec::new());
    while limited.is_empty() {
        let requests = (0..100).map(|_| open_unknown(&server, None));
        let responses: Vec<_> = futures::stream::iter(requests).buffer_unordered(100).collect().await;
        let (not_found, refused): (Vec<_>, Vec<_>) =
            responses.into_iter().partition(|response| response.status == 404);
        (accepted, limited) = (accepted + not_found.len() as u64, refused);
    }
    // 600 at once, and one more for every tenth of a second that passes.
    let most = 600 + started.elapsed().as_secs() * 10 + 10;
    assert!((600..=most).contains(&accepted), "{accepted} served");
    assert_rate_limited(&limited[0]);
    // Other calls have their own limits.
    let (secret, id) = server.secret(1).await;
    assert_eq!(server.call("reveal", &reveal_body(&secret, &id)).await.status, 200);
}

async fn forged_forwarded_address_does_not_evade_the_limit(test: &TestStore<Sqlite>) {
    let server =
        TestServer::start_with_config(test, |config| config.protection.opens_per_minute = limit(3)).await;
    for host in 0..3 {
        assert_eq!(open_unknown(&server, Some(&format!("203.0.113.{host}"))).await.status, 404);
    }
    assert_rate_limited(&open_unknown(&server, Some("203.0.113.99")).await);
}

async fn clients_behind_a_trusted_proxy_are_limited_separately(test: &TestStore<Sqlite>) {
    let server = TestServer::start_with_config(test, |config| {
        config.protection.opens_per_minute = limit(3);
        config.protection.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    })
    .await;
    for attempt in 0..3 {
        // The client itself may have sent the address on the left.
        assert_eq!(
            open_unknown(&server, Some(&format!("198.51.100.{attempt}, 203.0.113.1"))).await.status,
            404
        );
    }
    assert_rate_limited(&open_unknown(&server, Some("198.51.100.77, 203.0.113.1")).await);
    assert_eq!(open_unknown(&server, Some("203.0.113.2")).await.status, 404);
    for host in 0..3 {
        assert_eq!(open_unknown(&server, Some(&format!("2001:db8:0:1::{host}"))).await.status, 404);
    }
    assert_rate_limited(&open_unknown(&server, Some("2001:db8:0:1:ffff::1")).await);
    assert_eq!(open_unknown(&server, Some("2001:db8:0:2::1")).await.status, 404);
}

async fn creates_of_all_clients_share_a_global_limit(test: &TestStore<Sqlite>) {
    let server = TestServer::start_with_config(test, |config| {
        config.protection.creates_per_minute_in_all = limit(3);
        config.protection.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
    })
    .await;
    let mut last = None;
    for host in 0..4 {
        let request = server.post("create").header("x-forwarded-for", format!("203.0.113.{host}"));
        let body = create_body(&sealed_secret(), 1).to_string();
        last = Some(server.send(request.header("content-type", "application/json").body(body)).await);
    }
    assert_rate_limited(&last.unwrap());
    assert_eq!(test.rows("receipts").await, 3);
}

async fn full_quota_refuses_creates_and_serves_reveals(test: &TestStore) {
    let secret = sealed_secret();
    let unlimited =
        SecretService::new(test.store.clone(), SecretLimits::default(), Arc::new(StorageQuota::new(0)));
    let id = unlimited.create(secret.to_request(3600, 2)).await.unwrap().id;

    let server = TestServer::start_with_config(test, |config| config.protection.storage_quota = 1).await;
    let new = sealed_secret();
    let full = server.call("create", &create_body(&new, 1)).await;
    assert_eq!((full.status, &*full.body), (507, r#"{"error":"storage_full"}"#));
    // A repeated create stores nothing new.
    let repeated = server.call("create", &create_body(&secret, 2)).await;
    assert_eq!((repeated.status, repeated.json()["id"].as_str()), (201, Some(&*id)));
    assert_eq!(server.call("open", &open_body(&secret, &id)).await.status, 200);
    assert_eq!(server.call("reveal", &reveal_body(&secret, &id)).await.status, 200);
    assert_eq!(test.store.receipt(&shared_crypto::sha256(&[new.receipt().as_bytes()])).await.unwrap(), None);
}

async fn receipts_count_toward_the_quota(test: &TestStore) {
    let empty = test.store.stats().await.unwrap().bytes;
    for (number, secret) in join_all((0..400).map(|_| test.secret(1))).await.into_iter().enumerate() {
        match number % 2 {
            0 => drop(test.burn(&secret).await),
            _ => drop(test.reveal(secret.attempt()).await),
        }
    }
    assert_eq!(test.rows("secrets").await, 0);
    // 400 receipts exceed this quota; an empty database with one secret does not.
    let server =
        TestServer::start_with_config(test, |config| config.protection.storage_quota = empty + 50_000).await;
    // Until the first measurement ends, creates succeed. The few secrets of this loop do not fill the quota.
    let mut response = server.call("create", &create_body(&sealed_secret(), 1)).await;
    for attempt in 0..20 {
        if response.status == 507 {
            break;
        }
        // A busy machine needs more time.
        let pause = if attempt < 10 { 250 } else { 6000 };
        tokio::time::sleep(Duration::from_millis(pause)).await;
        response = server.call("create", &create_body(&sealed_secret(), 1)).await;
    }
    assert_eq!((response.status, &*response.body), (507, r#"{"error":"storage_full"}"#));
    // With a larger quota creates succeed.
    let used = test.store.stats().await.unwrap().bytes;
    let server =
        TestServer::start_with_config(test, |config| config.protection.storage_quota = used + 50_000).await;
    assert_eq!(server.call("create", &create_body(&sealed_secret(), 1)).await.status, 201);
}

/// Waits for this time, or for bytes of a response, and returns whether the server has closed the connection.
async fn is_closed_within(stream: &mut TcpStream, pause: Duration) -> bool {
    let mut buffer = [0; 1024];
    let (read, pause) = (std::pin::pin!(stream.read(&mut buffer)), std::pin::pin!(tokio::time::sleep(pause)));
    matches!(select(read, pause).await, Either::Left((Ok(0) | Err(_), _)))
}

/// Sends one byte at a time with a pause after each, and returns the time until the server closes the connection.
async fn send_slowly(address: SocketAddr, request: &str, pause: Duration) -> Duration {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let started = Instant::now();
    for byte in request.as_bytes() {
        if stream.write_all(&[*byte]).await.is_err() || is_closed_within(&mut stream, pause).await {
            break;
        }
    }
    started.elapsed()
}

async fn five_hundred_slow_connections_are_closed_and_delay_no_other_client(test: &TestStore<Sqlite>) {
    let server = TestServer::start(test).await;
    let address = server.address();
    let head = post_head("open", "");
    let ended = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&ended);
    let slow = tokio::spawn(run_concurrently(500, move |index| {
        let (address, head, ended) = (address, head.clone(), Arc::clone(&counter));
        let sending = async move {
            if index % 2 == 0 {
                return send_slowly(address, &head, Duration::from_secs(5)).await;
            }
            // Sends the head at once, and then a body that does not end.
            let started = Instant::now();
            let mut stream = TcpStream::connect(address).await.unwrap();
            let head = format!("{head}content-length: 900\r\n\r\n");
            stream.write_all(head.as_bytes()).await.unwrap();
            for _ in 0..20 {
                if stream.write_all(b" ").await.is_err()
                    || is_closed_within(&mut stream, Duration::from_secs(5)).await
                {
                    break;
                }
            }
            started.elapsed()
        };
        async move {
            let duration = sending.await;
            ended.fetch_add(1, Ordering::Relaxed);
            duration
        }
    }));
    tokio::time::sleep(Duration::from_secs(1)).await;
    let mut while_all_open = 0;
    for _ in 0..11 {
        let (secret, id) = server.secret(1).await;
        assert_eq!(server.call("reveal", &reveal_body(&secret, &id)).await.status, 200);
        while_all_open += u32::from(ended.load(Ordering::Relaxed) == 0);
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    // Some of these requests were served while all slow connections were open.
    assert!(while_all_open > 0);
    // Without a limit each would last for more than 100 s.
    for duration in slow.await.unwrap() {
        assert!(duration < LONGEST_WAIT, "{duration:?}");
    }
}

async fn connection_limit_applies_per_address_but_not_to_a_trusted_proxy(test: &TestStore<Sqlite>) {
    for (proxies, closed) in [(vec![], true), (vec!["127.0.0.0/8".parse().unwrap()], false)] {
        let server = TestServer::start_with_config(test, |config| {
            config.protection.max_connections_per_address = limit(2);
            config.protection.trusted_proxies = proxies;
        })
        .await;
        let address = server.address();
        let mut open = Vec::new();
        for _ in 0..3 {
            open.push(TcpStream::connect(address).await.unwrap());
        }
        let last = open.last_mut().unwrap();
        let _ = last.write_all(b"GET /health/live HTTP/1.1\r\nhost: x\r\n\r\n").await;
        let mut start = [0; 12];
        assert_eq!(last.read_exact(&mut start).await.is_err(), closed);
        drop(open);
        let url = format!("{}/health/live", server.url);
        eventually(|| async {
            server.client.get(&url).send().await.is_ok_and(|response| response.status() == 200)
        })
        .await;
    }
}

async fn client_over_the_byte_limit_is_rate_limited(test: &TestStore<Sqlite>) {
    let server =
        TestServer::start_with_config(test, |config| config.protection.mebibytes_per_hour = limit(2)).await;
    let large = |text: &str| sealed_text(text.repeat(1 << 20));
    assert_eq!(server.call("create", &create_body(&large("x"), 1)).await.status, 201);
    let response = server.call("create", &create_body(&large("y"), 1)).await;
    assert_eq!((response.status, &*response.body), (429, r#"{"error":"rate_limited"}"#));
    assert_eq!(server.call("create", &create_body(&sealed_secret(), 1)).await.status, 201);
}

async fn connections_over_the_limit_wait(test: &TestStore<Sqlite>) {
    let server =
        TestServer::start_with_config(test, |config| config.protection.max_connections = limit(2)).await;
    let address = server.address();
    let idle = [TcpStream::connect(address).await.unwrap(), TcpStream::connect(address).await.unwrap()];
    let (url, client) = (format!("{}/health/live", server.url), server.client.clone());
    let waiting = tokio::spawn(async move { client.get(url).send().await.unwrap().status().as_u16() });
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(!waiting.is_finished());
    drop(idle);
    eventually(|| async { waiting.is_finished() }).await;
    assert_eq!(waiting.await.unwrap(), 200);
}
