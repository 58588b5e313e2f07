//! ACCEPTANCE 16: clients that hang up at a random moment after sending.

use std::time::Duration;

use serde_json::Value;
use shared_crypto::Sealed;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use super::{Site, receipt_body, reveal_body};
use crate::support::{Bed, inline_repoll, random};

suite! { a_client_that_hangs_up_gets_its_share_at_the_next_try }

/// Sends a reveal, and hangs up at some moment of the next 20 ms.
async fn ask_and_hang_up(address: String, body: Value) {
    let body = body.to_string();
    let head = format!(
        "POST /api/v1/reveal HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let mut server = TcpStream::connect(address).await.unwrap();
    server.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_micros(random(20_000).into())).await;
}

async fn a_client_that_hangs_up_gets_its_share_at_the_next_try(bed: &Bed) {
    let site = Site::start(bed).await;
    let address = site.url.trim_start_matches("http://").to_owned();
    for _ in 0..50 {
        let mut secrets: Vec<(Sealed, Value)> = Vec::new();
        for _ in 0..10 {
            let (sealed, id) = site.secret(1).await;
            let body = reveal_body(&sealed, &id);
            secrets.push((sealed, body));
        }
        inline_repoll(10, |index| ask_and_hang_up(address.clone(), secrets[index].1.clone())).await;
        for (sealed, body) in &secrets {
            let answer = site.call("reveal", body).await;
            assert_eq!((answer.status, answer.json()["views_left"].as_u64()), (200, Some(0)));
            let receipt = site.call("receipt", &receipt_body(sealed)).await.json();
            assert_eq!(receipt["viewed_at"].as_array().unwrap().len(), 1);
        }
    }
}
