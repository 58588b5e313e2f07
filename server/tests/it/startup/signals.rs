//! SIGTERM and SIGINT stop the server during its start, whatever it waits for.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStderr, Command, ExitStatus};
use std::time::{Duration, Instant};

use sqlx::Connection as _;
use sqlx::migrate::Migrate as _;
use sqlx::postgres::PgConnection;
use tokio::net::TcpListener;

use super::server_command;
use crate::support::{Database as _, LONGEST_WAIT, Postgres, Sqlite};

fn start(url: &str) -> Child {
    server_command(&[("DATABASE_URL", url)]).spawn().unwrap()
}

/// Reads the log up to a line that contains this text. The program can write to the log until the reader is dropped.
#[track_caller]
fn read_log_until(server: &mut Child, text: &str) -> BufReader<ChildStderr> {
    let mut log = BufReader::new(server.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains(text) {
        line.clear();
        assert!(log.read_line(&mut line).unwrap() > 0, "the log ended without {text:?}");
    }
    log
}

/// The line that the server logs when it handles the signals.
const STARTING: &str = "starting: SIGTERM and SIGINT";

/// Asserts that the program exits successfully after the signal.
#[track_caller]
fn assert_stops(server: Child, signal: &str) {
    let status = exit_status_after(server, signal);
    assert!(status.success(), "{signal}: {status}");
}

/// Sends the signal, asserts that the program exits within [`LONGEST_WAIT`], and returns its status. Without the signal
/// it would wait far longer.
#[track_caller]
fn exit_status_after(mut server: Child, signal: &str) -> ExitStatus {
    assert!(server.try_wait().unwrap().is_none(), "the program must still wait");
    let pid = server.id().to_string();
    assert!(Command::new("sh").args(["-c", "kill -s $0 $1", signal, &pid]).status().unwrap().success());
    let sent_at = Instant::now();
    loop {
        if let Some(status) = server.try_wait().unwrap() {
            return status;
        }
        if sent_at.elapsed() > LONGEST_WAIT {
            server.kill().unwrap();
            panic!("{signal} did not stop the program");
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn signal_stops_a_start_on_an_unresponsive_database() {
    for signal in ["TERM", "INT"] {
        let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = start(&format!("postgres://{}/x", silent.local_addr().unwrap()));
        let _connection = silent.accept().await.unwrap();
        assert_stops(server, signal);
        // Nothing listens on this port, so the server retries for a while.
        drop(silent);
        let mut server = start("postgres://127.0.0.1:1/x");
        let _log = read_log_until(&mut server, STARTING);
        assert_stops(server, signal);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn signal_stops_a_start_that_waits_for_migrations_and_the_wait_is_logged() {
    let database = Postgres::create().await;
    let mut migrating = PgConnection::connect_with(&database.options).await.unwrap();
    migrating.lock().await.unwrap();
    for signal in ["TERM", "INT"] {
        let mut server = start(&database.url());
        let _log = read_log_until(&mut server, "waiting for the migrations");
        assert_stops(server, signal);
    }
    migrating.close().await.unwrap();
    database.remove().await;
}

/// Commands must handle the signal, since an unhandled one does nothing to the first process of a container.
#[tokio::test(flavor = "multi_thread")]
async fn signal_stops_an_operator_command() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("postgres://{}/x", silent.local_addr().unwrap());
    for arguments in [&["check"] as &[&str], &["admin", "migrate"], &["admin", "stats"]] {
        let server = server_command(&[("DATABASE_URL", &url)]).args(arguments).spawn().unwrap();
        let _connection = silent.accept().await.unwrap();
        assert_eq!(exit_status_after(server, "TERM").code(), Some(1), "{arguments:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn signal_stops_a_start_on_a_locked_sqlite_file() {
    for signal in ["TERM", "INT"] {
        let database = Sqlite::create();
        std::fs::File::create(database.options().get_filename()).unwrap();
        let other = database.pool.begin_with("BEGIN EXCLUSIVE").await.unwrap();
        let mut server = start(&database.url());
        let _log = read_log_until(&mut server, STARTING);
        assert_stops(server, signal);
        other.rollback().await.unwrap();
        database.remove().await;
    }
}
