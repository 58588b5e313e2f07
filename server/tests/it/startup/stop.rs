//! ACCEPTANCE 59: SIGTERM and Ctrl-C end the server during its start, whatever it waits for.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};

use sqlx::Connection as _;
use sqlx::migrate::Migrate as _;
use sqlx::postgres::PgConnection;
use tokio::net::TcpListener;

use super::program;
use crate::common::{Database as _, Postgres, Sqlite};

fn start(url: &str) -> Child {
    program(&[("DATABASE_URL", url)]).spawn().unwrap()
}

/// Asserts that the signal ends the program as it does after any other stop.
#[track_caller]
fn assert_ends(server: Child, signal: &str) {
    let status = ends(server, signal);
    assert!(status.success(), "{signal}: {status}");
}

/// Sends the signal, and asserts that the program ends soon.
#[track_caller]
fn ends(mut server: Child, signal: &str) -> ExitStatus {
    assert!(server.try_wait().unwrap().is_none(), "it waits");
    let pid = server.id().to_string();
    assert!(Command::new("sh").args(["-c", "kill -s $0 $1", signal, &pid]).status().unwrap().success());
    let sent = Instant::now();
    let status = loop {
        if let Some(status) = server.try_wait().unwrap() {
            break status;
        }
        if sent.elapsed() > Duration::from_secs(20) {
            server.kill().unwrap();
            panic!("{signal} did not end it");
        }
        std::thread::sleep(Duration::from_millis(10));
    };
    assert!(sent.elapsed() < Duration::from_secs(2), "{signal}: {:?}", sent.elapsed());
    status
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
        let server = start("postgres://127.0.0.1:1/x");
        tokio::time::sleep(Duration::from_secs(1)).await;
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
        let mut log = BufReader::new(server.stderr.take().unwrap()).lines();
        let waits =
            log.find(|line| line.as_ref().is_ok_and(|line| line.contains("waiting for the migrations")));
        assert!(waits.is_some(), "the log says what it waits for");
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
        let server = start(&database.url());
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_ends(server, signal);
        other.rollback().await.unwrap();
        database.remove().await;
    }
}
