//! ACCEPTANCE 63: `ikrypt-server health`.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::process::Output;

use tokio::process::Command;
use tokio::time::{Instant, timeout_at};

use super::Site;
use crate::support::{Bed, LONGEST_WAIT, Line, Postgres, Proxy, Sqlite, eventually, eventually_some};

suite! {
    postgres: health_fails_while_the_database_does_not_answer
}
suite! {
    sqlite: health_exits_with_0_or_1_and_prints_one_line, health_gives_up_on_a_server_that_does_not_answer
}

/// The program itself, as a container runs it.
async fn health(listen: &str, more: &[&str]) -> Output {
    let output = Command::new(env!("CARGO_BIN_EXE_ikrypt-server"))
        .arg("health")
        .args(more)
        // A proxy for everything, which must not be asked.
        .envs([
            ("IKRYPT_LISTEN", listen),
            ("http_proxy", "http://127.0.0.1:1"),
            ("DATABASE_URL", "sqlite:unused"),
        ])
        .kill_on_drop(true)
        .output();
    timeout_at(Instant::now() + LONGEST_WAIT, output).await.expect("the program gives up").unwrap()
}

/// Asserts what the program says of a server that answers. On a busy machine it may give up before that, and is run again.
async fn assert_says(listen: &str, more: &[&str], code: i32, says: &str) {
    let answered = eventually_some(|| async {
        let output = health(listen, more).await;
        (!String::from_utf8_lossy(&output.stderr).contains("no answer")).then_some(output)
    });
    assert_ended(&answered.await, code, says);
}

#[track_caller]
fn assert_ended(output: &Output, code: i32, says: &str) {
    let (said, error) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let line = if code == 0 { &said } else { &error };
    assert_eq!((output.status.code(), line.lines().count()), (Some(code), 1), "{said}{error}");
    assert_eq!(said.is_empty(), code != 0, "{said}{error}");
    assert!(line.contains(says), "{line}");
}

async fn health_exits_with_0_or_1_and_prints_one_line(bed: &Bed<Sqlite>) {
    let site = Site::start_with(bed, |config| config.listen = "[::]:0".parse().unwrap()).await;
    let port = site.url.rsplit_once(':').unwrap().1.to_owned();
    for host in ["0.0.0.0", "[::]", "127.0.0.1", "[::1]"] {
        let listen = format!("{host}:{port}");
        assert_says(&listen, &[], 0, "ready").await;
        assert_says(&listen, &["--live"], 0, "live").await;
    }
    let listen = format!("127.0.0.1:{port}");
    site.drain();
    assert_says(&listen, &[], 1, "status 503: the server is stopping").await;
    assert_says(&listen, &["--live"], 0, "live").await;
    site.stop().await.unwrap();
    assert_ended(&health(&listen, &[]).await, 1, "no answer");
    assert_ended(&health("127.0.0.1:0", &[]).await, 1, "IKRYPT_LISTEN");
}

/// A listener that answers every connection with these bytes, and nothing if there are none.
fn listener(answer: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let mut kept = Vec::new();
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut head = [0; 1024];
            drop(stream.read(&mut head));
            drop(stream.write_all(answer.as_bytes()));
            kept.push(stream);
        }
    });
    address
}

async fn health_gives_up_on_a_server_that_does_not_answer(_: &Bed<Sqlite>) {
    for (answer, says) in [
        ("", "no answer"),
        ("HTTP/1.1 200 OK\r\n", "no answer"),
        (
            "HTTP/1.1 302 RevealSnapshot\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n",
            "status 302",
        ),
        ("HTTP/1.1 404 Not RevealSnapshot\r\ncontent-length: 4\r\n\r\n\u{1b}[1m", "status 404"),
        ("SSH-2.0-server\r\n", "no answer"),
    ] {
        let output = health(&listener(answer).to_string(), &[]).await;
        assert_ended(&output, 1, says);
        assert!(!output.stderr.contains(&0x1b), "{answer}");
    }
}

async fn health_fails_while_the_database_does_not_answer(bed: &Bed<Postgres>) {
    let proxy = Proxy::before(&bed.database).await;
    let site = Site::over(std::sync::Arc::new(proxy.store(&bed.database).await)).await;
    let listen = site.url.trim_start_matches("http://").to_owned();
    assert_says(&listen, &[], 0, "ready").await;
    proxy.set(Line::Dead);
    // A result is used again for a moment.
    eventually(|| async { health(&listen, &[]).await.status.code() == Some(1) }).await;
    assert_ended(&health(&listen, &[]).await, 1, "");
    assert_says(&listen, &["--live"], 0, "live").await;
}
