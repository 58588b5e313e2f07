//! Graceful shutdown, and the drain before it.

use std::time::{Duration, Instant};

use futures::future::join_all;
use tokio::time::timeout_at;

use super::{TestServer, create_body, sealed_secret};
use crate::crash::server_process::ServerProcess;
use crate::support::{Database as _, LONGEST_WAIT, Sqlite, TestStore, eventually};

suite! {
    requests_in_flight_are_completed_when_the_server_stops,
    draining_server_serves_requests_and_fails_its_readiness_check,
    sigterm_drains_until_the_delay_ends;
    sqlite: second_signal_ends_the_drain, sigint_or_a_zero_delay_does_not_drain
}

async fn requests_in_flight_are_completed_when_the_server_stops(test: &TestStore) {
    let server = TestServer::start(test).await;
    let requests: Vec<_> = (0..50)
        .map(|_| {
            let body = create_body(&sealed_secret(), 1).to_string();
            server.post("create").header("content-type", "application/json").body(body).send()
        })
        .collect();
    let responses = tokio::spawn(join_all(requests));
    tokio::time::sleep(Duration::from_millis(5)).await;
    server.stop().await.unwrap();
    for response in responses.await.unwrap() {
        // A request is either completed, or did not reach the server.
        match response {
            Ok(response) => assert_eq!(response.status(), 201),
            Err(error) => assert!(error.is_connect() || error.is_request(), "{error:?}"),
        }
    }
}

async fn draining_server_serves_requests_and_fails_its_readiness_check(test: &TestStore) {
    let server = TestServer::start(test).await;
    let create = async || server.call("create", &create_body(&sealed_secret(), 1)).await;
    assert_eq!(server.get("/health/ready").await.status, 200);
    assert_eq!(create().await.header("connection"), None);

    server.drain();
    let ready = server.get("/health/ready").await;
    assert_eq!((ready.status, ready.body.as_str()), (503, "the server is stopping\n"));
    assert!(ready.header("retry-after").is_some());
    assert_eq!(server.get("/health/live").await.status, 200);
    let (created, page, missing) = (create().await, server.get("/").await, server.get("/nothing").await);
    assert_eq!((created.status, page.status, missing.status), (201, 200, 404));
    for response in [ready, created, page, missing] {
        assert_eq!(response.header("connection"), Some("close"));
    }
    let url = server.url.clone();
    server.stop().await.unwrap();
    assert!(reqwest::get(format!("{url}/health/live")).await.unwrap_err().is_connect());
}

/// Requests a path and returns the status, or 0 if the connection is refused.
async fn status(process: &ServerProcess, path: &str) -> u16 {
    reqwest::get(format!("{}{path}", process.url())).await.map_or(0, |response| response.status().as_u16())
}

/// Asserts that the server exits successfully, and long before a drain of [`LONG_DRAIN`] would end.
async fn assert_exits(process: &ServerProcess, reason: &str) {
    let status = timeout_at(tokio::time::Instant::now() + LONGEST_WAIT, process.wait()).await;
    assert!(status.expect("the server must stop draining").success(), "{reason}");
}

/// Creates a secret and returns the status.
async fn create(process: &ServerProcess) -> u16 {
    let request = reqwest::Client::new().post(format!("{}/api/v1/create", process.url()));
    let request = request.header("content-type", "application/json");
    request.body(create_body(&sealed_secret(), 1).to_string()).send().await.unwrap().status().as_u16()
}

async fn sigterm_drains_until_the_delay_ends(test: &TestStore) {
    let process = ServerProcess::start_with_drain(&test.database.url(), LONG_DRAIN).await;
    assert_eq!(status(&process, "/health/ready").await, 200);
    process.signal("TERM").await;
    eventually(|| async { status(&process, "/health/ready").await == 503 }).await;
    assert_eq!(create(&process).await, 201);
    process.signal("TERM").await;
    assert_exits(&process, "a second signal").await;

    let delay = Duration::from_secs(3);
    let process = ServerProcess::start_with_drain(&test.database.url(), delay).await;
    let signalled = Instant::now();
    process.signal("TERM").await;
    assert_exits(&process, "the delay").await;
    assert!(signalled.elapsed() >= delay, "{:?}", signalled.elapsed());
    assert_eq!(status(&process, "/health/live").await, 0);
}

const LONG_DRAIN: Duration = Duration::from_mins(10);

async fn second_signal_ends_the_drain(test: &TestStore<Sqlite>) {
    for second in ["TERM", "INT"] {
        let process = ServerProcess::start_with_drain(&test.database.url(), LONG_DRAIN).await;
        process.signal("TERM").await;
        eventually(|| async { status(&process, "/health/ready").await == 503 }).await;
        assert_eq!(create(&process).await, 201);
        process.signal(second).await;
        assert_exits(&process, second).await;
    }
}

async fn sigint_or_a_zero_delay_does_not_drain(test: &TestStore<Sqlite>) {
    for (signal, drain) in [("INT", LONG_DRAIN), ("TERM", Duration::ZERO)] {
        let process = ServerProcess::start_with_drain(&test.database.url(), drain).await;
        process.signal(signal).await;
        assert_exits(&process, signal).await;
    }
}
