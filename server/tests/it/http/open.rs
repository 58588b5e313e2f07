//! `open`: uses no view, and does not distinguish malformed from unknown proofs and ids.

use serde_json::json;

use super::{
    TestServer, create_body, open_body, random_id, receipt_body, reveal_body, sealed_secret,
    wrong_passphrase_body,
};
use crate::support::TestStore;

suite! {
    thousand_opens_use_no_view,
    malformed_proof_or_id_is_indistinguishable_from_an_unknown_secret,
    pages_and_health_checks_change_no_row,
}

async fn thousand_opens_use_no_view(test: &TestStore) {
    let server = TestServer::start(test).await;
    let (secret, id) = server.secret(3).await;
    let sent = create_body(&secret, 3)["envelope"].clone();
    let body = open_body(&secret, &id);
    for _ in 0..1000 {
        let opened = server.call("open", &body).await.json();
        assert_eq!(
            (&opened["envelope"], &opened["views_left"], &opened["max_views"]),
            (&sent, &json!(3), &json!(3))
        );
    }
    assert_eq!(test.rows("secrets WHERE views_left = 3").await, 1);
    assert_eq!(test.rows("claims").await, 0);
}

async fn malformed_proof_or_id_is_indistinguishable_from_an_unknown_secret(test: &TestStore) {
    let server = TestServer::start(test).await;
    let (secret, id) = server.secret(1).await;
    let unknown = server.call("open", &open_body(&sealed_secret(), &random_id())).await;
    unknown.assert_not_found();

    let proofs = ["", "A", "!", &"A".repeat(42), &"A".repeat(44), "=", "🔑", "\u{0}", "%FF", "'\"--"];
    let ids = ["", &id[1..], &format!("{id}A"), "🔑🔑🔑🔑", "%FF%FF%FF%FF%FF%", "' OR 1=1 --'--'", "\u{0}"];
    let mut bodies = Vec::new();
    for proof in proofs {
        for (call, field) in
            [("open", "access"), ("reveal", "access"), ("reveal", "reveal"), ("reveal", "claim")]
        {
            let mut body = if call == "open" { open_body(&secret, &id) } else { reveal_body(&secret, &id) };
            body[field] = proof.into();
            bodies.push((call, body));
        }
        bodies.push(("receipt", json!({ "token": proof })));
        bodies.push(("burn", json!({ "token": proof })));
    }
    for id in ids {
        bodies.push(("open", open_body(&secret, id)));
        bodies.push(("reveal", reveal_body(&secret, id)));
    }
    for (call, body) in bodies {
        let response = server.call(call, &body).await;
        response.assert_not_found();
        assert_eq!(stable_headers(&response), stable_headers(&unknown), "{call} {body}");
    }
    assert_eq!(test.rows("secrets WHERE views_left = 1 AND bad_tries = 0").await, 1);
    assert_eq!(test.rows("receipts WHERE wrong_passphrases > 0 OR state <> 'live'").await, 0);
    // The recipient can still reveal the secret.
    assert_eq!(server.call("reveal", &wrong_passphrase_body(&secret, &id)).await.status, 403);
    assert_eq!(server.call("reveal", &reveal_body(&secret, &id)).await.status, 200);
    assert_eq!(server.call("receipt", &receipt_body(&secret)).await.json()["wrong_passphrases"], 1);
}

/// Returns the headers of a response except `date`.
fn stable_headers(response: &super::Response) -> Vec<(String, String)> {
    let headers = response.headers.iter().filter(|(name, _)| *name != "date");
    headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect()
}

async fn pages_and_health_checks_change_no_row(test: &TestStore) {
    let server = TestServer::start(test).await;
    let (secret, id) = server.secret(1).await;
    for path in [
        format!("/s/{id}"),
        format!("/s/{id}%23k=x"),
        "/receipt".to_owned(),
        "/".to_owned(),
        "/health/ready".to_owned(),
    ] {
        for method in [reqwest::Method::GET, reqwest::Method::HEAD] {
            let response = server.send(server.client.request(method, format!("{}{path}", server.url))).await;
            assert_eq!(response.status, 200, "{path}");
        }
    }
    assert_eq!(server.get("/nothing").await.status, 404);
    let opened = server.call("open", &open_body(&secret, &id)).await.json();
    assert_eq!(opened["views_left"], 1);
}
