//! Metrics for Prometheus.

use std::net::TcpListener;

use super::{TestServer, random_id, receipt_body, reveal_body, wrong_passphrase_body};
use crate::support::{TestStore, eventually};

suite! { metrics_count_outcomes_without_identifying_secrets }

async fn metrics_count_outcomes_without_identifying_secrets(test: &TestStore) {
    // A port that is free now.
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let server = TestServer::start_with_config(test, |config| config.metrics_listen = Some(address)).await;
    let (secret, id) = server.secret(2).await;
    for _ in 0..5 {
        server
            .call("reveal", &wrong_passphrase_body(&secret, &id))
            .await
            .assert_error(403, "wrong_passphrase");
    }
    server.call("reveal", &reveal_body(&secret, &id)).await.assert_error(429, "locked");
    server.call("reveal", &reveal_body(&secret, &random_id())).await.assert_not_found();
    server.call("burn", &receipt_body(&secret)).await;
    server.call("reveal", &reveal_body(&secret, &id)).await.assert_error(410, "gone");
    let (other, other_id) = server.secret(1).await;
    assert_eq!(server.call("reveal", &reveal_body(&other, &other_id)).await.status, 200);
    server.get(&format!("/s/{id}")).await;

    let url = format!("http://{address}/metrics");
    let read = || async { server.client.get(&url).send().await.unwrap().text().await.unwrap() };
    let metrics = read().await;
    for line in [
        "ikrypt_creates_total{outcome=\"created\"} 2",
        "ikrypt_reveals_total{outcome=\"wrong_passphrase\"} 5",
        "ikrypt_reveals_total{outcome=\"locked\"} 1",
        "ikrypt_reveals_total{outcome=\"unavailable\"} 1",
        "ikrypt_reveals_total{outcome=\"gone\"} 1",
        "ikrypt_reveals_total{outcome=\"granted\"} 1",
        "ikrypt_locks_total 1",
        "ikrypt_burns_total{outcome=\"answered\"} 1",
        "ikrypt_request_duration_seconds_count{route=\"/api/v1/reveal\",status=\"403\"} 5",
        "ikrypt_request_duration_seconds_count{route=\"/s/{id}\",status=\"200\"} 1",
        "ikrypt_store_duration_seconds_count{kind=\"reveal\"} 9",
        "# EOF",
    ] {
        assert!(metrics.lines().any(|actual| actual == line), "{line}\n{metrics}");
    }
    for name in ["ikrypt_pool_connections{state=\"busy\"}", "ikrypt_sweep_lag_seconds", "ikrypt_stored_bytes"]
    {
        assert!(metrics.lines().any(|actual| actual.starts_with(name)), "{name}\n{metrics}");
    }
    for value in [&id, &other_id, &secret.receipt().encode(), &secret.keys().access().encode()] {
        assert!(!metrics.contains(value.as_str()));
    }
    // This metric is updated every few seconds.
    server.secret(1).await;
    eventually(|| async { read().await.lines().any(|line| line == "ikrypt_live_secrets 1") }).await;

    // The public listener does not serve metrics.
    assert_eq!(server.get("/metrics").await.status, 404);
    server.stop().await.unwrap();
}
