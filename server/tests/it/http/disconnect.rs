//! Clients that disconnect at a random time after they sent a reveal.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;
use shared_crypto::Sealed;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use super::raw_http::post_head;
use super::{TestServer, receipt_body, reveal_body};
use crate::support::{TestStore, random, run_concurrently};

suite! { disconnected_client_gets_its_share_on_retry }

/// Sends a reveal and disconnects after a random time of up to 20 ms.
async fn reveal_and_disconnect(address: SocketAddr, body: Value) {
    let body = body.to_string();
    let head = post_head(
        "reveal",
        &format!(
            "content-length: {}

",
            body.len()
        ),
    );
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_micros(random(20_000).into())).await;
}

async fn disconnected_client_gets_its_share_on_retry(test: &TestStore) {
    let server = TestServer::start(test).await;
    let address = server.address();
    for _ in 0..50 {
        let mut secrets: Vec<(Sealed, Value)> = Vec::new();
        for _ in 0..10 {
            let (secret, id) = server.secret(1).await;
            let body = reveal_body(&secret, &id);
            secrets.push((secret, body));
        }
        run_concurrently(10, |index| reveal_and_disconnect(address, secrets[index].1.clone())).await;
        for (secret, body) in &secrets {
            let response = server.call("reveal", body).await;
            assert_eq!((response.status, response.json()["views_left"].as_u64()), (200, Some(0)));
            let receipt = server.call("receipt", &receipt_body(secret)).await.json();
            assert_eq!(receipt["viewed_at"].as_array().unwrap().len(), 1);
        }
    }
}
