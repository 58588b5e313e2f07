//! Timing: responses that must be indistinguishable take equal time.

use std::time::{Duration, Instant};

use shared_crypto::Sealed;

use super::{TestServer, open_body, random_id, reveal_body, sealed_secret};
use crate::support::TestStore;

suite! { not_found_responses_take_equal_time_and_wait_for_no_lock }

const ROUNDS: usize = 1000;
const ATTEMPTS: usize = 5;

/// Returns the median time of a call for each of the ids.
async fn medians(server: &TestServer, call: &str, ids: &[String; 3], other: &Sealed) -> [Duration; 3] {
    let mut times = [const { Vec::new() }; 3];
    for _ in 0..ROUNDS {
        // In turns, so that other load of the machine affects all ids equally.
        for (id, times) in ids.iter().zip(&mut times) {
            let body = if call == "open" { open_body(other, id) } else { reveal_body(other, id) };
            let started = Instant::now();
            let response = server.call(call, &body).await;
            times.push(started.elapsed());
            response.assert_not_found();
        }
    }
    times.map(|mut times| {
        times.sort_unstable();
        times[ROUNDS / 2]
    })
}

/// Returns whether the medians differ by at most 300 µs or 5 %.
fn are_equal(medians: &[Duration; 3]) -> bool {
    let (shortest, longest) = (medians.iter().min().unwrap(), medians.iter().max().unwrap());
    let allowed = Duration::from_micros(300).max(*shortest / 20);
    longest.saturating_sub(*shortest) <= allowed
}

async fn not_found_responses_take_equal_time_and_wait_for_no_lock(test: &TestStore) {
    let server = TestServer::start(test).await;
    let (live, live_id) = server.secret(1).await;
    let (viewed, viewed_id) = server.secret(1).await;
    assert_eq!(server.call("reveal", &reveal_body(&viewed, &viewed_id)).await.status, 200);
    let other = sealed_secret();

    let kinds = [random_id(), live_id.clone(), viewed_id];
    for call in ["open", "reveal"] {
        // Other load affects single attempts. A difference in the server would show in all of them.
        let mut attempts = Vec::new();
        while attempts.len() < ATTEMPTS && !attempts.last().is_some_and(are_equal) {
            attempts.push(medians(&server, call, &kinds, &other).await);
        }
        assert!(attempts.last().is_some_and(are_equal), "{call}: {attempts:?}");
    }

    let id = shared_crypto::SecretId::decode(&live_id).unwrap();
    let lock = test.database.lock(&id).await;
    // A call that waited for the lock would get 503 after a timeout.
    server.call("open", &open_body(&other, &live_id)).await.assert_not_found();
    server.call("reveal", &reveal_body(&other, &live_id)).await.assert_not_found();
    lock.roll_back().await;
    assert_eq!(server.call("reveal", &reveal_body(&live, &live_id)).await.status, 200);
}
