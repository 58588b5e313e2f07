//! A refusal of a large body reaches the sender at once, and the body is not sent again (acceptance 54).
#![allow(clippy::unwrap_used, reason = "in a test, what fails may panic")]

mod common;

use std::io::{BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::Output;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use common::server::{Request, answer, body, head, listen};
use common::{ikrypt, said};

const CREATED: &str =
    r#"{"id":"c2VjcmV0IGlkIDEy","created_at":"2030-01-01T00:00:00Z","expires_at":"2030-01-02T00:00:00Z"}"#;

/// Sends so many bytes, and measures how long that takes.
fn sent(origin: &str, length: usize) -> (Output, Duration) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("large"), vec![b'x'; length]).unwrap();
    let started = Instant::now();
    let output = ikrypt(folder.path(), &["send", "--server", origin, "large"], "");
    (output, started.elapsed())
}

/// A server that answers to the head of `create`, reads nothing of its body, and closes the connection.
fn refusing(status: &'static str, headers: &'static str, text: &'static str) -> (String, Arc<AtomicUsize>) {
    let creates = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&creates);
    let origin = listen(move |stream| {
        let mut reader = BufReader::new(stream);
        let request = head(&mut reader);
        if request.line.starts_with("GET") {
            return answer(reader.get_ref(), "404 Not Found", r#"{"error":"unavailable"}"#);
        }
        counted.fetch_add(1, Ordering::SeqCst);
        answer(reader.get_ref(), &format!("{status}{headers}"), text);
        // Nothing of a body that was not asked for may follow.
        assert_eq!(reader.read(&mut [0]).unwrap_or(0), 0);
    });
    (origin, creates)
}

#[test]
fn refusal_of_a_large_body_is_told_at_once() {
    for (status, headers, text, words) in [
        (
            "413 Payload Too Large",
            "",
            r#"{"error":"too_large"}"#,
            "larger than this server, or a proxy before it, takes",
        ),
        (
            "413 Request Entity Too Large",
            "",
            "<html>nginx</html>",
            "larger than this server, or a proxy before it, takes",
        ),
        (
            "429 Too Many Requests",
            "\r\nretry-after: 77",
            r#"{"error":"rate_limited"}"#,
            "try again in 77 seconds",
        ),
        ("429 Too Many Requests", "\r\nretry-after: 5", "slow down", "try again in 5 seconds"),
        ("401 Unauthorized", "", r#"{"error":"unauthorized"}"#, "give it with --token-file"),
        ("401 Unauthorized", "", "<html>sign in</html>", "something between this machine and"),
        ("507 Insufficient Storage", "", r#"{"error":"storage_full"}"#, "no room"),
        // An older server, which does not tell its limits.
        ("400 Bad Request", "", r#"{"error":"invalid_request"}"#, "does not take this: 1 day or 1 view"),
    ] {
        let (origin, creates) = refusing(status, headers, text);
        let (output, lasted) = sent(&origin, 3_000_000);
        assert!(!output.status.success());
        assert!(said(&output).contains(words), "{status}: {}", said(&output));
        assert_eq!(creates.load(Ordering::SeqCst), 1, "{status}");
        assert!(lasted < Duration::from_secs(5), "{status}: {lasted:?}");
    }
}

#[test]
fn limit_that_the_server_tells_is_named_before_a_body_is_sent() {
    for (most, length) in [(1_048_576, 30_000_000), (65_536, 65_537), (1_048_576, 1_048_577)] {
        let origin = listen(move |stream| {
            let mut reader = BufReader::new(stream);
            let Request { line, .. } = head(&mut reader);
            assert_eq!(line, "GET /api/v1/config HTTP/1.1");
            answer(
                reader.get_ref(),
                "200 OK",
                &format!(r#"{{"max_secret_bytes":{most},"max_views":100,"new":[]}}"#),
            );
        });
        let (output, lasted) = sent(&origin, length);
        assert_eq!(output.status.code(), Some(7));
        let words = format!("this server takes at most {most} bytes");
        assert!(said(&output).contains(&words), "{}", said(&output));
        assert!(said(&output).contains(&format!("this has {length} bytes")), "{}", said(&output));
        assert!(lasted < Duration::from_secs(5), "{lasted:?}");
    }
}

#[test]
fn life_and_views_outside_the_limits_of_the_server_are_named_before_anything_is_sent() {
    for (config, args, words) in [
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
            assert_eq!(head(&mut reader).line, "GET /api/v1/config HTTP/1.1");
            answer(reader.get_ref(), "200 OK", config);
        });
        let output = ikrypt(Path::new("."), &["send", "--server", &origin, args[0], args[1]], "text");
        assert_eq!(output.status.code(), Some(7), "{}", said(&output));
        assert!(
            said(&output).contains(words) && said(&output).contains("Nothing was sent"),
            "{}",
            said(&output)
        );
    }
}

/// Answers to `create` as `first` does, and stores everything after that.
fn after(
    first: impl Fn(&mut BufReader<std::net::TcpStream>, &Request) + Send + Sync + 'static,
) -> (String, Arc<AtomicUsize>) {
    let creates = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&creates);
    let origin = listen(move |stream| {
        let mut reader = BufReader::new(stream);
        let mut request = head(&mut reader);
        if request.line.starts_with("GET") {
            return answer(reader.get_ref(), "404 Not Found", "");
        }
        if counted.fetch_add(1, Ordering::SeqCst) == 0 {
            return first(&mut reader, &request);
        }
        body(&mut reader, &mut request);
        answer(reader.get_ref(), "201 Created", CREATED);
    });
    (origin, creates)
}

#[test]
fn server_that_never_asks_for_the_body_gets_it_after_a_second() {
    for length in [70_000, 500_000, 3_000_000] {
        let (origin, creates) = after(|reader, request| {
            assert_eq!(request.header("expect"), Some("100-continue"));
            let mut request =
                Request { line: String::new(), headers: request.headers.clone(), body: Vec::new() };
            body(reader, &mut request);
            assert!(request.body.starts_with(b"{"));
            answer(reader.get_ref(), "201 Created", CREATED);
        });
        let (output, lasted) = sent(&origin, length);
        assert!(output.status.success(), "{}", said(&output));
        assert_eq!(creates.load(Ordering::SeqCst), 1);
        assert!(lasted >= Duration::from_secs(1), "{lasted:?}");
    }
}

#[test]
fn server_that_asks_for_the_body_gets_it_at_once() {
    for length in [70_000, 500_000, 3_000_000] {
        let (origin, _) = after(|reader, request| {
            reader.get_ref().write_all(b"HTTP/1.1 100 Continue\r\n\r\n").unwrap();
            let mut request =
                Request { line: String::new(), headers: request.headers.clone(), body: Vec::new() };
            body(reader, &mut request);
            answer(reader.get_ref(), "201 Created", CREATED);
        });
        let (output, _) = sent(&origin, length);
        assert!(output.status.success(), "{}", said(&output));
    }
}

#[test]
fn proxy_that_does_not_know_the_expectation_gets_the_body_without_it() {
    for length in [70_000, 500_000, 3_000_000] {
        let (origin, creates) = after(|reader, _| answer(reader.get_ref(), "417 Expectation Failed", ""));
        let (output, _) = sent(&origin, length);
        assert!(output.status.success(), "{}", said(&output));
        assert_eq!(creates.load(Ordering::SeqCst), 2);
    }
}

#[test]
fn small_body_is_sent_with_its_head() {
    for length in [1, 1000, 40_000] {
        let (origin, creates) = after(|reader, request| {
            assert_eq!(request.header("expect"), None);
            let mut request =
                Request { line: String::new(), headers: request.headers.clone(), body: Vec::new() };
            body(reader, &mut request);
            answer(reader.get_ref(), "201 Created", CREATED);
        });
        let (output, _) = sent(&origin, length);
        assert!(output.status.success(), "{}", said(&output));
        assert_eq!(creates.load(Ordering::SeqCst), 1);
    }
}

#[test]
fn refusal_after_a_lost_answer_stops_the_retries() {
    for (status, text, words) in [
        (
            "429 Too Many Requests\r\nretry-after: 77",
            r#"{"error":"rate_limited"}"#,
            "try again in 77 seconds",
        ),
        ("413 Payload Too Large", r#"{"error":"too_large"}"#, "takes"),
        ("507 Insufficient Storage", r#"{"error":"storage_full"}"#, "no room"),
    ] {
        let creates = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&creates);
        let origin = listen(move |stream| {
            let mut reader = BufReader::new(stream);
            let mut request = head(&mut reader);
            if request.line.starts_with("GET") {
                return answer(reader.get_ref(), "404 Not Found", "");
            }
            body(&mut reader, &mut request);
            // The first answer is lost.
            if counted.fetch_add(1, Ordering::SeqCst) > 0 {
                answer(reader.get_ref(), status, text);
            }
        });
        let (output, _) = sent(&origin, 1000);
        assert_eq!(output.status.code(), Some(7));
        assert!(
            said(&output).contains("No answer yet") && said(&output).contains(words),
            "{}",
            said(&output)
        );
        assert_eq!(creates.load(Ordering::SeqCst), 2, "{status}");
    }
}
