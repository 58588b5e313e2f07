//! The server in a separate process that can be killed: this test binary, started a second time.

use std::process::{ExitStatus, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use server::config::{Config, RateLimiting};
use server::http::shutdown::{Phase, Signals};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::sync::watch;

use crate::http::TestServer;
use crate::support::{Database as _, Sqlite, eventually};

const DATABASE: &str = "IKRYPT_TEST_CHILD_DATABASE";
const PORT: &str = "IKRYPT_TEST_CHILD_PORT";
const DRAIN: &str = "IKRYPT_TEST_CHILD_DRAIN";

/// A running server process, which can be restarted on the same port.
pub(crate) struct ServerProcess {
    database: String,
    port: u16,
    drain: Duration,
    process: Mutex<Option<Child>>,
    /// Number of lines that the process has written since it was ready.
    lines_read: Arc<AtomicUsize>,
}

/// Resources that a process uses.
#[derive(Debug)]
pub(super) struct Resources {
    pub(super) resident_kib: u64,
    pub(super) open_files: usize,
}

impl ServerProcess {
    /// Starts a server that stops on SIGTERM without a drain.
    pub(crate) async fn start(database: &str) -> Self {
        Self::start_with_drain(database, Duration::ZERO).await
    }

    /// Starts a server that drains for this long after SIGTERM.
    pub(crate) async fn start_with_drain(database: &str, drain: Duration) -> Self {
        // The port is free now. The server binds it in a moment, and again after each restart.
        let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
        let server = Self {
            database: database.to_owned(),
            port,
            drain,
            process: Mutex::new(None),
            lines_read: Arc::default(),
        };
        server.run().await;
        server
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Sends SIGKILL and starts the server again on the same port.
    pub(super) async fn kill_and_restart(&self) {
        self.kill().await;
        self.run().await;
    }

    /// Sends SIGKILL, which leaves the server no time to finish anything.
    pub(super) async fn kill(&self) {
        let process = self.process.lock().unwrap().take();
        process.unwrap().kill().await.unwrap();
    }

    /// Sends the signal `TERM` or `INT`.
    pub(crate) async fn signal(&self, name: &str) {
        let pid = self.process.lock().unwrap().as_ref().unwrap().id().unwrap();
        let sent = Command::new("kill").arg(format!("-{name}")).arg(pid.to_string()).status().await.unwrap();
        assert!(sent.success());
    }

    /// Waits until the process exits, and returns its status.
    pub(crate) async fn wait(&self) -> ExitStatus {
        let process = self.process.lock().unwrap().take();
        process.unwrap().wait().await.unwrap()
    }

    /// Reads the resident memory and the number of open files of the process.
    pub(super) fn resources(&self) -> Resources {
        let pid = self.process.lock().unwrap().as_ref().unwrap().id().unwrap();
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let memory = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        let open_files = std::fs::read_dir(format!("/proc/{pid}/fd")).unwrap().count();
        let resident_kib = memory.trim().trim_end_matches(" kB").parse().unwrap();
        Resources { resident_kib, open_files }
    }

    async fn run(&self) {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "crash::server_process::serve", "--ignored", "--nocapture"])
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
                // The test harness of the process writes later too ("has been running for over 60 seconds"), and ends
                // the process if the pipe is closed.
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
#[ignore = "not a test: the server process that other tests start"]
#[expect(clippy::print_stdout, reason = "the parent process waits for this line")]
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
        served = server::commands::serve::serve(listener, &config, store, TestServer::assets(), phases) => served.unwrap(),
        () = write_until_killed() => {}
    }
    // Skips the last lines of the test harness.
    std::process::exit(0);
}

/// Writes to the output repeatedly, as the test harness does after a minute. `println` panics if the pipe is closed.
#[expect(clippy::print_stdout, reason = "it imitates the lines of the test harness")]
async fn write_until_killed() {
    loop {
        tokio::time::sleep(Duration::from_millis(100)).await;
        println!("running");
    }
}

#[tokio::test]
async fn server_process_keeps_serving_after_it_writes_to_its_output() {
    let database = Sqlite::create();
    let server = ServerProcess::start(&database.url()).await;
    eventually(|| async { server.lines_read.load(Ordering::Relaxed) >= 3 }).await;
    let response = reqwest::get(format!("{}/health/live", server.url())).await.unwrap();
    assert!(response.status().is_success());
    server.kill().await;
    database.remove().await;
}
