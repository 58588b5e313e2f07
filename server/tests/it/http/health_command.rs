//! The command `ikrypt-server health`.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::process::Output;

use tokio::process::Command;
use tokio::time::{Instant, timeout_at};

use super::TestServer;
use crate::support::{
    LONGEST_WAIT, Postgres, Proxy, ProxyMode, Sqlite, TestStore, eventually, eventually_some,
};

suite! {
    postgres: health_command_fails_during_a_database_outage
}
suite! {
    sqlite: health_command_exits_with_0_or_1_and_prints_one_line, health_command_fails_if_the_response_is_invalid_or_missing
}

/// Runs the command as a container does.
async fn health(listen: &str, arguments: &[&str]) -> Output {
    let output = Command::new(env!("CARGO_BIN_EXE_ikrypt-server"))
        .arg("health")
        .args(arguments)
        // A proxy that the command must not use.
        .envs([
            ("IKRYPT_LISTEN", listen),
            ("http_proxy", "http://127.0.0.1:1"),
            ("DATABASE_URL", "sqlite:unused"),
        ])
        .kill_on_drop(true)
        .output();
    timeout_at(Instant::now() + LONGEST_WAIT, output).await.expect("the command must end").unwrap()
}

/// Asserts the exit code and the line that the command prints for a responding server. On a busy machine the command may
/// time out, and is run again.
async fn assert_prints(listen: &str, arguments: &[&str], code: i32, expected: &str) {
    let output = eventually_some(|| async {
        let output = health(listen, arguments).await;
        (!String::from_utf8_lossy(&output.stderr).contains("no answer")).then_some(output)
    });
    assert_output(&output.await, code, expected);
}

/// Asserts the exit code and the only line of the output.
#[track_caller]
fn assert_output(output: &Output, code: i32, expected: &str) {
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let line = if code == 0 { &stdout } else { &stderr };
    assert_eq!((output.status.code(), line.lines().count()), (Some(code), 1), "{stdout}{stderr}");
    assert_eq!(stdout.is_empty(), code != 0, "{stdout}{stderr}");
    assert!(line.contains(expected), "{line}");
}

async fn health_command_exits_with_0_or_1_and_prints_one_line(test: &TestStore<Sqlite>) {
    let server =
        TestServer::start_with_config(test, |config| config.listen = "[::]:0".parse().unwrap()).await;
    let port = server.url.rsplit_once(':').unwrap().1.to_owned();
    for host in ["0.0.0.0", "[::]", "127.0.0.1", "[::1]"] {
        let listen = format!("{host}:{port}");
        assert_prints(&listen, &[], 0, "ready").await;
        assert_prints(&listen, &["--live"], 0, "live").await;
    }
    let listen = format!("127.0.0.1:{port}");
    server.drain();
    assert_prints(&listen, &[], 1, "status 503: the server is stopping").await;
    assert_prints(&listen, &["--live"], 0, "live").await;
    server.stop().await.unwrap();
    assert_output(&health(&listen, &[]).await, 1, "no answer");
    assert_output(&health("127.0.0.1:0", &[]).await, 1, "IKRYPT_LISTEN");
}

/// Starts a listener that sends these bytes on every connection and keeps it open.
fn start_listener(response: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let mut open = Vec::new();
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut head = [0; 1024];
            drop(stream.read(&mut head));
            drop(stream.write_all(response.as_bytes()));
            open.push(stream);
        }
    });
    address
}

async fn health_command_fails_if_the_response_is_invalid_or_missing(_: &TestStore<Sqlite>) {
    for (response, expected) in [
        ("", "no answer"),
        ("HTTP/1.1 200 OK\r\n", "no answer"),
        ("HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n", "status 302"),
        ("HTTP/1.1 404 Not Found\r\ncontent-length: 4\r\n\r\n\u{1b}[1m", "status 404"),
        ("SSH-2.0-server\r\n", "no answer"),
    ] {
        let output = health(&start_listener(response).to_string(), &[]).await;
        assert_output(&output, 1, expected);
        assert!(!output.stderr.contains(&0x1b), "{response}");
    }
}

async fn health_command_fails_during_a_database_outage(test: &TestStore<Postgres>) {
    let proxy = Proxy::start(&test.database).await;
    let server = TestServer::with_store(std::sync::Arc::new(proxy.store(&test.database).await)).await;
    let listen = server.address().to_string();
    assert_prints(&listen, &[], 0, "ready").await;
    proxy.set_mode(ProxyMode::Closed);
    // The readiness check caches its result for a moment.
    eventually(|| async { health(&listen, &[]).await.status.code() == Some(1) }).await;
    assert_output(&health(&listen, &[]).await, 1, "");
    assert_prints(&listen, &["--live"], 0, "live").await;
}
