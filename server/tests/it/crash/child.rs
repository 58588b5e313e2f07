//! The server in a process of its own, which can be killed: this test binary, started a second time.

use std::process::{ExitStatus, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use server::config::{Config, RateLimiting};
use server::http::shutdown::{Phase, Signals};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::process::{Child as Process, Command};
use tokio::sync::watch;

use crate::http::Site;
use crate::support::{Database as _, Sqlite, eventually};

const DATABASE: &str = "IKRYPT_TEST_CHILD_DATABASE";
const PORT: &str = "IKRYPT_TEST_CHILD_PORT";
const DRAIN: &str = "IKRYPT_TEST_CHILD_DRAIN";

/// A server, and how to start it again on the same port.
pub(crate) struct Child {
    database: String,
    port: u16,
    drain: Duration,
    process: Mutex<Option<Process>>,
    /// Lines that the process has written since it was ready.
    lines_read: Arc<AtomicUsize>,
}

impl Child {
    pub(crate) async fn start(database: &str) -> Self {
        Self::start_with_drain(database, Duration::ZERO).await
    }

    /// A server that drains for this long after SIGTERM.
    pub(crate) async fn start_with_drain(database: &str, drain: Duration) -> Self {
        // Free now, and nobody else's while it is listened on.
        let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
        let child = Self {
            database: database.to_owned(),
            port,
            drain,
            process: Mutex::new(None),
            lines_read: Arc::default(),
        };
        child.run().await;
        child
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(super) async fn kill_and_start_again(&self) {
        self.stop().await;
        self.run().await;
    }

    /// SIGKILL: nothing is finished, and nothing tidied up.
    pub(super) async fn stop(&self) {
        let process = self.process.lock().unwrap().take();
        process.unwrap().kill().await.unwrap();
    }

    /// Sends a signal by its name: `TERM`, `INT`.
    pub(crate) async fn signal(&self, name: &str) {
        let pid = self.process.lock().unwrap().as_ref().unwrap().id().unwrap();
        let sent = Command::new("kill").arg(format!("-{name}")).arg(pid.to_string()).status().await.unwrap();
        assert!(sent.success());
    }

    /// Waits for the process to end by itself.
    pub(crate) async fn ended(&self) -> ExitStatus {
        let process = self.process.lock().unwrap().take();
        process.unwrap().wait().await.unwrap()
    }

    /// Resident memory in KiB, and open files.
    pub(super) fn resources(&self) -> (u64, usize) {
        let pid = self.process.lock().unwrap().as_ref().unwrap().id().unwrap();
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        let files = std::fs::read_dir(format!("/proc/{pid}/fd")).unwrap().count();
        (resident.trim().trim_end_matches(" kB").parse().unwrap(), files)
    }

    async fn run(&self) {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "crash::child::serve", "--ignored", "--nocapture"])
            .env(DATABASE, &self.database)
            .env(PORT, self.port.to_string())
            .env(DRAIN, self.drain.as_secs().to_string())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        while let Some(line) = lines.next_line().await.unwrap() {
            if line == "ready" {
                *self.process.lock().unwrap() = Some(process);
                // The test harness in the child writes to its output later too ("has been running for over 60
                // seconds"), and ends the process if the pipe is closed.
                let lines_read = Arc::clone(&self.lines_read);
                tokio::spawn(async move {
                    while let Ok(Some(_)) = lines.next_line().await {
                        lines_read.fetch_add(1, Ordering::Relaxed);
                    }
                });
                return;
            }
        }
        panic!("the server did not start");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "the server that other tests kill, and no test"]
#[expect(clippy::print_stdout, reason = "whoever started it waits for this line")]
async fn serve() {
    let Ok(database) = std::env::var(DATABASE) else { return };
    let mut config = Config::for_testing(&database);
    config.protection.rate_limit = RateLimiting::Off;
    let store = server::store::connect(&database).await.unwrap();
    let port: u16 = std::env::var(PORT).unwrap().parse().unwrap();
    let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
    let signals = Signals::new().unwrap();
    let drain: u64 = std::env::var(DRAIN).unwrap().parse().unwrap();
    let (phase, phases) = watch::channel(Phase::Serving);
    tokio::spawn(signals.follow(Duration::from_secs(drain), phase));
    println!("\nready");
    tokio::select! {
        served = server::commands::serve::serve(listener, &config, store, Site::assets(), phases) => served.unwrap(),
        () = write_until_killed() => {}
    }
    // Without the last lines of the test harness.
    std::process::exit(0);
}

/// Writes to the output as the test harness does, but sooner: `println` panics once the pipe is closed.
#[expect(clippy::print_stdout, reason = "it stands for the lines of the test harness")]
async fn write_until_killed() {
    loop {
        tokio::time::sleep(Duration::from_millis(100)).await;
        println!("running");
    }
}

#[tokio::test]
async fn child_keeps_serving_after_it_writes_to_its_output() {
    let database = Sqlite::fresh();
    let child = Child::start(&database.url()).await;
    eventually(|| async { child.lines_read.load(Ordering::Relaxed) >= 3 }).await;
    let answer = reqwest::get(format!("{}/health/live", child.url())).await.unwrap();
    assert!(answer.status().is_success());
    child.stop().await;
    database.remove().await;
}
