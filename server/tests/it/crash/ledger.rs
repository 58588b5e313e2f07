//! Records the acknowledged responses of scenarios, and compares them with the database afterwards.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use serde_json::Value;
use shared_crypto::Sealed;
use tokio::time::sleep;

use crate::http::{create_body, receipt_body, reveal_body, sealed_secret};
use crate::support::{Database, TestStore, random};

/// Every acknowledged secret, by its id.
#[derive(Default)]
pub(super) struct Ledger(Mutex<HashMap<String, Entry>>);

struct Entry {
    sealed: Sealed,
    max_views: u8,
    /// The body of each reveal that was granted a view, and the share in the response.
    granted: Vec<(Value, String)>,
}

impl Ledger {
    /// Creates a secret, and sends one more reveal than it has views. Each request is repeated until it is answered.
    pub(super) async fn run_scenario(&self, url: &str) {
        let max_views = u8::try_from(1 + random(3)).unwrap();
        let sealed = sealed_secret();
        let (status, created) = send_until_answered(url, "create", &create_body(&sealed, max_views)).await;
        assert_eq!(status, 201, "{created}");
        let id = created["id"].as_str().unwrap().to_owned();
        let reveals = (0..=max_views).map(|_| async {
            let body = reveal_body(&sealed, &id);
            let (status, response) = send_until_answered(url, "reveal", &body).await;
            match status {
                200 => Some((body, response["share"].as_str().unwrap().to_owned())),
                410 => None,
                _ => panic!("{status}: {response}"),
            }
        });
        let granted: Vec<_> = futures::future::join_all(reveals).await.into_iter().flatten().collect();
        assert_eq!(granted.len(), usize::from(max_views), "every view must be granted once");
        self.0.lock().unwrap().insert(id, Entry { sealed, max_views, granted });
    }

    /// Checks that every acknowledged view is in its receipt and can be repeated, and that no other claim exists.
    pub(super) async fn verify<D: Database + ?Sized>(&self, test: &TestStore<D>, url: &str) {
        let entries = std::mem::take(&mut *self.0.lock().unwrap());
        assert!(entries.len() > 10, "only {} scenarios ran", entries.len());
        for Entry { sealed, max_views, granted } in entries.values() {
            let (_, receipt) = send_until_answered(url, "receipt", &receipt_body(sealed)).await;
            assert_eq!(receipt["state"], "viewed");
            assert_eq!(receipt["viewed_at"].as_array().unwrap().len(), usize::from(*max_views));
            for (body, share) in granted {
                let (status, repeated) = send_until_answered(url, "reveal", body).await;
                assert_eq!((status, repeated["share"].as_str()), (200, Some(&**share)));
            }
        }
        let views: usize = entries.values().map(|entry| entry.granted.len()).sum();
        assert_eq!(
            test.rows("claims").await,
            i64::try_from(views).unwrap(),
            "claims without an acknowledged view"
        );
        assert_eq!(test.rows("secrets").await, 0);
    }
}

/// Repeats a request until there is a response other than 503, as clients do. Returns its status and body.
async fn send_until_answered(url: &str, call: &str, body: &Value) -> (u16, Value) {
    let client = reqwest::Client::new();
    for _ in 0..2_000 {
        let request = client.post(format!("{url}/api/v1/{call}")).header("content-type", "application/json");
        if let Ok(response) = request.body(body.to_string()).send().await {
            let status = response.status().as_u16();
            if let (false, Ok(text)) = (status == 503, response.text().await) {
                return (status, serde_json::from_str(&text).unwrap_or_default());
            }
        }
        sleep(Duration::from_millis(10)).await;
    }
    panic!("no response to {call} after 2,000 attempts");
}
