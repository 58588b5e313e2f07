//! The graceful stop of ACCEPTANCE 20, and the drain of 62.

use std::time::{Duration, Instant};

use futures::future::join_all;
use tokio::time::timeout_at;

use super::{Site, create_body, sealed};
use crate::crash::child::Child;
use crate::support::{Bed, Database as _, LONGEST_WAIT, Sqlite, eventually};

suite! {
    requests_in_flight_are_answered_when_the_server_stops,
    draining_server_serves_requests_and_fails_its_readiness_check,
    sigterm_drains_until_the_delay_is_over;
    sqlite: second_signal_ends_a_drain, sigint_and_servers_without_a_delay_do_not_drain
}

async fn requests_in_flight_are_answered_when_the_server_stops(bed: &Bed) {
    let site = Site::start(bed).await;
    let requests: Vec<_> = (0..50)
        .map(|_| {
            let body = create_body(&sealed(), 1).to_string();
            site.post("create").header("content-type", "application/json").body(body).send()
        })
        .collect();
    let answers = tokio::spawn(join_all(requests));
    tokio::time::sleep(Duration::from_millis(5)).await;
    site.stop().await.unwrap();
    for answer in answers.await.unwrap() {
        // Either it was taken and answered whole, or it never reached the server.
        match answer {
            Ok(answer) => assert_eq!(answer.status(), 201),
            Err(error) => assert!(error.is_connect() || error.is_request(), "{error:?}"),
        }
    }
}

async fn draining_server_serves_requests_and_fails_its_readiness_check(bed: &Bed) {
    let site = Site::start(bed).await;
    let get = async |path: &str| site.send(site.client.get(format!("{}{path}", site.url))).await;
    let create = async || site.call("create", &create_body(&sealed(), 1)).await;
    assert_eq!(get("/health/ready").await.status, 200);
    assert_eq!(create().await.header("connection"), None);

    site.drain();
    let ready = get("/health/ready").await;
    assert_eq!((ready.status, ready.body.as_str()), (503, "the server is stopping\n"));
    assert!(ready.header("retry-after").is_some());
    assert_eq!(get("/health/live").await.status, 200);
    let (created, page, missing) = (create().await, get("/").await, get("/nothing").await);
    assert_eq!((created.status, page.status, missing.status), (201, 200, 404));
    for answer in [ready, created, page, missing] {
        assert_eq!(answer.header("connection"), Some("close"));
    }
    let url = site.url.clone();
    site.stop().await.unwrap();
    assert!(reqwest::get(format!("{url}/health/live")).await.unwrap_err().is_connect());
}

/// The status of a path, or 0 where nothing listens.
async fn status(child: &Child, path: &str) -> u16 {
    reqwest::get(format!("{}{path}", child.url())).await.map_or(0, |answer| answer.status().as_u16())
}

/// Asserts that the server ends with success: at once, or after a short drain. [`LONG`] is more than is waited for.
async fn assert_ends(child: &Child, why: &str) {
    let ended = timeout_at(tokio::time::Instant::now() + LONGEST_WAIT, child.ended()).await;
    assert!(ended.expect("the server goes on draining").success(), "{why}");
}

/// Creates a secret and returns the status.
async fn create(child: &Child) -> u16 {
    let request = reqwest::Client::new().post(format!("{}/api/v1/create", child.url()));
    let request = request.header("content-type", "application/json");
    request.body(create_body(&sealed(), 1).to_string()).send().await.unwrap().status().as_u16()
}

async fn sigterm_drains_until_the_delay_is_over(bed: &Bed) {
    let child = Child::start_with_drain(&bed.database.url(), LONG).await;
    assert_eq!(status(&child, "/health/ready").await, 200);
    child.signal("TERM").await;
    eventually(|| async { status(&child, "/health/ready").await == 503 }).await;
    assert_eq!(create(&child).await, 201);
    child.signal("TERM").await;
    assert_ends(&child, "a second signal").await;

    let delay = Duration::from_secs(3);
    let child = Child::start_with_drain(&bed.database.url(), delay).await;
    let signalled = Instant::now();
    child.signal("TERM").await;
    assert_ends(&child, "the delay").await;
    assert!(signalled.elapsed() >= delay, "{:?}", signalled.elapsed());
    assert_eq!(status(&child, "/health/live").await, 0);
}

const LONG: Duration = Duration::from_mins(10);

async fn second_signal_ends_a_drain(bed: &Bed<Sqlite>) {
    for second in ["TERM", "INT"] {
        let child = Child::start_with_drain(&bed.database.url(), LONG).await;
        child.signal("TERM").await;
        eventually(|| async { status(&child, "/health/ready").await == 503 }).await;
        assert_eq!(create(&child).await, 201);
        child.signal(second).await;
        assert_ends(&child, second).await;
    }
}

async fn sigint_and_servers_without_a_delay_do_not_drain(bed: &Bed<Sqlite>) {
    for (signal, drain) in [("INT", LONG), ("TERM", Duration::ZERO)] {
        let child = Child::start_with_drain(&bed.database.url(), drain).await;
        child.signal(signal).await;
        assert_ends(&child, signal).await;
    }
}
