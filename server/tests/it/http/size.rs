//! The sizes of ACCEPTANCE 5 and 26.

use shared_crypto::{Payload, SealingKeys, seal};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::{Site, create_body, open_body};
use crate::support::Bed;

suite! {
    the_largest_secret_fits_and_a_body_over_the_limit_is_refused,
    passwords_of_every_length_have_one_size,
}

async fn the_largest_secret_fits_and_a_body_over_the_limit_is_refused(bed: &Bed) {
    let site = Site::start(bed).await;
    let largest = Payload::text("x".repeat(1 << 20));
    let largest = seal(&largest, SealingKeys::generate().unwrap(), None).unwrap();
    let body = create_body(&largest, 1).to_string();
    let created = site.raw("create", body.clone()).await;
    assert_eq!(created.status, 201, "{}", created.body);
    let id = created.json()["id"].as_str().unwrap().to_owned();
    let opened = site.call("open", &open_body(&largest, &id)).await;
    assert_eq!(opened.json()["envelope"], create_body(&largest, 1)["envelope"]);

    let limit = vault::SecretLimits::default().max_body_bytes();
    let padded = format!("{body}{}", " ".repeat(limit - body.len()));
    assert_eq!(site.raw("create", padded).await.status, 201);
    // Announced, and not sent: it is refused before a byte of it is read.
    let head = |length: usize| format!("content-length: {length}\r\n\r\n");
    assert!(is_too_large(&site, "create", &head(limit + 1), 0).await);
    assert!(is_too_large(&site, "open", &head(5000), 0).await);
    // Nobody says how long it is: the limit holds all the same.
    assert!(is_too_large(&site, "create", "transfer-encoding: chunked\r\n\r\n", limit + 1).await);
    assert_eq!(bed.rows("receipts").await, 1);
}

/// Sends a request by hand, so many bytes of its body in one chunk, and reads what comes back while
/// the rest is still missing.
async fn is_too_large(site: &Site, call: &str, head: &str, chunk: usize) -> bool {
    let mut server = TcpStream::connect(site.url.trim_start_matches("http://")).await.unwrap();
    let start =
        format!("POST /api/v1/{call} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n{head}");
    server.write_all(start.as_bytes()).await.unwrap();
    if chunk > 0 {
        server.write_all(format!("{chunk:x}\r\n{}\r\n", " ".repeat(chunk)).as_bytes()).await.unwrap();
    }
    let mut said = vec![0; 13];
    server.read_exact(&mut said).await.unwrap();
    said == b"HTTP/1.1 413 "
}

async fn passwords_of_every_length_have_one_size(bed: &Bed) {
    let site = Site::start(bed).await;
    for length in [1, 8, 20, 64, 255, 500, 1000] {
        let sealed =
            seal(&Payload::text("p".repeat(length)), SealingKeys::generate().unwrap(), None).unwrap();
        assert_eq!(site.call("create", &create_body(&sealed, 1)).await.status, 201);
    }
    assert_eq!(bed.rows("(SELECT DISTINCT length(envelope) FROM secrets) AS sizes").await, 1);
}
