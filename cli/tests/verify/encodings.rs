//! Pages that this program could decode to what was built, and that a browser would show as something else.

use std::io::Write as _;

use axum::http::{HeaderMap, HeaderValue};
use flate2::{Compression, GzBuilder};

use super::altering::{Answer, Encoding, altered};
use super::{Alter, Site, asks_with, is_page, verify};

const SCRIPT: &str = "<script src=\"//evil.example/x.js\"></script>";

/// Encodes a page that the client accepts in gzip.
fn encode(asked: &HeaderMap, answer: &mut Answer, builder: GzBuilder) {
    if is_page(answer) && asks_with(asked, "accept-encoding", "gzip") {
        let mut encoder = builder.write(Vec::new(), Compression::best());
        encoder.write_all(&answer.body).unwrap();
        answer.body = encoder.finish().unwrap();
        answer.headers.insert("content-encoding", HeaderValue::from_static("gzip"));
    }
}

fn add_encoding(answer: &mut Answer, name: &'static str) {
    if answer.headers.contains_key("content-encoding") {
        answer.headers.append("content-encoding", HeaderValue::from_static(name));
    }
}

/// How an answer is encoded, and what is said about it.
const ALTERATIONS: [(&str, Alter, &str); 6] = [
    (
        "an encoding that browsers do not know, in a second header",
        |_, asked, answer| {
            encode(asked, answer, GzBuilder::new().comment(SCRIPT));
            add_encoding(answer, "identity");
        },
        "/: a second header content-encoding: \"identity\"",
    ),
    (
        "the encoding twice",
        |_, asked, answer| {
            encode(asked, answer, GzBuilder::new());
            add_encoding(answer, "gzip");
        },
        "/: a second header content-encoding: \"gzip\"",
    ),
    (
        "a comment",
        |_, asked, answer| encode(asked, answer, GzBuilder::new().comment(SCRIPT)),
        "/: not exactly one plain \"gzip\" stream",
    ),
    (
        "a second member",
        |_, asked, answer| {
            let built = std::mem::take(&mut answer.body);
            let (head, rest) = built.split_at(built.len() / 2);
            answer.body = head.to_vec();
            encode(asked, answer, GzBuilder::new());
            if answer.headers.contains_key("content-encoding") {
                let first = std::mem::replace(&mut answer.body, rest.to_vec());
                encode(asked, answer, GzBuilder::new());
                answer.body = [first, std::mem::take(&mut answer.body)].concat();
            } else {
                answer.body = built;
            }
        },
        "/: not exactly one plain \"gzip\" stream",
    ),
    (
        "an encoding that was not asked for",
        |_, _, answer| {
            let asked = HeaderMap::from_iter([("accept-encoding".parse().unwrap(), "gzip".parse().unwrap())]);
            encode(&asked, answer, GzBuilder::new());
        },
        "(asked as Chrome without compression)",
    ),
    (
        "the server's own encoding, with bytes behind it",
        |_, _, answer| {
            if answer.headers.contains_key("content-encoding") {
                answer.body.extend_from_slice(SCRIPT.as_bytes());
            }
        },
        "/: not exactly one plain \"br\" stream",
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn page_in_an_encoding_that_browsers_read_differently_is_reported() {
    let site = Site::start(&[]).await;
    for (what, alter, says) in ALTERATIONS {
        let is_own = what.starts_with("the server's own");
        let encoding = if is_own { Encoding::AsClient } else { Encoding::Plain };
        let said = verify(altered(site.address, encoding, alter).await, &site.manifest()).await;
        assert_eq!((said.code, &*said.stdout), (Some(6), ""), "{what}: {said:?}");
        assert!(said.stderr.contains(says), "{what}: {said:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_encodings_of_a_proxy_and_of_the_server_pass() {
    let site = Site::start(&[]).await;
    let gzip: Alter = |_, asked, answer| encode(asked, answer, GzBuilder::new());
    let unaltered: Alter = |_, _, _| {};
    for (encoding, alter) in [(Encoding::Plain, gzip), (Encoding::AsClient, unaltered)] {
        let said = verify(altered(site.address, encoding, alter).await, &site.manifest()).await;
        assert_eq!((said.code, &*said.stderr), (Some(0), ""), "{said:?}");
    }
}
