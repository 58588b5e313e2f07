//! A rejection of a large body is reported at once, and the body is not sent again.
#![allow(clippy::unwrap_used, reason = "a failure in a test may panic")]

mod common;

use std::io::{BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::Output;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use common::stub_server::{Request, listen, read_body, read_head, respond};
use common::{ikrypt, stderr};

const CREATED: &str =
    r#"{"id":"c2VjcmV0IGlkIDEy","created_at":"2030-01-01T00:00:00Z","expires_at":"2030-01-02T00:00:00Z"}"#;

/// Sends a file of `length` bytes, and measures the time.
fn send_bytes(origin: &str, length: usize) -> (Output, Duration) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("large"), vec![b'x'; length]).unwrap();
    let started = Instant::now();
    let output = ikrypt(folder.path(), &["send", "--server", origin, "large"], "");
    (output, started.elapsed())
}

/// Starts a server that responds to the head of `create`, reads nothing of its body, and closes the connection.
/// Returns its origin and the number of calls.
fn rejecting(status: &'static str, headers: &'static str, text: &'static str) -> (String, Arc<AtomicUsize>) {
    let creates = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&creates);
    let origin = listen(move |stream| {
        let mut reader = BufReader::new(stream);
        let request = read_head(&mut reader);
        if request.line.starts_with("GET") {
            return respond(reader.get_ref(), "404 Not Found", r#"{"error":"unavailable"}"#);
        }
        counter.fetch_add(1, Ordering::SeqCst);
        respond(reader.get_ref(), &format!("{status}{headers}"), text);
        // The client must not send a body that was not asked for.
        assert_eq!(reader.read(&mut [0]).unwrap_or(0), 0);
    });
    (origin, creates)
}

#[test]
fn rejection_of_a_large_body_is_reported_at_once() {
    for (status, headers, text, expected) in [
        (
            "413 Payload Too Large",
            "",
            r#"{"error":"too_large"}"#,
            "more than this server, or a proxy in front of it, takes",
        ),
        (
            "413 Request Entity Too Large",
            "",
            "<html>nginx</html>",
            "more than this server, or a proxy in front of it, takes",
        ),
        (
            "429 Too Many Requests",
            "\r\nretry-after: 77",
            r#"{"error":"rate_limited"}"#,
            "try again in 77 seconds",
        ),
        ("429 Too Many Requests", "\r\nretry-after: 5", "slow down", "try again in 5 seconds"),
        ("401 Unauthorized", "", r#"{"error":"unauthorized"}"#, "give one with --token-file"),
        ("401 Unauthorized", "", "<html>sign in</html>", "something between this machine and"),
        ("507 Insufficient Storage", "", r#"{"error":"storage_full"}"#, "no room"),
        // An older server does not report its limits.
        ("400 Bad Request", "", r#"{"error":"invalid_request"}"#, "rejected this: 1 day or 1 view"),
    ] {
        let (origin, creates) = rejecting(status, headers, text);
        let (output, elapsed) = send_bytes(&origin, 3_000_000);
        assert!(!output.status.success());
        assert!(stderr(&output).contains(expected), "{status}: {}", stderr(&output));
        assert_eq!(creates.load(Ordering::SeqCst), 1, "{status}");
        assert!(elapsed < Duration::from_secs(5), "{status}: {elapsed:?}");
    }
}

#[test]
fn reported_size_limit_is_named_before_a_body_is_sent() {
    for (most, length) in [(1_048_576, 30_000_000), (65_536, 65_537), (1_048_576, 1_048_577)] {
        let origin = listen(move |stream| {
            let mut reader = BufReader::new(stream);
            let Request { line, .. } = read_head(&mut reader);
            assert_eq!(line, "GET /api/v1/config HTTP/1.1");
            respond(
                reader.get_ref(),
                "200 OK",
                &format!(r#"{{"max_secret_bytes":{most},"max_views":100,"new":[]}}"#),
            );
        });
        let (output, elapsed) = send_bytes(&origin, length);
        assert_eq!(output.status.code(), Some(7));
        let limit = format!("this server takes at most {most} bytes");
        assert!(stderr(&output).contains(&limit), "{}", stderr(&output));
        assert!(stderr(&output).contains(&format!("this has {length} bytes")), "{}", stderr(&output));
        assert!(elapsed < Duration::from_secs(5), "{elapsed:?}");
    }
}

#[test]
fn reported_lifetime_and_view_limits_are_named_before_a_body_is_sent() {
    for (config, args, expected) in [
        (
            r#"{"max_ttl_seconds":2678400}"#,
            ["--expires", "400days"],
            "at most 31 days, and this asks for 400 days",
        ),
        (
            r#"{"min_ttl_seconds":600}"#,
            ["--expires", "1m"],
            "at least 10 minutes, and this asks for 1 minute",
        ),
        (
            r#"{"fixed_ttl_seconds":3600}"#,
            ["--views", "1"],
            "keeps every secret for 1 hour, and this asks for 1 day",
        ),
        (r#"{"max_views":10,"max_ttl_seconds":86400}"#, ["--views", "11"], "at most 10 views"),
        (r#"{"fixed_max_views":1,"fixed_ttl_seconds":null}"#, ["--views", "2"], "gives every secret 1 view"),
    ] {
        let origin = listen(move |stream| {
            let mut reader = BufReader::new(stream);
            assert_eq!(read_head(&mut reader).line, "GET /api/v1/config HTTP/1.1");
            respond(reader.get_ref(), "200 OK", config);
        });
        let output = ikrypt(Path::new("."), &["send", "--server", &origin, args[0], args[1]], "text");
        assert_eq!(output.status.code(), Some(7), "{}", stderr(&output));
        assert!(
            stderr(&output).contains(expected) && stderr(&output).contains("Nothing was sent"),
            "{}",
            stderr(&output)
        );
    }
}

/// Starts a server that handles the first `create` with `first`, and accepts all later ones. Returns its origin and the
/// number of calls.
fn accepting_after(
    first: impl Fn(&mut BufReader<std::net::TcpStream>, &Request) + Send + Sync + 'static,
) -> (String, Arc<AtomicUsize>) {
    let creates = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&creates);
    let origin = listen(move |stream| {
        let mut reader = BufReader::new(stream);
        let mut request = read_head(&mut reader);
        if request.line.starts_with("GET") {
            return respond(reader.get_ref(), "404 Not Found", "");
        }
        if counter.fetch_add(1, Ordering::SeqCst) == 0 {
            return first(&mut reader, &request);
        }
        read_body(&mut reader, &mut request);
        respond(reader.get_ref(), "201 Created", CREATED);
    });
    (origin, creates)
}

#[test]
fn body_is_sent_after_a_second_to_a_server_that_ignores_expect() {
    for length in [70_000, 500_000, 3_000_000] {
        let (origin, creates) = accepting_after(|reader, request| {
            assert_eq!(request.header("expect"), Some("100-continue"));
            let mut request =
                Request { line: String::new(), headers: request.headers.clone(), body: Vec::new() };
            read_body(reader, &mut request);
            assert!(request.body.starts_with(b"{"));
            respond(reader.get_ref(), "201 Created", CREATED);
        });
        let (output, elapsed) = send_bytes(&origin, length);
        assert!(output.status.success(), "{}", stderr(&output));
        assert_eq!(creates.load(Ordering::SeqCst), 1);
        assert!(elapsed >= Duration::from_secs(1), "{elapsed:?}");
    }
}

#[test]
fn body_is_sent_when_the_server_asks_for_it() {
    for length in [70_000, 500_000, 3_000_000] {
        let (origin, _) = accepting_after(|reader, request| {
            reader.get_ref().write_all(b"HTTP/1.1 100 Continue\r\n\r\n").unwrap();
            let mut request =
                Request { line: String::new(), headers: request.headers.clone(), body: Vec::new() };
            read_body(reader, &mut request);
            respond(reader.get_ref(), "201 Created", CREATED);
        });
        let (output, _) = send_bytes(&origin, length);
        assert!(output.status.success(), "{}", stderr(&output));
    }
}

#[test]
fn body_is_sent_without_expect_to_a_proxy_that_refuses_it() {
    for length in [70_000, 500_000, 3_000_000] {
        let (origin, creates) =
            accepting_after(|reader, _| respond(reader.get_ref(), "417 Expectation Failed", ""));
        let (output, _) = send_bytes(&origin, length);
        assert!(output.status.success(), "{}", stderr(&output));
        assert_eq!(creates.load(Ordering::SeqCst), 2);
    }
}

#[test]
fn small_body_is_sent_without_expect() {
    for length in [1, 1000, 40_000] {
        let (origin, creates) = accepting_after(|reader, request| {
            assert_eq!(request.header("expect"), None);
            let mut request =
                Request { line: String::new(), headers: request.headers.clone(), body: Vec::new() };
            read_body(reader, &mut request);
            respond(reader.get_ref(), "201 Created", CREATED);
        });
        let (output, _) = send_bytes(&origin, length);
        assert!(output.status.success(), "{}", stderr(&output));
        assert_eq!(creates.load(Ordering::SeqCst), 1);
    }
}

#[test]
fn rejection_after_a_lost_response_ends_the_retries() {
    for (status, text, expected) in [
        (
            "429 Too Many Requests\r\nretry-after: 77",
            r#"{"error":"rate_limited"}"#,
            "try again in 77 seconds",
        ),
        ("413 Payload Too Large", r#"{"error":"too_large"}"#, "takes"),
        ("507 Insufficient Storage", r#"{"error":"storage_full"}"#, "no room"),
    ] {
        let creates = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&creates);
        let origin = listen(move |stream| {
            let mut reader = BufReader::new(stream);
            let mut request = read_head(&mut reader);
            if request.line.starts_with("GET") {
                return respond(reader.get_ref(), "404 Not Found", "");
            }
            read_body(&mut reader, &mut request);
            // The first response is lost.
            if counter.fetch_add(1, Ordering::SeqCst) > 0 {
                respond(reader.get_ref(), status, text);
            }
        });
        let (output, _) = send_bytes(&origin, 1000);
        assert_eq!(output.status.code(), Some(7));
        assert!(
            stderr(&output).contains("No answer yet") && stderr(&output).contains(expected),
            "{}",
            stderr(&output)
        );
        assert_eq!(creates.load(Ordering::SeqCst), 2, "{status}");
    }
}
