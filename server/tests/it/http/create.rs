//! ACCEPTANCE 1, 3 and 4.

use serde_json::{Value, json};

use super::{Site, create_body, open_body, receipt_body, reveal_body, sealed};
use crate::support::Bed;

suite! {
    a_create_is_answered_with_an_id_and_the_exact_expiry,
    the_same_create_again_is_the_same_secret_whatever_became_of_it,
    a_known_hash_in_another_create_is_a_conflict_that_changes_nothing,
    numbers_out_of_range_or_of_another_kind_are_refused,
    byte_strings_that_are_not_canonical_are_refused,
    envelopes_that_no_correct_writer_makes_are_refused,
}

async fn a_create_is_answered_with_an_id_and_the_exact_expiry(bed: &Bed) {
    let site = Site::start(bed).await;
    let answer = site.call("create", &create_body(&sealed(), 1)).await;
    assert_eq!(answer.status, 201);
    let said = answer.json();
    assert_eq!(said["id"].as_str().unwrap().len(), 16);
    let time = |name: &str| said[name].as_str().unwrap().parse::<chrono::DateTime<chrono::Utc>>().unwrap();
    assert_eq!((time("expires_at") - time("created_at")).num_milliseconds(), 3_600_000);
    assert_eq!(said.as_object().unwrap().len(), 3);
    assert_eq!(bed.rows("secrets").await, 1);
}

async fn the_same_create_again_is_the_same_secret_whatever_became_of_it(bed: &Bed) {
    let site = Site::start(bed).await;
    let (viewed, burned) = (sealed(), sealed());
    let first = site.call("create", &create_body(&viewed, 1)).await;
    assert_eq!(site.call("create", &create_body(&viewed, 1)).await.json(), first.json());
    assert_eq!(bed.rows("receipts").await, 1);
    let id = first.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(site.call("reveal", &reveal_body(&viewed, &id)).await.status, 200);
    let again = site.call("create", &create_body(&viewed, 1)).await;
    assert_eq!((again.status, again.json()), (201, first.json()));

    let first = site.call("create", &create_body(&burned, 1)).await;
    assert_eq!(site.call("burn", &receipt_body(&burned)).await.status, 200);
    let again = site.call("create", &create_body(&burned, 1)).await;
    assert_eq!((again.status, again.json()), (201, first.json()));
    assert_eq!((bed.rows("receipts").await, bed.rows("secrets").await), (2, 0));
}

async fn a_known_hash_in_another_create_is_a_conflict_that_changes_nothing(bed: &Bed) {
    let site = Site::start(bed).await;
    let (first, id) = site.secret(1).await;
    let known = create_body(&first, 1);
    for hash in ["access_hash", "receipt_hash"] {
        let mut other = create_body(&sealed(), 1);
        other[hash] = known[hash].clone();
        site.call("create", &other).await.assert_refused(409, "conflict");
    }
    let mut longer = known.clone();
    longer["ttl_seconds"] = json!(7200);
    site.call("create", &longer).await.assert_refused(409, "conflict");
    assert_eq!((bed.rows("receipts").await, bed.rows("secrets").await), (1, 1));
    assert_eq!(site.call("open", &open_body(&first, &id)).await.status, 200);
}

async fn numbers_out_of_range_or_of_another_kind_are_refused(bed: &Bed) {
    let site = Site::start(bed).await;
    let ttls = json!([0, -1, 59, 2_592_001, 1e9, 3600.5, "3600", null, i64::MAX, true, [], {}]);
    let views = json!([0, -1, 101, 256, 1.5, "1", true, null]);
    for (field, values) in [("ttl_seconds", ttls), ("max_views", views)] {
        for value in values.as_array().unwrap() {
            let mut body = create_body(&sealed(), 1);
            body[field] = value.clone();
            let answer = site.call("create", &body).await;
            assert_eq!(answer.status, 400, "{field} {value}: {}", answer.body);
            answer.assert_refused(400, "invalid_request");
        }
    }
    assert_eq!(bed.rows("receipts").await, 0);
}

async fn byte_strings_that_are_not_canonical_are_refused(bed: &Bed) {
    let site = Site::start(bed).await;
    for field in ["envelope", "share", "access_hash", "reveal_hash", "receipt_hash"] {
        let good = create_body(&sealed(), 1)[field].as_str().unwrap().to_owned();
        let tail = &good[1..];
        let wrong = [
            format!("{good}="),
            format!("{good}A"),
            format!("+{tail}"),
            format!("/{tail}"),
            format!(" {good}"),
            format!("{good}\n"),
            tail.to_owned(),
            String::new(),
            stray_bits(&good),
        ];
        for text in wrong {
            let mut body = create_body(&sealed(), 1);
            body[field] = Value::from(text.clone());
            let answer = site.call("create", &body).await;
            assert_eq!(answer.status, 400, "{field}: {}", answer.body);
        }
    }
    assert_eq!(bed.rows("receipts").await, 0);
}

/// The same bytes with the unused bits of the last character set.
fn stray_bits(good: &str) -> String {
    let (head, last) = good.split_at(good.len() - 1);
    // 'A' stands for 0 and 'B' for 1: every canonical ending of a text with a rest has its lowest bits clear.
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let place = alphabet.find(last).unwrap();
    if good.len().is_multiple_of(4) {
        return format!("{good}{good}!");
    }
    format!("{head}{}", &alphabet[place + 1..place + 2])
}

async fn envelopes_that_no_correct_writer_makes_are_refused(bed: &Bed) {
    use base64::Engine as _;
    use base64::prelude::BASE64_URL_SAFE_NO_PAD as B64U;
    let site = Site::start(bed).await;
    let good = B64U.decode(create_body(&sealed(), 1)["envelope"].as_str().unwrap()).unwrap();
    let with_byte = |at: usize, value: u8| {
        let mut bytes = good.clone();
        bytes[at] = value;
        bytes
    };
    let wrong = [
        with_byte(0, 2),
        with_byte(0, 0),
        with_byte(1, 2),
        with_byte(2, 2),
        with_byte(3, 1),
        good[..good.len() - 1].to_vec(),
        [good.as_slice(), &[0]].concat(),
        [good.as_slice(), &[0; 1000]].concat(),
        good[..32].to_vec(),
        good[..3].to_vec(),
    ];
    for bytes in wrong {
        let mut body = create_body(&sealed(), 1);
        body["envelope"] = B64U.encode(bytes).into();
        site.call("create", &body).await.assert_refused(400, "invalid_request");
    }
    assert_eq!(bed.rows("receipts").await, 0);
}
