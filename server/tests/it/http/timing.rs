//! ACCEPTANCE 10: what is refused alike takes alike long, and waits for nobody.

use std::time::{Duration, Instant};

use shared_crypto::Sealed;

use super::{Site, open_body, reveal_body, some_id};
use crate::support::Bed;

suite! { what_is_refused_alike_takes_alike_long_and_a_stranger_waits_for_no_lock }

const ROUNDS: usize = 1000;
const ATTEMPTS: usize = 5;

/// The median time of a call for each of the ids.
async fn medians(site: &Site, call: &str, ids: &[String; 3], stranger: &Sealed) -> [Duration; 3] {
    let mut times = [const { Vec::new() }; 3];
    for _ in 0..ROUNDS {
        // In turns, so that what else the machine does meets all of them.
        for (id, times) in ids.iter().zip(&mut times) {
            let body = if call == "open" { open_body(stranger, id) } else { reveal_body(stranger, id) };
            let asked = Instant::now();
            let answer = site.call(call, &body).await;
            times.push(asked.elapsed());
            answer.assert_unavailable();
        }
    }
    times.map(|mut times| {
        times.sort_unstable();
        times[ROUNDS / 2]
    })
}

fn are_alike(medians: &[Duration; 3]) -> bool {
    let (least, most) = (medians.iter().min().unwrap(), medians.iter().max().unwrap());
    let allowed = Duration::from_micros(300).max(*least / 20);
    most.saturating_sub(*least) <= allowed
}

async fn what_is_refused_alike_takes_alike_long_and_a_stranger_waits_for_no_lock(bed: &Bed) {
    let site = Site::start(bed).await;
    let (live, live_id) = site.secret(1).await;
    let (viewed, viewed_id) = site.secret(1).await;
    assert_eq!(site.call("reveal", &reveal_body(&viewed, &viewed_id)).await.status, 200);
    let stranger = super::sealed();

    let kinds = [some_id(), live_id.clone(), viewed_id];
    for call in ["open", "reveal"] {
        // What another program does to the times of one attempt it does not do to all; a difference of the server's own
        // is there each time.
        let mut attempts = Vec::new();
        while attempts.len() < ATTEMPTS && !attempts.last().is_some_and(are_alike) {
            attempts.push(medians(&site, call, &kinds, &stranger).await);
        }
        assert!(attempts.last().is_some_and(are_alike), "{call}: {attempts:?}");
    }

    let id = shared_crypto::SecretId::decode(&live_id).unwrap();
    let lock = bed.database.lock(&id).await;
    // Who waits for the lock, which is held all the time, is answered 503 in the end.
    site.call("open", &open_body(&stranger, &live_id)).await.assert_unavailable();
    site.call("reveal", &reveal_body(&stranger, &live_id)).await.assert_unavailable();
    lock.roll_back().await;
    assert_eq!(site.call("reveal", &reveal_body(&live, &live_id)).await.status, 200);
}
