//! `reveal`: views, claims, and wrong passphrases.

use futures::future::join_all;
use serde_json::json;

use super::{
    TestServer, open_body, random_id, receipt_body, reveal_body, sealed_secret, wrong_passphrase_body,
};
use crate::support::TestStore;

suite! {
    last_view_deletes_the_secret_and_returns_gone_only_to_holders_of_the_link,
    repeated_claim_gets_the_same_response_until_it_expires,
    five_wrong_passphrases_lock_the_secret_until_the_wait_is_over,
    sixty_concurrent_wrong_passphrases_count_as_five_tries,
    requests_without_the_link_never_lock_the_secret,
}

async fn last_view_deletes_the_secret_and_returns_gone_only_to_holders_of_the_link(test: &TestStore) {
    let server = TestServer::start(test).await;
    let (secret, id) = server.secret(1).await;
    let response = server.call("reveal", &reveal_body(&secret, &id)).await;
    assert_eq!(response.status, 200);
    assert_eq!(response.json(), json!({ "share": secret.share().encode(), "views_left": 0 }));
    assert_eq!(test.rows("secrets").await, 0);

    for body in [reveal_body(&secret, &id), wrong_passphrase_body(&secret, &id)] {
        let gone = server.call("reveal", &body).await;
        gone.assert_error(410, "gone");
        assert_eq!(gone.json()["state"], "viewed");
        assert!(gone.json()["ended_at"].is_string());
    }
    server.call("open", &open_body(&secret, &id)).await.assert_error(410, "gone");
    let other = sealed_secret();
    server.call("reveal", &reveal_body(&other, &id)).await.assert_not_found();
    server.call("open", &open_body(&other, &id)).await.assert_not_found();
    server.call("open", &open_body(&secret, &random_id())).await.assert_not_found();
}

async fn repeated_claim_gets_the_same_response_until_it_expires(test: &TestStore) {
    let server = TestServer::start(test).await;
    let (secret, id) = server.secret(2).await;
    let body = reveal_body(&secret, &id);
    let first = server.call("reveal", &body).await;
    assert_eq!(first.json()["views_left"], 1);
    assert_eq!(server.call("reveal", &reveal_body(&secret, &id)).await.json()["views_left"], 0);
    let repeated = server.call("reveal", &body).await;
    assert_eq!((repeated.status, &repeated.body), (200, &first.body));
    test.expire_claims().await;
    server.call("reveal", &body).await.assert_error(410, "gone");
}

async fn five_wrong_passphrases_lock_the_secret_until_the_wait_is_over(test: &TestStore) {
    let server = TestServer::start(test).await;
    let (secret, id) = server.secret(1).await;
    for left in [4, 3, 2, 1] {
        let response = server.call("reveal", &wrong_passphrase_body(&secret, &id)).await;
        assert_eq!(
            (response.status, response.json()),
            (403, json!({ "error": "wrong_passphrase", "tries_left": left }))
        );
        assert_eq!(response.header("retry-after"), None);
    }
    let fifth = server.call("reveal", &wrong_passphrase_body(&secret, &id)).await;
    assert_eq!((fifth.status, fifth.json()["tries_left"].as_u64()), (403, Some(0)));
    assert_eq!(fifth.header("retry-after"), Some("2"));
    for body in [wrong_passphrase_body(&secret, &id), reveal_body(&secret, &id)] {
        let locked = server.call("reveal", &body).await;
        locked.assert_error(429, "locked");
        assert!((1..=2).contains(&locked.header("retry-after").unwrap().parse::<u32>().unwrap()));
    }
    assert_eq!(server.call("open", &open_body(&secret, &id)).await.json()["views_left"], 1);
    tokio::time::sleep(std::time::Duration::from_millis(2050)).await;
    assert_eq!(server.call("reveal", &reveal_body(&secret, &id)).await.status, 200);
    assert_eq!(server.call("receipt", &receipt_body(&secret)).await.json()["wrong_passphrases"], 5);
}

async fn sixty_concurrent_wrong_passphrases_count_as_five_tries(test: &TestStore) {
    let server = TestServer::start(test).await;
    let (secret, id) = server.secret(1).await;
    let bodies: Vec<_> = (0..60).map(|_| wrong_passphrase_body(&secret, &id)).collect();
    let responses = join_all(bodies.iter().map(|body| server.call("reveal", body))).await;
    let tried = responses.iter().filter(|response| response.status == 403).count();
    let locked = responses.iter().filter(|response| response.status == 429).count();
    assert_eq!((tried, locked), (5, 55));
    assert_eq!(server.call("receipt", &receipt_body(&secret)).await.json()["wrong_passphrases"], 5);
}

async fn requests_without_the_link_never_lock_the_secret(test: &TestStore) {
    let server = TestServer::start(test).await;
    let (secret, id) = server.secret(1).await;
    for _ in 0..100 {
        let bodies: Vec<_> = (0..10).map(|_| reveal_body(&sealed_secret(), &id)).collect();
        for response in join_all(bodies.iter().map(|body| server.call("reveal", body))).await {
            response.assert_not_found();
        }
    }
    assert_eq!(server.call("reveal", &reveal_body(&secret, &id)).await.status, 200);
}
