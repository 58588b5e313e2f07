//! ACCEPTANCE 39, 40 and 44: no path leads to a file, every answer carries its headers, and a slash at the end of a link
//! does no harm.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::Site;
use crate::support::Bed;

suite! {
    no_path_leads_to_a_file_and_every_answer_carries_its_headers,
    trailing_slash_redirects_to_the_page_and_nowhere_else,
}

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

/// The status and `Location` of a path.
fn redirect(said: &str) -> (&str, Option<&str>) {
    let status = said.split(' ').nth(1).unwrap();
    (status, said.lines().find_map(|line| line.strip_prefix("location: ")))
}

async fn trailing_slash_redirects_to_the_page_and_nowhere_else(bed: &Bed) {
    let site = Site::start(bed).await;
    // Header names and values are lower case here, so the id is one without capitals.
    for (path, location) in [
        ("/s/a123456789012345/", "/s/a123456789012345"),
        ("/s/a123456789012345/?utm_source=mail", "/s/a123456789012345"),
        ("/s/a123456789012345%2F", "/s/a123456789012345"),
        ("/receipt/", "/receipt"),
        ("/receipt//?next=//evil.example", "/receipt"),
        ("/about/", "/about"),
    ] {
        for method in ["GET", "HEAD"] {
            let said = get(&site, method, path).await;
            assert_eq!(redirect(&said), ("308", Some(location)), "{method} {path}");
            assert!(said.contains("cache-control: no-store"), "{said}");
        }
        let posted = get(&site, "POST", path).await;
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
        let said = get(&site, "GET", path).await;
        assert_eq!(redirect(&said).1, None, "{path}: {said}");
    }
    // A key that a mail gateway moved into the path stays where the page can read it.
    for path in ["/s/a123456789012345%23k=eaab/", "/s/a123456789012345/%23k=eaab", "/receipt/%23t=ygfi/"] {
        let said = get(&site, "GET", path).await;
        assert_eq!(redirect(&said), ("200", None), "{path}");
    }
}
