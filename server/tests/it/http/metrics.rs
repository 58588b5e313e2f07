//! Numbers for Prometheus.

use std::net::TcpListener;

use super::{Site, guess_body, receipt_body, reveal_body};
use crate::support::{Bed, eventually};

suite! { what_happens_is_counted_and_named_by_nobody }

async fn what_happens_is_counted_and_named_by_nobody(bed: &Bed) {
    // A port that was free a moment ago.
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let site = Site::start_with(bed, |config| config.metrics_listen = Some(address)).await;
    let (sealed, id) = site.secret(2).await;
    for _ in 0..5 {
        site.call("reveal", &guess_body(&sealed, &id)).await.assert_refused(403, "wrong_passphrase");
    }
    site.call("reveal", &reveal_body(&sealed, &id)).await.assert_refused(429, "locked");
    site.call("reveal", &reveal_body(&sealed, &super::some_id())).await.assert_unavailable();
    site.call("burn", &receipt_body(&sealed)).await;
    site.call("reveal", &reveal_body(&sealed, &id)).await.assert_refused(410, "gone");
    let (other, other_id) = site.secret(1).await;
    assert_eq!(site.call("reveal", &reveal_body(&other, &other_id)).await.status, 200);
    site.send(site.client.get(format!("{}/s/{id}", site.url))).await;

    let url = format!("http://{address}/metrics");
    let read = || async { site.client.get(&url).send().await.unwrap().text().await.unwrap() };
    let text = read().await;
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
        assert!(text.lines().any(|said| said == line), "{line}\n{text}");
    }
    for name in ["ikrypt_pool_connections{state=\"busy\"}", "ikrypt_sweep_lag_seconds", "ikrypt_stored_bytes"]
    {
        assert!(text.lines().any(|said| said.starts_with(name)), "{name}\n{text}");
    }
    for secret in [&id, &other_id, &sealed.receipt().encode(), &sealed.keys().access().encode()] {
        assert!(!text.contains(secret.as_str()));
    }
    // Measured every few seconds.
    site.secret(1).await;
    eventually(|| async { read().await.lines().any(|line| line == "ikrypt_live_secrets 1") }).await;

    // Not on the listener that everybody reaches.
    assert_eq!(site.send(site.client.get(format!("{}/metrics", site.url))).await.status, 404);
    site.stop().await.unwrap();
}
