//! Kills the server, and PostgreSQL, under load, and compares every acknowledged response with the database afterwards.
//!
//! The tests run in a short form. `IKRYPT_TORTURE=1` selects the long form, with 200 kills.

mod ledger;
pub(crate) mod server_process;

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::task::JoinHandle;

use crate::support::{Database as _, Postgres, TestStore, eventually_some, is_stress, random};
use ledger::Ledger;
use server_process::ServerProcess;

suite! {
    killed_server_loses_nothing_acknowledged_and_grants_nothing_twice,
    server_under_load_keeps_memory_and_connections_bounded,
}

/// Number of scenarios that run at the same time.
const WORKERS: usize = 8;

/// Runs scenarios against a server until it is stopped, and records them in a ledger.
struct LoadGenerator {
    ledger: Arc<Ledger>,
    is_stopped: Arc<AtomicBool>,
    workers: Vec<JoinHandle<()>>,
}

impl LoadGenerator {
    fn start(server: &ServerProcess) -> Self {
        let (ledger, is_stopped) = (Arc::new(Ledger::default()), Arc::new(AtomicBool::new(false)));
        let workers = (0..WORKERS).map(|_| {
            let (ledger, is_stopped, url) = (Arc::clone(&ledger), Arc::clone(&is_stopped), server.url());
            tokio::spawn(async move {
                while !is_stopped.load(Ordering::Relaxed) {
                    ledger.run_scenario(&url).await;
                }
            })
        });
        let workers = workers.collect();
        Self { ledger, is_stopped, workers }
    }

    /// Lets the scenarios in progress end, and returns the ledger.
    async fn stop(self) -> Arc<Ledger> {
        self.is_stopped.store(true, Ordering::Relaxed);
        for worker in self.workers {
            worker.await.unwrap();
        }
        self.ledger
    }
}

async fn killed_server_loses_nothing_acknowledged_and_grants_nothing_twice(test: &TestStore) {
    let kills = if is_stress() { 200 } else { 5 };
    let server = ServerProcess::start(&test.database.url()).await;
    let load = LoadGenerator::start(&server);
    for _ in 0..kills {
        tokio::time::sleep(Duration::from_millis(u64::from(50 + random(250)))).await;
        server.kill_and_restart().await;
    }
    load.stop().await.verify(test, &server.url()).await;
    server.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "every other test on this PostgreSQL would lose its connections: `cargo xtask stress` runs it alone"]
async fn crashed_database_loses_nothing_acknowledged() {
    let test = &TestStore::connect(Postgres::create().await).await;
    let server = ServerProcess::start(&test.database.url()).await;
    let load = LoadGenerator::start(&server);
    for _ in 0..20 {
        tokio::time::sleep(Duration::from_millis(u64::from(200 + random(800)))).await;
        // If one of its processes is killed, PostgreSQL ends all of them and recovers from its log.
        let pid = "SELECT pid::bigint FROM pg_stat_activity WHERE backend_type = 'checkpointer'";
        let pid = eventually_some(|| async {
            sqlx::query_scalar::<_, i64>(pid).fetch_one(&test.database.pool).await.ok()
        });
        let killed = Command::new("kill").arg("-9").arg(pid.await.to_string()).status();
        assert!(
            killed.unwrap().success(),
            "the user of this test must be allowed to kill PostgreSQL's processes"
        );
    }
    let ledger = load.stop().await;
    eventually_some(|| async { sqlx::query("SELECT 1").execute(&test.database.pool).await.ok() }).await;
    ledger.verify(test, &server.url()).await;
    server.kill().await;
    test.close().await;
}

async fn server_under_load_keeps_memory_and_connections_bounded(test: &TestStore) {
    if !cfg!(target_os = "linux") {
        eprintln!("SKIPPED: the memory of a process can be read on Linux only");
        return;
    }
    let (warm_up, duration) = if is_stress() { (120, 900) } else { (2, 5) };
    let server = ServerProcess::start(&test.database.url()).await;
    let load = LoadGenerator::start(&server);
    tokio::time::sleep(Duration::from_secs(warm_up)).await;
    let before = server.resources();
    tokio::time::sleep(Duration::from_secs(duration)).await;
    let after = server.resources();
    eprintln!("before {before:?}, after {after:?}");
    assert!(after.resident_kib < before.resident_kib * 3 / 2 + 20_000, "{before:?} {after:?}");
    assert!(after.open_files <= before.open_files + 40, "{before:?} {after:?}");
    load.stop().await;
    server.kill().await;
}
