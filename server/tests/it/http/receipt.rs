//! `receipt` and `burn`.

use serde_json::json;

use super::{TestServer, open_body, receipt_body, reveal_body, sealed_secret, wrong_passphrase_body};
use crate::support::TestStore;

suite! {
    only_the_receipt_token_authorizes_receipt_and_burn,
    burned_secret_returns_gone_and_a_second_burn_is_idempotent,
    burn_of_an_ended_secret_changes_nothing,
    receipt_lists_views_wrong_passphrases_and_the_end,
}

async fn only_the_receipt_token_authorizes_receipt_and_burn(test: &TestStore) {
    let server = TestServer::start(test).await;
    let (secret, id) = server.secret(1).await;
    let wrong_tokens = [
        sealed_secret().receipt().encode(),
        secret.keys().access().encode(),
        secret.keys().reveal().encode(),
        secret.share().encode(),
        id.clone(),
        String::new(),
    ];
    for token in wrong_tokens {
        for call in ["receipt", "burn"] {
            server.call(call, &json!({ "token": token })).await.assert_not_found();
        }
    }
    assert_eq!(server.call("open", &open_body(&secret, &id)).await.status, 200);
}

async fn burned_secret_returns_gone_and_a_second_burn_is_idempotent(test: &TestStore) {
    let server = TestServer::start(test).await;
    let (secret, id) = server.secret(2).await;
    let burned = server.call("burn", &receipt_body(&secret)).await;
    assert_eq!((burned.status, burned.json()["state"].as_str()), (200, Some("burned")));
    assert_eq!(server.call("burn", &receipt_body(&secret)).await.body, burned.body);
    assert_eq!(server.call("receipt", &receipt_body(&secret)).await.body, burned.body);
    let gone = server.call("reveal", &reveal_body(&secret, &id)).await;
    gone.assert_error(410, "gone");
    assert_eq!(
        (&gone.json()["state"], &gone.json()["ended_at"]),
        (&json!("burned"), &burned.json()["ended_at"])
    );
    assert_eq!(test.rows("secrets").await, 0);
}

async fn burn_of_an_ended_secret_changes_nothing(test: &TestStore) {
    let server = TestServer::start(test).await;
    let (viewed, id) = server.secret(1).await;
    assert_eq!(server.call("reveal", &reveal_body(&viewed, &id)).await.status, 200);
    let before = server.call("receipt", &receipt_body(&viewed)).await;
    assert_eq!(server.call("burn", &receipt_body(&viewed)).await.body, before.body);
    assert_eq!(before.json()["state"], "viewed");

    let (expired, id) = server.secret(1).await;
    test.change("UPDATE receipts SET expires_at = created_at WHERE state = 'live'".to_owned()).await;
    test.change(
        "UPDATE secrets SET expires_at = (SELECT expires_at FROM receipts r WHERE r.id = secrets.id)"
            .to_owned(),
    )
    .await;
    let before = server.call("receipt", &receipt_body(&expired)).await;
    assert_eq!(before.json()["state"], "expired");
    assert_eq!(before.json()["ended_at"], before.json()["expires_at"]);
    assert_eq!(server.call("burn", &receipt_body(&expired)).await.body, before.body);
    let gone = server.call("open", &open_body(&expired, &id)).await;
    gone.assert_error(410, "gone");
    assert_eq!(gone.json()["state"], "expired");
}

async fn receipt_lists_views_wrong_passphrases_and_the_end(test: &TestStore) {
    let server = TestServer::start(test).await;
    let (secret, id) = server.secret(3).await;
    let receipt = || async { server.call("receipt", &receipt_body(&secret)).await.json() };
    let body = receipt().await;
    assert_eq!(
        (&body["state"], &body["viewed_at"], &body["ended_at"]),
        (&json!("live"), &json!([]), &json!(null))
    );
    assert_eq!(server.call("reveal", &wrong_passphrase_body(&secret, &id)).await.status, 403);
    for used in 1..=3 {
        assert_eq!(server.call("reveal", &reveal_body(&secret, &id)).await.status, 200);
        assert_eq!(receipt().await["viewed_at"].as_array().unwrap().len(), used);
    }
    let body = receipt().await;
    assert_eq!(
        (&body["state"], &body["wrong_passphrases"], &body["max_views"]),
        (&json!("viewed"), &json!(1), &json!(3))
    );
    let views: Vec<_> = body["viewed_at"].as_array().unwrap().iter().map(|at| at.as_str().unwrap()).collect();
    assert!(views.is_sorted());
    assert_eq!(body["ended_at"].as_str(), views.last().copied());
}
