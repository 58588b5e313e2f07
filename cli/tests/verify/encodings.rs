//! Encoded pages that a lenient client decodes to what was built, and that a browser may show as something else.

use std::io::Write as _;

use axum::http::{HeaderMap, HeaderValue};
use flate2::{Compression, GzBuilder};

use super::altering_proxy::{Alter, Encoding, ProxiedResponse, has_header, is_page, start_proxy};
use super::site::{Site, run_verify};

const SCRIPT: &str = "<script src=\"//evil.example/x.js\"></script>";

/// Encodes a page with gzip if the client accepts that.
fn encode(request_headers: &HeaderMap, response: &mut ProxiedResponse, builder: GzBuilder) {
    if is_page(response) && has_header(request_headers, "accept-encoding", "gzip") {
        let mut encoder = builder.write(Vec::new(), Compression::best());
        encoder.write_all(&response.body).unwrap();
        response.body = encoder.finish().unwrap();
        response.headers.insert("content-encoding", HeaderValue::from_static("gzip"));
    }
}

fn add_encoding(response: &mut ProxiedResponse, name: &'static str) {
    if response.headers.contains_key("content-encoding") {
        response.headers.append("content-encoding", HeaderValue::from_static(name));
    }
}

/// The encoding of a response, how it is made, and a part of the report.
const ALTERATIONS: [(&str, Alter, &str); 6] = [
    (
        "an encoding that browsers do not know, in a second header",
        |_, request, response| {
            encode(request, response, GzBuilder::new().comment(SCRIPT));
            add_encoding(response, "identity");
        },
        "/: a second header content-encoding: \"identity\"",
    ),
    (
        "the encoding twice",
        |_, request, response| {
            encode(request, response, GzBuilder::new());
            add_encoding(response, "gzip");
        },
        "/: a second header content-encoding: \"gzip\"",
    ),
    (
        "a comment",
        |_, request, response| encode(request, response, GzBuilder::new().comment(SCRIPT)),
        "/: not exactly one plain \"gzip\" stream",
    ),
    (
        "a second member",
        |_, request, response| {
            let built = std::mem::take(&mut response.body);
            let (head, rest) = built.split_at(built.len() / 2);
            response.body = head.to_vec();
            encode(request, response, GzBuilder::new());
            if response.headers.contains_key("content-encoding") {
                let first = std::mem::replace(&mut response.body, rest.to_vec());
                encode(request, response, GzBuilder::new());
                response.body = [first, std::mem::take(&mut response.body)].concat();
            } else {
                response.body = built;
            }
        },
        "/: not exactly one plain \"gzip\" stream",
    ),
    (
        "an encoding that was not asked for",
        |_, _, response| {
            let accepted =
                HeaderMap::from_iter([("accept-encoding".parse().unwrap(), "gzip".parse().unwrap())]);
            encode(&accepted, response, GzBuilder::new());
        },
        "(asked as Chrome without compression)",
    ),
    (
        "the server's own encoding, with bytes behind it",
        |_, _, response| {
            if response.headers.contains_key("content-encoding") {
                response.body.extend_from_slice(SCRIPT.as_bytes());
            }
        },
        "/: not exactly one plain \"br\" stream",
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn page_in_an_encoding_that_browsers_may_decode_differently_is_reported() {
    let site = Site::start(&[]).await;
    for (what, alter, expected) in ALTERATIONS {
        let is_own = what.starts_with("the server's own");
        let encoding = if is_own { Encoding::AsClient } else { Encoding::Plain };
        let output = run_verify(start_proxy(site.address, encoding, alter).await, &site.manifest()).await;
        assert_eq!((output.code, &*output.stdout), (Some(6), ""), "{what}: {output:?}");
        assert!(output.stderr.contains(expected), "{what}: {output:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_encodings_of_a_proxy_and_the_server_pass() {
    let site = Site::start(&[]).await;
    let gzip: Alter = |_, request, response| encode(request, response, GzBuilder::new());
    let unaltered: Alter = |_, _, _| {};
    for (encoding, alter) in [(Encoding::Plain, gzip), (Encoding::AsClient, unaltered)] {
        let output = run_verify(start_proxy(site.address, encoding, alter).await, &site.manifest()).await;
        assert_eq!((output.code, &*output.stderr), (Some(0), ""), "{output:?}");
    }
}
