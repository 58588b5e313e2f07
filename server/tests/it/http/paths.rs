//! ACCEPTANCE 39 and 40: no path leads to a file, and every answer carries its headers.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::Site;
use crate::common::Bed;

suite! { no_path_leads_to_a_file_and_every_answer_carries_its_headers }

/// A path as it stands, which a client's library would tidy up.
async fn get(site: &Site, method: &str, path: &str) -> String {
    let mut server = TcpStream::connect(site.url.trim_start_matches("http://")).await.unwrap();
    let request = format!("{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    server.write_all(request.as_bytes()).await.unwrap();
    let mut said = Vec::new();
    server.read_to_end(&mut said).await.unwrap();
    String::from_utf8_lossy(&said).to_ascii_lowercase()
}

async fn no_path_leads_to_a_file_and_every_answer_carries_its_headers(bed: &Bed) {
    let site = Site::start(bed).await;
    let mut paths = vec![
        "//etc/passwd".to_owned(),
        "/.env".to_owned(),
        "/.git/config".to_owned(),
        "/pkg/".to_owned(),
        "/pkg//etc/passwd".to_owned(),
        "/pkg/%00".to_owned(),
        "/static/..;/Cargo.toml".to_owned(),
    ];
    for up in
        ["..", "%2e%2e", "%2E%2E", "%252e%252e", "..%2f..", "..%5c..", "%c0%ae%c0%ae", "....//", "..\\.."]
    {
        for file in ["Cargo.toml", "etc/passwd", "server/Cargo.toml"] {
            paths.push(format!("/pkg/{up}/{file}"));
            paths.push(format!("/{up}/{up}/{file}"));
            paths.push(format!("/pkg/{up}%2f{file}"));
        }
    }
    paths.extend(
        ["/", "/s/AAAAAAAAAAAAAAAA", "/security", "/health/live", "/robots.txt", "/api/v1/open", "/api/x"]
            .map(str::to_owned),
    );
    for path in &paths {
        for method in ["GET", "HEAD", "POST", "OPTIONS", "TRACE"] {
            let said = get(&site, method, path).await;
            assert!(said.starts_with("http/1.1 "), "{method} {path}: {said}");
            for content in ["[package]", "[workspace]", "root:", "[core]"] {
                assert!(!said.contains(content), "{method} {path}: {said}");
            }
            // What is no HTTP at all is refused before there is an answer to put headers on.
            if said.starts_with("http/1.1 400") {
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
                    said.contains(&format!("\r\n{header}")),
                    "{method} {path}: {header} is missing: {said}"
                );
            }
            for header in ["server: ", "set-cookie: ", "access-control-"] {
                assert!(!said.contains(&format!("\r\n{header}")), "{method} {path}: {said}");
            }
        }
    }
}
