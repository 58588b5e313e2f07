//! Paths: traversal, security headers of every response, and trailing slashes.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::TestServer;
use crate::support::TestStore;

suite! {
    path_traversal_reaches_no_file_and_every_response_has_security_headers,
    trailing_slash_redirects_only_to_the_page,
}

/// Requests a path exactly as given, which an HTTP library would normalise. Returns the response in lower case.
async fn request(server: &TestServer, method: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    let request = format!("{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut response = Vec::new();
    stream.read_to_end(&mut response).await.unwrap();
    String::from_utf8_lossy(&response).to_ascii_lowercase()
}

async fn path_traversal_reaches_no_file_and_every_response_has_security_headers(test: &TestStore) {
    let server = TestServer::start(test).await;
    let mut paths = vec![
        "//etc/passwd".to_owned(),
        "/.env".to_owned(),
        "/.git/config".to_owned(),
        "/pkg/".to_owned(),
        "/pkg//etc/passwd".to_owned(),
        "/pkg/%00".to_owned(),
        "/static/..;/Cargo.toml".to_owned(),
    ];
    for parent in
        ["..", "%2e%2e", "%2E%2E", "%252e%252e", "..%2f..", "..%5c..", "%c0%ae%c0%ae", "....//", "..\\.."]
    {
        for file in ["Cargo.toml", "etc/passwd", "server/Cargo.toml"] {
            paths.push(format!("/pkg/{parent}/{file}"));
            paths.push(format!("/{parent}/{parent}/{file}"));
            paths.push(format!("/pkg/{parent}%2f{file}"));
        }
    }
    paths.extend(
        ["/", "/s/AAAAAAAAAAAAAAAA", "/security", "/health/live", "/robots.txt", "/api/v1/open", "/api/x"]
            .map(str::to_owned),
    );
    for path in &paths {
        for method in ["GET", "HEAD", "POST", "OPTIONS", "TRACE"] {
            let response = request(&server, method, path).await;
            assert!(response.starts_with("http/1.1 "), "{method} {path}: {response}");
            for content in ["[package]", "[workspace]", "root:", "[core]"] {
                assert!(!response.contains(content), "{method} {path}: {response}");
            }
            // Invalid HTTP is refused before headers can be added.
            if response.starts_with("http/1.1 400") {
                continue;
            }
            for header in [
                "content-security-policy: ",
                "cross-origin-opener-policy: same-origin",
                "cross-origin-embedder-policy: require-corp",
                "cross-origin-resource-policy: same-origin",
                "origin-agent-cluster: ?1",
                "referrer-policy: no-referrer",
                "x-content-type-options: nosniff",
                "x-frame-options: deny",
                "x-dns-prefetch-control: off",
                "x-permitted-cross-domain-policies: none",
                "permissions-policy: ",
                "cache-control: ",
            ] {
                assert!(
                    response.contains(&format!("\r\n{header}")),
                    "{method} {path}: {header} is missing: {response}"
                );
            }
            for header in ["server: ", "set-cookie: ", "access-control-"] {
                assert!(!response.contains(&format!("\r\n{header}")), "{method} {path}: {response}");
            }
        }
    }
}

/// Returns the status and the `Location` of a response.
fn redirect(response: &str) -> (&str, Option<&str>) {
    let status = response.split(' ').nth(1).unwrap();
    (status, response.lines().find_map(|line| line.strip_prefix("location: ")))
}

async fn trailing_slash_redirects_only_to_the_page(test: &TestStore) {
    let server = TestServer::start(test).await;
    // The response is in lower case here, so the id has no capitals.
    for (path, location) in [
        ("/s/a123456789012345/", "/s/a123456789012345"),
        ("/s/a123456789012345/?utm_source=mail", "/s/a123456789012345"),
        ("/s/a123456789012345%2F", "/s/a123456789012345"),
        ("/receipt/", "/receipt"),
        ("/receipt//?next=//evil.example", "/receipt"),
        ("/about/", "/about"),
    ] {
        for method in ["GET", "HEAD"] {
            let response = request(&server, method, path).await;
            assert_eq!(redirect(&response), ("308", Some(location)), "{method} {path}");
            assert!(response.contains("cache-control: no-store"), "{response}");
        }
        let posted = request(&server, "POST", path).await;
        assert_eq!(redirect(&posted), ("405", None), "{path}");
    }
    for path in [
        "//evil.example/",
        "//evil.example%2f",
        "/\\evil.example/",
        "/s//evil.example/",
        "/s/a123456789012345/..//evil.example/",
        "/s/../",
        "/api/v1/open/",
    ] {
        let response = request(&server, "GET", path).await;
        assert_eq!(redirect(&response).1, None, "{path}: {response}");
    }
    // A key that a mail gateway moved into the path stays there, since the page reads it.
    for path in ["/s/a123456789012345%23k=eaab/", "/s/a123456789012345/%23k=eaab", "/receipt/%23t=ygfi/"] {
        let response = request(&server, "GET", path).await;
        assert_eq!(redirect(&response), ("200", None), "{path}");
    }
}
