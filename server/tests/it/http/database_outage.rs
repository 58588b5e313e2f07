//! Outages of the database, and connections that are cut at a commit.

use std::sync::Arc;
use std::time::Instant;

use super::{TestServer, create_body, open_body, receipt_body, reveal_body, sealed_secret};
use crate::support::{LONGEST_WAIT, Postgres, Proxy, ProxyMode, TestStore, eventually};

suite! {
    postgres: database_outage_returns_503_and_the_server_recovers,
    connection_cut_at_the_commit_releases_nothing_and_loses_nothing,
    silent_database_connection_times_out
}

async fn database_outage_returns_503_and_the_server_recovers(test: &TestStore<Postgres>) {
    let proxy = Proxy::start(&test.database).await;
    let server = TestServer::with_store(Arc::new(proxy.store(&test.database).await)).await;
    let (secret, id) = server.secret(1).await;
    assert_eq!(server.get("/health/ready").await.status, 200);

    proxy.close_all().await;
    for (call, body) in [
        ("create", create_body(&sealed_secret(), 1)),
        ("reveal", reveal_body(&secret, &id)),
        ("receipt", receipt_body(&secret)),
    ] {
        let response = server.call(call, &body).await;
        assert_eq!((response.status, &*response.body), (503, r#"{"error":"try_later"}"#), "{call}");
        assert!(response.headers.contains_key("retry-after"), "{call}");
    }
    assert_eq!(server.get("/health/live").await.status, 200);
    // The readiness check caches its result for a moment.
    eventually(|| async { server.get("/health/ready").await.status == 503 }).await;
    assert_eq!(server.get("/").await.status, 200);

    proxy.set_mode(ProxyMode::Forward);
    eventually(|| async { server.get("/health/ready").await.status == 200 }).await;
    assert_eq!(server.call("reveal", &reveal_body(&secret, &id)).await.status, 200);
}

async fn connection_cut_at_the_commit_releases_nothing_and_loses_nothing(test: &TestStore<Postgres>) {
    let proxy = Proxy::start(&test.database).await;
    let server = TestServer::with_store(Arc::new(proxy.store(&test.database).await)).await;
    for mode in [ProxyMode::CutBeforeCommit, ProxyMode::CutAfterCommit] {
        let (secret, id) = server.secret(1).await;
        let body = reveal_body(&secret, &id);
        proxy.set_mode(mode);
        let response = server.call("reveal", &body).await;
        assert_eq!((response.status, &*response.body), (503, r#"{"error":"try_later"}"#), "{mode:?}");
        proxy.set_mode(ProxyMode::Forward);
        // Whether the commit arrived or not, the same claim gets one view.
        let response = server.call("reveal", &body).await;
        assert_eq!(response.status, 200, "{mode:?}");
        assert_eq!(server.call("reveal", &body).await, response, "{mode:?}");
        let receipt = server.call("receipt", &receipt_body(&secret)).await.json();
        assert_eq!(receipt["viewed_at"].as_array().unwrap().len(), 1, "{mode:?}");
    }
}

async fn silent_database_connection_times_out(test: &TestStore<Postgres>) {
    let proxy = Proxy::start(&test.database).await;
    let server = TestServer::with_store(Arc::new(proxy.store(&test.database).await)).await;
    let (secret, id) = server.secret(2).await;
    let (open, reveal) = (open_body(&secret, &id), reveal_body(&secret, &id));
    // The pool now has a recently used connection for each kind of call.
    assert_eq!(
        (server.call("reveal", &reveal).await.status, server.call("open", &open).await.status),
        (200, 200)
    );

    proxy.set_mode(ProxyMode::Stalled);
    let started = Instant::now();
    let create = create_body(&sealed_secret(), 1);
    let responses = futures::join!(
        server.call("create", &create),
        server.call("open", &open),
        server.call("reveal", &reveal),
    );
    for response in [responses.0, responses.1, responses.2] {
        assert_eq!((response.status, &*response.body), (503, r#"{"error":"try_later"}"#));
    }
    assert!(started.elapsed() < LONGEST_WAIT, "{:?}", started.elapsed());
    // The pool pings the remaining connections before it uses them, so that calls do not wait for dead ones.
    proxy.set_mode(ProxyMode::Forward);
    let restored = Instant::now();
    assert_eq!(
        (server.call("reveal", &reveal).await.status, server.call("open", &open).await.status),
        (200, 200)
    );
    assert_eq!(server.call("create", &create).await.status, 201);
    assert!(restored.elapsed() < LONGEST_WAIT, "{:?}", restored.elapsed());
}
