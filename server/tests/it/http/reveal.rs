//! ACCEPTANCE 8 and 11.

use futures::future::join_all;
use serde_json::json;

use super::{Site, guess_body, open_body, receipt_body, reveal_body, sealed, some_id};
use crate::support::Bed;

suite! {
    the_last_view_deletes_and_says_so_to_the_holder_of_the_link_only,
    a_repeated_claim_gets_the_same_answer_and_a_new_one_does_not,
    five_wrong_passphrases_lock_and_the_right_one_opens_after_the_wait,
    sixty_wrong_passphrases_in_parallel_are_five_tries,
    strangers_never_lock_anybody_out,
}

async fn the_last_view_deletes_and_says_so_to_the_holder_of_the_link_only(bed: &Bed) {
    let site = Site::start(bed).await;
    let (sealed, id) = site.secret(1).await;
    let answer = site.call("reveal", &reveal_body(&sealed, &id)).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json(), json!({ "share": sealed.share().encode(), "views_left": 0 }));
    assert_eq!(bed.rows("secrets").await, 0);

    for body in [reveal_body(&sealed, &id), guess_body(&sealed, &id)] {
        let gone = site.call("reveal", &body).await;
        gone.assert_refused(410, "gone");
        assert_eq!(gone.json()["state"], "viewed");
        assert!(gone.json()["ended_at"].is_string());
    }
    site.call("open", &open_body(&sealed, &id)).await.assert_refused(410, "gone");
    let stranger = super::sealed();
    site.call("reveal", &reveal_body(&stranger, &id)).await.assert_unavailable();
    site.call("open", &open_body(&stranger, &id)).await.assert_unavailable();
    site.call("open", &open_body(&sealed, &some_id())).await.assert_unavailable();
}

async fn a_repeated_claim_gets_the_same_answer_and_a_new_one_does_not(bed: &Bed) {
    let site = Site::start(bed).await;
    let (sealed, id) = site.secret(2).await;
    let body = reveal_body(&sealed, &id);
    let first = site.call("reveal", &body).await;
    assert_eq!(first.json()["views_left"], 1);
    assert_eq!(site.call("reveal", &reveal_body(&sealed, &id)).await.json()["views_left"], 0);
    let again = site.call("reveal", &body).await;
    assert_eq!((again.status, &again.body), (200, &first.body));
    bed.expire_claims().await;
    site.call("reveal", &body).await.assert_refused(410, "gone");
}

async fn five_wrong_passphrases_lock_and_the_right_one_opens_after_the_wait(bed: &Bed) {
    let site = Site::start(bed).await;
    let (sealed, id) = site.secret(1).await;
    for left in [4, 3, 2, 1] {
        let answer = site.call("reveal", &guess_body(&sealed, &id)).await;
        assert_eq!(
            (answer.status, answer.json()),
            (403, json!({ "error": "wrong_passphrase", "tries_left": left }))
        );
        assert_eq!(answer.header("retry-after"), None);
    }
    let fifth = site.call("reveal", &guess_body(&sealed, &id)).await;
    assert_eq!((fifth.status, fifth.json()["tries_left"].as_u64()), (403, Some(0)));
    assert_eq!(fifth.header("retry-after"), Some("2"));
    for body in [guess_body(&sealed, &id), reveal_body(&sealed, &id)] {
        let locked = site.call("reveal", &body).await;
        locked.assert_refused(429, "locked");
        assert!((1..=2).contains(&locked.header("retry-after").unwrap().parse::<u32>().unwrap()));
    }
    assert_eq!(site.call("open", &open_body(&sealed, &id)).await.json()["views_left"], 1);
    tokio::time::sleep(std::time::Duration::from_millis(2050)).await;
    assert_eq!(site.call("reveal", &reveal_body(&sealed, &id)).await.status, 200);
    assert_eq!(site.call("receipt", &receipt_body(&sealed)).await.json()["wrong_passphrases"], 5);
}

async fn sixty_wrong_passphrases_in_parallel_are_five_tries(bed: &Bed) {
    let site = Site::start(bed).await;
    let (sealed, id) = site.secret(1).await;
    let bodies: Vec<_> = (0..60).map(|_| guess_body(&sealed, &id)).collect();
    let answers = join_all(bodies.iter().map(|body| site.call("reveal", body))).await;
    let tried = answers.iter().filter(|answer| answer.status == 403).count();
    let locked = answers.iter().filter(|answer| answer.status == 429).count();
    assert_eq!((tried, locked), (5, 55));
    assert_eq!(site.call("receipt", &receipt_body(&sealed)).await.json()["wrong_passphrases"], 5);
}

async fn strangers_never_lock_anybody_out(bed: &Bed) {
    let site = Site::start(bed).await;
    let (secret, id) = site.secret(1).await;
    for _ in 0..100 {
        let bodies: Vec<_> = (0..10).map(|_| reveal_body(&sealed(), &id)).collect();
        for answer in join_all(bodies.iter().map(|body| site.call("reveal", body))).await {
            answer.assert_unavailable();
        }
    }
    assert_eq!(site.call("reveal", &reveal_body(&secret, &id)).await.status, 200);
}
