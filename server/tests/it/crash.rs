//! `kill -9` of the server at random moments under load, with readers who retry and a ledger that counts.
//!
//! A short form runs always; `IKRYPT_TORTURE=1` makes it 200 kills.

mod child;
mod ledger;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::common::{Bed, random};
use child::Child;
use ledger::Ledger;

suite! { a_server_that_is_killed_loses_nothing_that_was_acknowledged_and_grants_nothing_twice }

const PEOPLE: usize = 8;

async fn a_server_that_is_killed_loses_nothing_that_was_acknowledged_and_grants_nothing_twice(bed: &Bed) {
    let kills = if std::env::var_os("IKRYPT_TORTURE").is_some() { 200 } else { 5 };
    let child = Child::start(&bed.database.url()).await;
    let ledger = Arc::new(Ledger::default());
    let over = Arc::new(AtomicBool::new(false));
    let people: Vec<_> = (0..PEOPLE)
        .map(|_| {
            let (ledger, over, url) = (Arc::clone(&ledger), Arc::clone(&over), child.url());
            tokio::spawn(async move {
                while !over.load(Ordering::Relaxed) {
                    ledger.story(&url).await;
                }
            })
        })
        .collect();
    for _ in 0..kills {
        tokio::time::sleep(Duration::from_millis(u64::from(50 + random(250)))).await;
        child.kill_and_start_again().await;
    }
    over.store(true, Ordering::Relaxed);
    for person in people {
        person.await.unwrap();
    }
    ledger.settle(bed, &child.url()).await;
    child.stop().await;
}
