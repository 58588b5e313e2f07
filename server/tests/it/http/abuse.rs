//! ACCEPTANCE 2: bodies that are not one plain object.

use std::time::{Duration, Instant};

use super::{Site, create_body, open_body, receipt_body, reveal_body, sealed};
use crate::support::Bed;

suite! {
    bodies_that_are_not_one_plain_object_are_refused_quickly,
    every_call_refuses_an_unknown_field,
}

/// ACCEPTANCE says 10 ms, of a release build on a machine that does nothing else.
const QUICK: Duration = Duration::from_millis(200);

async fn bodies_that_are_not_one_plain_object_are_refused_quickly(bed: &Bed) {
    let site = Site::start(bed).await;
    let good = create_body(&sealed(), 1);
    let text = good.to_string();
    let values: Vec<_> = good.as_object().unwrap().values().map(ToString::to_string).collect();
    let deep = |open: &str, close: &str| format!("{}{}", open.repeat(10_000), close.repeat(10_000));
    let wrong = [
        String::new(),
        "null".to_owned(),
        "\"text\"".to_owned(),
        "{}".to_owned(),
        format!("[{}]", values.join(",")),
        text.replacen('{', "{\"extra\":1,", 1),
        text.replacen('{', "{\"max_views\":1,", 1),
        format!("{text} x"),
        format!("{text}{text}"),
        text.replacen('}', "", 1),
        deep("[", "]"),
        deep("{\"a\":", "}"),
        text.replacen('{', &format!("{{\"extra\":{},", deep("[", "]")), 1),
        "\u{feff}{}".to_owned(),
    ];
    for body in wrong {
        let start: String = body.chars().take(60).collect();
        let mut least = Duration::MAX;
        // A busy machine delays some requests. What takes the server long takes it long each time.
        for _ in 0..50 {
            let started = Instant::now();
            let answer = site.raw("create", body.clone()).await;
            least = least.min(started.elapsed());
            assert_eq!(answer.status, 400, "{start}: {}", answer.body);
            answer.assert_refused(400, "invalid_request");
            if least < QUICK {
                break;
            }
        }
        assert!(least < QUICK, "{start}: {least:?}");
    }
    assert_eq!(site.raw("create", vec![0xFF, 0xFE]).await.status, 400);
    assert_eq!(bed.rows("receipts").await, 0);
}

async fn every_call_refuses_an_unknown_field(bed: &Bed) {
    let site = Site::start(bed).await;
    let (sealed, id) = site.secret(1).await;
    for (call, mut body) in [
        ("open", open_body(&sealed, &id)),
        ("reveal", reveal_body(&sealed, &id)),
        ("receipt", receipt_body(&sealed)),
        ("burn", receipt_body(&sealed)),
    ] {
        body["extra"] = 1.into();
        site.call(call, &body).await.assert_refused(400, "invalid_request");
    }
    assert_eq!(bed.rows("secrets WHERE views_left = 1").await, 1);
}
