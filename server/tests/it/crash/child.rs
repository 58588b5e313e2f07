//! The server in a process of its own, which can be killed: this test binary, started a second time.

use std::process::Stdio;
use std::sync::Mutex;

use server::config::{Config, Switch};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::process::{Child as Process, Command};

use crate::http::Site;

const DATABASE: &str = "IKRYPT_TEST_CHILD_DATABASE";
const PORT: &str = "IKRYPT_TEST_CHILD_PORT";

/// A server, and how to start it again on the same port.
pub(super) struct Child {
    database: String,
    port: u16,
    process: Mutex<Option<Process>>,
}

impl Child {
    pub(super) async fn start(database: &str) -> Self {
        // Free now, and nobody else's while it is listened on.
        let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
        let child = Self { database: database.to_owned(), port, process: Mutex::new(None) };
        child.run().await;
        child
    }

    pub(super) fn url(&self) -> String {
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
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        while let Some(line) = lines.next_line().await.unwrap() {
            if line == "ready" {
                *self.process.lock().unwrap() = Some(process);
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
    config.protection.rate_limit = Switch::Off;
    let store = server::store::connect(&database).await.unwrap();
    let port: u16 = std::env::var(PORT).unwrap().parse().unwrap();
    let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
    println!("\nready");
    let stop = std::future::pending();
    server::serve::serve(listener, &config, store, Site::assets(), stop).await.unwrap();
}
