//! Bodies in encodings that browsers may decode differently.

use std::io::Write as _;

use flate2::{Compression, GzBuilder};

use super::*;

const TEXT: &[u8] = b"hello";
/// [`TEXT`], encoded with Brotli.
const BROTLI: &[u8] = b"\x0b\x02\x80hello\x03";

fn gzip(builder: GzBuilder, text: &[u8]) -> Vec<u8> {
    let mut encoder = builder.write(Vec::new(), Compression::best());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn decode(browser: &Browser, headers: &[(&str, &str)], body: &[u8]) -> Result<Vec<u8>, String> {
    let headers = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
    let headers = headers.collect::<Vec<(ureq::http::HeaderName, ureq::http::HeaderValue)>>();
    let response = GetResponse { status: 200, headers: headers.into_iter().collect(), body: body.to_vec() };
    super::super::encoding::decode(browser, &response)
}

#[test]
fn body_in_one_encoding_that_the_browser_accepts_is_decoded() {
    let encoding = |name| [("content-encoding", name)];
    let long = vec![b'a'; 1_000_000];
    assert_eq!(decode(&BROWSERS[0], &[], TEXT).as_deref(), Ok(TEXT));
    assert_eq!(decode(&BROWSERS[0], &encoding("br"), BROTLI).as_deref(), Ok(TEXT));
    for text in [TEXT, &long, b""] {
        let gzip = gzip(GzBuilder::new(), text);
        assert_eq!(decode(&BROWSERS[0], &encoding("gzip"), &gzip).as_deref(), Ok(text));
    }
    for framing in [[("content-length", "5")], [("transfer-encoding", "chunked")]] {
        assert_eq!(decode(&BROWSERS[0], &framing, TEXT).as_deref(), Ok(TEXT));
    }
}

#[test]
fn encoding_headers_that_browsers_read_differently_are_refused() {
    let plain = gzip(GzBuilder::new(), TEXT);
    for headers in [
        &[("content-encoding", "gzip"), ("content-encoding", "identity")][..],
        &[("content-encoding", "gzip"), ("content-encoding", "x")],
        &[("content-encoding", "gzip"), ("content-encoding", "gzip")],
        &[("content-encoding", "gzip, identity")],
        &[("content-encoding", "gzip,")],
        &[("content-encoding", "GZIP")],
        &[("content-encoding", "x-gzip")],
        &[("content-encoding", "identity")],
        &[("content-encoding", "")],
        &[("content-encoding", "deflate")],
        &[("content-encoding", "gzip"), ("transfer-encoding", "gzip")],
        &[("transfer-encoding", "gzip, chunked")],
        &[("transfer-encoding", "identity")],
        &[("transfer-encoding", "chunked"), ("transfer-encoding", "chunked")],
        &[("transfer-encoding", "chunked"), ("content-length", "5")],
        &[("content-length", "5"), ("content-length", "6")],
    ] {
        assert!(decode(&BROWSERS[0], headers, &plain).is_err(), "{headers:?}");
    }
    // Chrome without Brotli, and without compression.
    assert!(decode(&BROWSERS[3], &[("content-encoding", "br")], BROTLI).is_err());
    assert!(decode(&BROWSERS[4], &[("content-encoding", "gzip")], &plain).is_err());
}

#[test]
fn encoded_body_with_other_content_is_refused() {
    let plain = gzip(GzBuilder::new(), TEXT);
    let damaged = |at: usize| {
        let mut damaged = plain.clone();
        damaged[at] ^= 1;
        damaged
    };
    for body in [
        gzip(GzBuilder::new().comment("<script>x()</script>"), TEXT),
        gzip(GzBuilder::new().filename("<script>x()</script>"), TEXT),
        gzip(GzBuilder::new().extra("<script>x()</script>"), TEXT),
        [&*plain, b"<script>x()</script>"].concat(),
        [&*plain, &*plain].concat(),
        [&*plain, b"\0"].concat(),
        plain[..plain.len() - 1].to_vec(),
        damaged(3),
        damaged(plain.len() - 8),
        TEXT.to_vec(),
        Vec::new(),
    ] {
        assert!(decode(&BROWSERS[0], &[("content-encoding", "gzip")], &body).is_err(), "{body:?}");
    }
    for body in [
        [BROTLI, b"<script>x()</script>"].concat(),
        [BROTLI, BROTLI].concat(),
        [BROTLI, b"\0"].concat(),
        BROTLI[..BROTLI.len() - 1].to_vec(),
        TEXT.to_vec(),
        Vec::new(),
    ] {
        assert!(decode(&BROWSERS[0], &[("content-encoding", "br")], &body).is_err(), "{body:?}");
    }
}
