//! `kill -9` of the server at random moments under load, with readers who retry and a ledger that counts.
//!
//! A short form runs always; `IKRYPT_TORTURE=1` makes it 200 kills.

pub(crate) mod child;
mod ledger;

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::task::JoinHandle;

use crate::support::{Bed, Database as _, Postgres, eventually_some, random};
use child::Child;
use ledger::Ledger;

suite! {
    a_server_that_is_killed_loses_nothing_that_was_acknowledged_and_grants_nothing_twice,
    under_load_the_server_keeps_its_size_and_its_connections,
}

const PEOPLE: usize = 8;

fn is_torture() -> bool {
    std::env::var_os("IKRYPT_TORTURE").is_some()
}

/// People with a ledger, who begin a story after the other until they are told to stop.
struct Crowd {
    ledger: Arc<Ledger>,
    over: Arc<AtomicBool>,
    people: Vec<JoinHandle<()>>,
}

impl Crowd {
    fn before(child: &Child) -> Self {
        let (ledger, over) = (Arc::new(Ledger::default()), Arc::new(AtomicBool::new(false)));
        let people = (0..PEOPLE).map(|_| {
            let (ledger, over, url) = (Arc::clone(&ledger), Arc::clone(&over), child.url());
            tokio::spawn(async move {
                while !over.load(Ordering::Relaxed) {
                    ledger.story(&url).await;
                }
            })
        });
        let people = people.collect();
        Self { ledger, over, people }
    }

    async fn go_home(self) -> Arc<Ledger> {
        self.over.store(true, Ordering::Relaxed);
        for person in self.people {
            person.await.unwrap();
        }
        self.ledger
    }
}

async fn a_server_that_is_killed_loses_nothing_that_was_acknowledged_and_grants_nothing_twice(bed: &Bed) {
    let kills = if is_torture() { 200 } else { 5 };
    let child = Child::start(&bed.database.url()).await;
    let crowd = Crowd::before(&child);
    for _ in 0..kills {
        tokio::time::sleep(Duration::from_millis(u64::from(50 + random(250)))).await;
        child.kill_and_start_again().await;
    }
    crowd.go_home().await.settle(bed, &child.url()).await;
    child.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "every other test on this PostgreSQL would lose its connections: `cargo xtask stress` runs it alone"]
async fn a_database_that_crashes_under_load_loses_nothing_that_was_acknowledged() {
    let bed = &Bed::make(Postgres::fresh().await).await;
    let child = Child::start(&bed.database.url()).await;
    let crowd = Crowd::before(&child);
    for _ in 0..20 {
        tokio::time::sleep(Duration::from_millis(u64::from(200 + random(800)))).await;
        // One of its processes killed makes PostgreSQL drop all of them and recover from its log.
        let pid = "SELECT pid::bigint FROM pg_stat_activity WHERE backend_type = 'checkpointer'";
        let pid = eventually_some(|| async {
            sqlx::query_scalar::<_, i64>(pid).fetch_one(&bed.database.raw).await.ok()
        });
        let killed = Command::new("kill").arg("-9").arg(pid.await.to_string()).status();
        assert!(killed.unwrap().success(), "whoever runs this may kill PostgreSQL's processes");
    }
    let ledger = crowd.go_home().await;
    eventually_some(|| async { sqlx::query("SELECT 1").execute(&bed.database.raw).await.ok() }).await;
    ledger.settle(bed, &child.url()).await;
    child.stop().await;
    bed.close().await;
}

async fn under_load_the_server_keeps_its_size_and_its_connections(bed: &Bed) {
    if !cfg!(target_os = "linux") {
        eprintln!("how large a process is can be read on Linux only");
        return;
    }
    let (warm_up, lasts) = if is_torture() { (120, 900) } else { (2, 5) };
    let child = Child::start(&bed.database.url()).await;
    let crowd = Crowd::before(&child);
    tokio::time::sleep(Duration::from_secs(warm_up)).await;
    let before = child.resources();
    tokio::time::sleep(Duration::from_secs(lasts)).await;
    let after = child.resources();
    eprintln!("resident {} -> {} KiB, open files {} -> {}", before.0, after.0, before.1, after.1);
    assert!(after.0 < before.0 * 3 / 2 + 20_000, "{before:?} {after:?}");
    assert!(after.1 <= before.1 + 40, "{before:?} {after:?}");
    crowd.go_home().await;
    child.stop().await;
}
