//! ACCEPTANCE 59: SIGTERM and Ctrl-C end the server during its start, whatever it waits for.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStderr, Command, ExitStatus};
use std::time::{Duration, Instant};

use sqlx::Connection as _;
use sqlx::migrate::Migrate as _;
use sqlx::postgres::PgConnection;
use tokio::net::TcpListener;

use super::program;
use crate::support::{Database as _, LONGEST_WAIT, Postgres, Sqlite};

fn start(url: &str) -> Child {
    program(&[("DATABASE_URL", url)]).spawn().unwrap()
}

/// Reads the log up to a line that contains this. The program may write to it for as long as it is held.
#[track_caller]
fn log_until(server: &mut Child, text: &str) -> BufReader<ChildStderr> {
    let mut log = BufReader::new(server.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains(text) {
        line.clear();
        assert!(log.read_line(&mut line).unwrap() > 0, "the log ends without {text:?}");
    }
    log
}

/// What the server logs once it has taken over the signals.
const STARTING: &str = "starting: SIGTERM and SIGINT";

/// Asserts that the signal ends the program as it does after any other stop.
#[track_caller]
fn assert_ends(server: Child, signal: &str) {
    let status = ends(server, signal);
    assert!(status.success(), "{signal}: {status}");
}

/// Sends the signal, and asserts that the program ends. The ceiling is far below what it waits for otherwise, if that ends at all.
#[track_caller]
fn ends(mut server: Child, signal: &str) -> ExitStatus {
    assert!(server.try_wait().unwrap().is_none(), "it waits");
    let pid = server.id().to_string();
    assert!(Command::new("sh").args(["-c", "kill -s $0 $1", signal, &pid]).status().unwrap().success());
    let sent = Instant::now();
    loop {
        if let Some(status) = server.try_wait().unwrap() {
            return status;
        }
        if sent.elapsed() > LONGEST_WAIT {
            server.kill().unwrap();
            panic!("{signal} did not end it");
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn signal_ends_a_start_on_a_database_that_does_not_answer() {
    for signal in ["TERM", "INT"] {
        let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = start(&format!("postgres://{}/x", silent.local_addr().unwrap()));
        let _connection = silent.accept().await.unwrap();
        assert_ends(server, signal);
        // Nothing listens: it tries again for a while.
        drop(silent);
        let mut server = start("postgres://127.0.0.1:1/x");
        let _log = log_until(&mut server, STARTING);
        assert_ends(server, signal);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn signal_ends_a_start_that_waits_for_a_migration_and_the_wait_is_logged() {
    let database = Postgres::fresh().await;
    let mut migrating = PgConnection::connect_with(&database.options).await.unwrap();
    migrating.lock().await.unwrap();
    for signal in ["TERM", "INT"] {
        let mut server = start(&database.url());
        let _log = log_until(&mut server, "waiting for the migrations");
        assert_ends(server, signal);
    }
    migrating.close().await.unwrap();
    database.remove().await;
}

/// As the first process of a container has it, to which an unhandled signal does nothing; there it ends with an error.
#[tokio::test(flavor = "multi_thread")]
async fn signal_ends_a_command_of_an_operator() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("postgres://{}/x", silent.local_addr().unwrap());
    for arguments in [&["check"] as &[&str], &["admin", "migrate"], &["admin", "stats"]] {
        let server = program(&[("DATABASE_URL", &url)]).args(arguments).spawn().unwrap();
        let _connection = silent.accept().await.unwrap();
        assert_eq!(ends(server, "TERM").code(), Some(1), "{arguments:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn signal_ends_a_start_on_a_locked_file() {
    for signal in ["TERM", "INT"] {
        let database = Sqlite::fresh();
        std::fs::File::create(database.options().get_filename()).unwrap();
        let other = database.raw.begin_with("BEGIN EXCLUSIVE").await.unwrap();
        let mut server = start(&database.url());
        let _log = log_until(&mut server, STARTING);
        assert_ends(server, signal);
        other.rollback().await.unwrap();
        database.remove().await;
    }
}
