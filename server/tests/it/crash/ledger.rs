//! What people were told, against what the database says in the end.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use serde_json::Value;
use shared_crypto::Sealed;
use tokio::time::sleep;

use crate::http::{create_body, receipt_body, reveal_body, sealed};
use crate::support::{Bed, Database, random};

/// Every secret that was acknowledged, by its id.
#[derive(Default)]
pub(super) struct Ledger(Mutex<HashMap<String, Entry>>);

struct Entry {
    sealed: Sealed,
    max_views: u8,
    /// Each request for a view that was granted, and the share it got.
    granted: Vec<(Value, String)>,
}

impl Ledger {
    /// Somebody makes a secret, and one more reader than it has views asks for it, each until there is an answer.
    pub(super) async fn story(&self, url: &str) {
        let max_views = u8::try_from(1 + random(3)).unwrap();
        let sealed = sealed();
        let (status, created) = until_answered(url, "create", &create_body(&sealed, max_views)).await;
        assert_eq!(status, 201, "{created}");
        let id = created["id"].as_str().unwrap().to_owned();
        let readers = (0..=max_views).map(|_| async {
            let body = reveal_body(&sealed, &id);
            let (status, answer) = until_answered(url, "reveal", &body).await;
            match status {
                200 => Some((body, answer["share"].as_str().unwrap().to_owned())),
                410 => None,
                _ => panic!("{status}: {answer}"),
            }
        });
        let granted: Vec<_> = futures::future::join_all(readers).await.into_iter().flatten().collect();
        assert_eq!(granted.len(), usize::from(max_views), "one view each, and none for the last");
        self.0.lock().unwrap().insert(id, Entry { sealed, max_views, granted });
    }

    /// Nothing that was said has been forgotten, and nothing was given out that was not said.
    pub(super) async fn settle<D: Database + ?Sized>(&self, bed: &Bed<D>, url: &str) {
        let entries = std::mem::take(&mut *self.0.lock().unwrap());
        assert!(entries.len() > 10, "only {} stories were played", entries.len());
        for Entry { sealed, max_views, granted } in entries.values() {
            let (_, receipt) = until_answered(url, "receipt", &receipt_body(sealed)).await;
            assert_eq!(receipt["state"], "viewed");
            assert_eq!(receipt["viewed_at"].as_array().unwrap().len(), usize::from(*max_views));
            for (body, share) in granted {
                let (status, again) = until_answered(url, "reveal", body).await;
                assert_eq!((status, again["share"].as_str()), (200, Some(&**share)));
            }
        }
        let views: usize = entries.values().map(|entry| entry.granted.len()).sum();
        assert_eq!(bed.rows("claims").await, i64::try_from(views).unwrap(), "every claim is somebody's");
        assert_eq!(bed.rows("secrets").await, 0);
    }
}

/// The same request until there is an answer other than 503 or silence, as clients do.
async fn until_answered(url: &str, call: &str, body: &Value) -> (u16, Value) {
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
    panic!("nobody answered for too long");
}
