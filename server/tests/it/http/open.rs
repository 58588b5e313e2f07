//! ACCEPTANCE 7 and 9.

use serde_json::json;

use super::{Site, create_body, guess_body, open_body, receipt_body, reveal_body, some_id};
use crate::support::Bed;

suite! {
    looking_a_thousand_times_costs_no_view,
    whatever_is_malformed_looks_like_a_secret_that_never_was,
    pages_and_probes_touch_no_row,
}

async fn looking_a_thousand_times_costs_no_view(bed: &Bed) {
    let site = Site::start(bed).await;
    let (sealed, id) = site.secret(3).await;
    let sent = create_body(&sealed, 3)["envelope"].clone();
    let body = open_body(&sealed, &id);
    for _ in 0..1000 {
        let said = site.call("open", &body).await.json();
        assert_eq!(
            (&said["envelope"], &said["views_left"], &said["max_views"]),
            (&sent, &json!(3), &json!(3))
        );
    }
    assert_eq!(bed.rows("secrets WHERE views_left = 3").await, 1);
    assert_eq!(bed.rows("claims").await, 0);
}

async fn whatever_is_malformed_looks_like_a_secret_that_never_was(bed: &Bed) {
    let site = Site::start(bed).await;
    let (sealed, id) = site.secret(1).await;
    let never = site.call("open", &open_body(&super::sealed(), &some_id())).await;
    never.assert_unavailable();

    let proofs = ["", "A", "!", &"A".repeat(42), &"A".repeat(44), "=", "🔑", "\u{0}", "%FF", "'\"--"];
    let ids = ["", &id[1..], &format!("{id}A"), "🔑🔑🔑🔑", "%FF%FF%FF%FF%FF%", "' OR 1=1 --'--'", "\u{0}"];
    let mut bodies = Vec::new();
    for proof in proofs {
        for (call, field) in
            [("open", "access"), ("reveal", "access"), ("reveal", "reveal"), ("reveal", "claim")]
        {
            let mut body = if call == "open" { open_body(&sealed, &id) } else { reveal_body(&sealed, &id) };
            body[field] = proof.into();
            bodies.push((call, body));
        }
        bodies.push(("receipt", json!({ "token": proof })));
        bodies.push(("burn", json!({ "token": proof })));
    }
    for id in ids {
        bodies.push(("open", open_body(&sealed, id)));
        bodies.push(("reveal", reveal_body(&sealed, id)));
    }
    for (call, body) in bodies {
        let answer = site.call(call, &body).await;
        answer.assert_unavailable();
        assert_eq!(names(&answer), names(&never), "{call} {body}");
    }
    assert_eq!(bed.rows("secrets WHERE views_left = 1 AND bad_tries = 0").await, 1);
    assert_eq!(bed.rows("receipts WHERE wrong_passphrases > 0 OR state <> 'live'").await, 0);
    // The recipient still succeeds.
    assert_eq!(site.call("reveal", &guess_body(&sealed, &id)).await.status, 403);
    assert_eq!(site.call("reveal", &reveal_body(&sealed, &id)).await.status, 200);
    assert_eq!(site.call("receipt", &receipt_body(&sealed)).await.json()["wrong_passphrases"], 1);
}

fn names(answer: &super::Answer) -> Vec<(String, String)> {
    let changing = |name: &str| matches!(name, "date");
    let headers = answer.headers.iter().filter(|(name, _)| !changing(name.as_str()));
    headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect()
}

async fn pages_and_probes_touch_no_row(bed: &Bed) {
    let site = Site::start(bed).await;
    let (sealed, id) = site.secret(1).await;
    for path in [
        format!("/s/{id}"),
        format!("/s/{id}%23k=x"),
        "/receipt".to_owned(),
        "/".to_owned(),
        "/health/ready".to_owned(),
    ] {
        for method in [reqwest::Method::GET, reqwest::Method::HEAD] {
            let answer = site.send(site.client.request(method, format!("{}{path}", site.url))).await;
            assert_eq!(answer.status, 200, "{path}");
        }
    }
    assert_eq!(site.send(site.client.get(format!("{}/nothing", site.url))).await.status, 404);
    let said = site.call("open", &open_body(&sealed, &id)).await.json();
    assert_eq!(said["views_left"], 1);
}
