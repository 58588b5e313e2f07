//! Bodies that are not one plain JSON object: unknown, duplicate, nested and trailing content.

use std::time::{Duration, Instant};

use super::{TestServer, create_body, open_body, receipt_body, reveal_body, sealed_secret};
use crate::support::TestStore;

suite! {
    malformed_body_is_refused_quickly,
    unknown_field_is_refused_by_every_call,
}

/// Limit for one response in a debug build. The requirement is 10 ms in a release build on an idle machine.
const MAX_DURATION: Duration = Duration::from_millis(200);

async fn malformed_body_is_refused_quickly(test: &TestStore) {
    let server = TestServer::start(test).await;
    let valid = create_body(&sealed_secret(), 1);
    let json = valid.to_string();
    let values: Vec<_> = valid.as_object().unwrap().values().map(ToString::to_string).collect();
    let deeply_nested = |open: &str, close: &str| format!("{}{}", open.repeat(10_000), close.repeat(10_000));
    let malformed = [
        String::new(),
        "null".to_owned(),
        "\"text\"".to_owned(),
        "{}".to_owned(),
        format!("[{}]", values.join(",")),
        json.replacen('{', "{\"extra\":1,", 1),
        json.replacen('{', "{\"max_views\":1,", 1),
        format!("{json} x"),
        format!("{json}{json}"),
        json.replacen('}', "", 1),
        deeply_nested("[", "]"),
        deeply_nested("{\"a\":", "}"),
        json.replacen('{', &format!("{{\"extra\":{},", deeply_nested("[", "]")), 1),
        "\u{feff}{}".to_owned(),
    ];
    for body in malformed {
        let start: String = body.chars().take(60).collect();
        let mut shortest = Duration::MAX;
        // A busy machine delays some requests. A body that is slow to refuse would be slow each time.
        for _ in 0..50 {
            let started = Instant::now();
            let response = server.call_raw("create", body.clone()).await;
            shortest = shortest.min(started.elapsed());
            assert_eq!(response.status, 400, "{start}: {}", response.body);
            response.assert_error(400, "invalid_request");
            if shortest < MAX_DURATION {
                break;
            }
        }
        assert!(shortest < MAX_DURATION, "{start}: {shortest:?}");
    }
    assert_eq!(server.call_raw("create", vec![0xFF, 0xFE]).await.status, 400);
    assert_eq!(test.rows("receipts").await, 0);
}

async fn unknown_field_is_refused_by_every_call(test: &TestStore) {
    let server = TestServer::start(test).await;
    let (secret, id) = server.secret(1).await;
    for (call, mut body) in [
        ("open", open_body(&secret, &id)),
        ("reveal", reveal_body(&secret, &id)),
        ("receipt", receipt_body(&secret)),
        ("burn", receipt_body(&secret)),
    ] {
        body["extra"] = 1.into();
        server.call(call, &body).await.assert_error(400, "invalid_request");
    }
    assert_eq!(test.rows("secrets WHERE views_left = 1").await, 1);
}
