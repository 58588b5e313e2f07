//! ACCEPTANCE 12.

use serde_json::json;

use super::{Site, guess_body, open_body, receipt_body, reveal_body};
use crate::support::Bed;

suite! {
    only_the_receipt_token_shows_and_burns,
    a_burned_secret_is_gone_and_burning_twice_is_burning_once,
    what_has_ended_is_not_burned,
    a_receipt_tells_all_that_happened,
}

async fn only_the_receipt_token_shows_and_burns(bed: &Bed) {
    let site = Site::start(bed).await;
    let (mine, id) = site.secret(1).await;
    let wrong = [
        super::sealed().receipt().encode(),
        mine.keys().access().encode(),
        mine.keys().reveal().encode(),
        mine.share().encode(),
        id.clone(),
        String::new(),
    ];
    for token in wrong {
        for call in ["receipt", "burn"] {
            site.call(call, &json!({ "token": token })).await.assert_unavailable();
        }
    }
    assert_eq!(site.call("open", &open_body(&mine, &id)).await.status, 200);
}

async fn a_burned_secret_is_gone_and_burning_twice_is_burning_once(bed: &Bed) {
    let site = Site::start(bed).await;
    let (sealed, id) = site.secret(2).await;
    let burned = site.call("burn", &receipt_body(&sealed)).await;
    assert_eq!((burned.status, burned.json()["state"].as_str()), (200, Some("burned")));
    assert_eq!(site.call("burn", &receipt_body(&sealed)).await.body, burned.body);
    assert_eq!(site.call("receipt", &receipt_body(&sealed)).await.body, burned.body);
    let gone = site.call("reveal", &reveal_body(&sealed, &id)).await;
    gone.assert_refused(410, "gone");
    assert_eq!(
        (&gone.json()["state"], &gone.json()["ended_at"]),
        (&json!("burned"), &burned.json()["ended_at"])
    );
    assert_eq!(bed.rows("secrets").await, 0);
}

async fn what_has_ended_is_not_burned(bed: &Bed) {
    let site = Site::start(bed).await;
    let (viewed, id) = site.secret(1).await;
    assert_eq!(site.call("reveal", &reveal_body(&viewed, &id)).await.status, 200);
    let before = site.call("receipt", &receipt_body(&viewed)).await;
    assert_eq!(site.call("burn", &receipt_body(&viewed)).await.body, before.body);
    assert_eq!(before.json()["state"], "viewed");

    let (expired, id) = site.secret(1).await;
    bed.change("UPDATE receipts SET expires_at = created_at WHERE state = 'live'".to_owned()).await;
    bed.change(
        "UPDATE secrets SET expires_at = (SELECT expires_at FROM receipts r WHERE r.id = secrets.id)"
            .to_owned(),
    )
    .await;
    let before = site.call("receipt", &receipt_body(&expired)).await;
    assert_eq!(before.json()["state"], "expired");
    assert_eq!(before.json()["ended_at"], before.json()["expires_at"]);
    assert_eq!(site.call("burn", &receipt_body(&expired)).await.body, before.body);
    let gone = site.call("open", &open_body(&expired, &id)).await;
    gone.assert_refused(410, "gone");
    assert_eq!(gone.json()["state"], "expired");
}

async fn a_receipt_tells_all_that_happened(bed: &Bed) {
    let site = Site::start(bed).await;
    let (sealed, id) = site.secret(3).await;
    let receipt = || async { site.call("receipt", &receipt_body(&sealed)).await.json() };
    let said = receipt().await;
    assert_eq!(
        (&said["state"], &said["viewed_at"], &said["ended_at"]),
        (&json!("live"), &json!([]), &json!(null))
    );
    assert_eq!(site.call("reveal", &guess_body(&sealed, &id)).await.status, 403);
    for used in 1..=3 {
        assert_eq!(site.call("reveal", &reveal_body(&sealed, &id)).await.status, 200);
        assert_eq!(receipt().await["viewed_at"].as_array().unwrap().len(), used);
    }
    let said = receipt().await;
    assert_eq!(
        (&said["state"], &said["wrong_passphrases"], &said["max_views"]),
        (&json!("viewed"), &json!(1), &json!(3))
    );
    let views: Vec<_> = said["viewed_at"].as_array().unwrap().iter().map(|at| at.as_str().unwrap()).collect();
    assert!(views.is_sorted());
    assert_eq!(said["ended_at"].as_str(), views.last().copied());
}
