//! `create`: identical and conflicting requests, and the validation of numbers, byte strings and envelopes.

use serde_json::{Value, json};

use super::{TestServer, create_body, open_body, receipt_body, reveal_body, sealed_secret};
use crate::support::TestStore;

suite! {
    create_returns_an_id_and_the_exact_expiry,
    repeated_create_returns_the_same_secret_even_after_it_ended,
    create_with_a_known_hash_is_a_conflict_that_changes_nothing,
    create_refuses_numbers_out_of_range_or_of_another_type,
    create_refuses_byte_strings_that_are_not_canonical,
    create_refuses_invalid_envelopes,
}

async fn create_returns_an_id_and_the_exact_expiry(test: &TestStore) {
    let server = TestServer::start(test).await;
    let response = server.call("create", &create_body(&sealed_secret(), 1)).await;
    assert_eq!(response.status, 201);
    let created = response.json();
    assert_eq!(created["id"].as_str().unwrap().len(), 16);
    let time = |name: &str| created[name].as_str().unwrap().parse::<chrono::DateTime<chrono::Utc>>().unwrap();
    assert_eq!((time("expires_at") - time("created_at")).num_milliseconds(), 3_600_000);
    assert_eq!(created.as_object().unwrap().len(), 3);
    assert_eq!(test.rows("secrets").await, 1);
}

async fn repeated_create_returns_the_same_secret_even_after_it_ended(test: &TestStore) {
    let server = TestServer::start(test).await;
    let (viewed, burned) = (sealed_secret(), sealed_secret());
    let first = server.call("create", &create_body(&viewed, 1)).await;
    assert_eq!(server.call("create", &create_body(&viewed, 1)).await.json(), first.json());
    assert_eq!(test.rows("receipts").await, 1);
    let id = first.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(server.call("reveal", &reveal_body(&viewed, &id)).await.status, 200);
    let repeated = server.call("create", &create_body(&viewed, 1)).await;
    assert_eq!((repeated.status, repeated.json()), (201, first.json()));

    let first = server.call("create", &create_body(&burned, 1)).await;
    assert_eq!(server.call("burn", &receipt_body(&burned)).await.status, 200);
    let repeated = server.call("create", &create_body(&burned, 1)).await;
    assert_eq!((repeated.status, repeated.json()), (201, first.json()));
    assert_eq!((test.rows("receipts").await, test.rows("secrets").await), (2, 0));
}

async fn create_with_a_known_hash_is_a_conflict_that_changes_nothing(test: &TestStore) {
    let server = TestServer::start(test).await;
    let (first, id) = server.secret(1).await;
    let known = create_body(&first, 1);
    for hash in ["access_hash", "receipt_hash"] {
        let mut other = create_body(&sealed_secret(), 1);
        other[hash] = known[hash].clone();
        server.call("create", &other).await.assert_error(409, "conflict");
    }
    let mut longer = known.clone();
    longer["ttl_seconds"] = json!(7200);
    server.call("create", &longer).await.assert_error(409, "conflict");
    assert_eq!((test.rows("receipts").await, test.rows("secrets").await), (1, 1));
    assert_eq!(server.call("open", &open_body(&first, &id)).await.status, 200);
}

async fn create_refuses_numbers_out_of_range_or_of_another_type(test: &TestStore) {
    let server = TestServer::start(test).await;
    let ttls = json!([0, -1, 59, 2_592_001, 1e9, 3600.5, "3600", null, i64::MAX, true, [], {}]);
    let views = json!([0, -1, 101, 256, 1.5, "1", true, null]);
    for (field, values) in [("ttl_seconds", ttls), ("max_views", views)] {
        for value in values.as_array().unwrap() {
            let mut body = create_body(&sealed_secret(), 1);
            body[field] = value.clone();
            let response = server.call("create", &body).await;
            assert_eq!(response.status, 400, "{field} {value}: {}", response.body);
            response.assert_error(400, "invalid_request");
        }
    }
    assert_eq!(test.rows("receipts").await, 0);
}

async fn create_refuses_byte_strings_that_are_not_canonical(test: &TestStore) {
    let server = TestServer::start(test).await;
    for field in ["envelope", "share", "access_hash", "reveal_hash", "receipt_hash"] {
        let valid = create_body(&sealed_secret(), 1)[field].as_str().unwrap().to_owned();
        let tail = &valid[1..];
        let invalid = [
            format!("{valid}="),
            format!("{valid}A"),
            format!("+{tail}"),
            format!("/{tail}"),
            format!(" {valid}"),
            format!("{valid}\n"),
            tail.to_owned(),
            String::new(),
            with_unused_bits(&valid),
        ];
        for encoded in invalid {
            let mut body = create_body(&sealed_secret(), 1);
            body[field] = Value::from(encoded.clone());
            let response = server.call("create", &body).await;
            assert_eq!(response.status, 400, "{field}: {}", response.body);
        }
    }
    assert_eq!(test.rows("receipts").await, 0);
}

/// Returns an encoding of the same bytes with unused bits of the last character set, or an invalid one if there are none.
fn with_unused_bits(valid: &str) -> String {
    let (head, last) = valid.split_at(valid.len() - 1);
    // The next character differs in the lowest bit only, which is 0 in every canonical last character with unused bits.
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let index = alphabet.find(last).unwrap();
    if valid.len().is_multiple_of(4) {
        return format!("{valid}{valid}!");
    }
    format!("{head}{}", &alphabet[index + 1..index + 2])
}

async fn create_refuses_invalid_envelopes(test: &TestStore) {
    use base64::Engine as _;
    use base64::prelude::BASE64_URL_SAFE_NO_PAD as B64U;
    let server = TestServer::start(test).await;
    let valid = B64U.decode(create_body(&sealed_secret(), 1)["envelope"].as_str().unwrap()).unwrap();
    let with_byte = |at: usize, value: u8| {
        let mut bytes = valid.clone();
        bytes[at] = value;
        bytes
    };
    let invalid = [
        with_byte(0, 2),
        with_byte(0, 0),
        with_byte(1, 2),
        with_byte(2, 2),
        with_byte(3, 1),
        valid[..valid.len() - 1].to_vec(),
        [valid.as_slice(), &[0]].concat(),
        [valid.as_slice(), &[0; 1000]].concat(),
        valid[..32].to_vec(),
        valid[..3].to_vec(),
    ];
    for bytes in invalid {
        let mut body = create_body(&sealed_secret(), 1);
        body["envelope"] = B64U.encode(bytes).into();
        server.call("create", &body).await.assert_error(400, "invalid_request");
    }
    assert_eq!(test.rows("receipts").await, 0);
}
