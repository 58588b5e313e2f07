//! Decodes response bodies strictly. A browser that does not know an encoding shows the encoded bytes as the page, and
//! one that ignores a part of a body shows the rest. Only bodies that every browser decodes to the same bytes are
//! accepted.
//!
//! The HTTP client's own decoding is lenient, so it is switched off.

use std::io::Read as _;

use brotli_decompressor::{BrotliDecompressStream, BrotliResult, BrotliState, StandardAlloc};
use flate2::bufread::GzDecoder;
use ureq::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, TRANSFER_ENCODING};
use ureq::http::{HeaderMap, HeaderName, HeaderValue};

use super::browser::Browser;
use crate::client::GetResponse;

/// Largest decoded body, in bytes: more than any file of a build.
const MAX_DECODED_BYTES: usize = 100 * 1024 * 1024;
/// First bytes of a gzip member without name, comment and extra fields (RFC 1952, section 2.3).
const PLAIN_GZIP_HEADER: [u8; 4] = [0x1f, 0x8b, 8, 0];
/// Size of the output buffer of the Brotli decoder, in bytes.
const CHUNK_BYTES: usize = 64 * 1024;

/// Decodes the body of a response. Fails with the reason why browsers may read it differently.
pub(super) fn decode(browser: &Browser, response: &GetResponse) -> Result<Vec<u8>, String> {
    check_framing(&response.headers)?;
    let Some(encoding) = single(&response.headers, &CONTENT_ENCODING)? else {
        return Ok(response.body.clone());
    };
    let decoded = match encoding.as_bytes() {
        b"gzip" if browser.accepts("gzip") => gzip(&response.body),
        b"br" if browser.accepts("br") => brotli(&response.body),
        _ => return Err(format!("the header content-encoding, which was not asked for: {encoding:?}")),
    };
    decoded
        .ok_or_else(|| format!("not exactly one plain {encoding:?} stream: browsers may read it differently"))
}

/// Fails unless the end of the body is marked in exactly one way.
fn check_framing(headers: &HeaderMap) -> Result<(), String> {
    let length = single(headers, &CONTENT_LENGTH)?;
    match single(headers, &TRANSFER_ENCODING)? {
        Some(coding) if length.is_some() || !coding.as_bytes().eq_ignore_ascii_case(b"chunked") => {
            Err(format!("the header transfer-encoding, which browsers may read differently: {coding:?}"))
        }
        _ => Ok(()),
    }
}

/// Returns the value of a header, if there is one. Fails if there are several.
fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a HeaderValue>, String> {
    let mut values = headers.get_all(name).iter();
    let value = values.next();
    match values.next() {
        Some(second) => Err(format!("a second header {name}: {second:?}")),
        None => Ok(value),
    }
}

/// Decodes one gzip member that has no optional fields and no data after it.
fn gzip(encoded: &[u8]) -> Option<Vec<u8>> {
    if !encoded.starts_with(&PLAIN_GZIP_HEADER) {
        return None;
    }
    let mut decoded = Vec::new();
    let mut stream = GzDecoder::new(encoded);
    stream.by_ref().take(MAX_DECODED_BYTES as u64 + 1).read_to_end(&mut decoded).ok()?;
    let is_complete = stream.into_inner().is_empty() && decoded.len() <= MAX_DECODED_BYTES;
    is_complete.then_some(decoded)
}

/// Decodes one Brotli stream that has no data after it.
fn brotli(encoded: &[u8]) -> Option<Vec<u8>> {
    let allocator = StandardAlloc::default;
    let mut state = BrotliState::new_strict(allocator(), allocator(), allocator());
    let (mut left, mut read, mut written) = (encoded.len(), 0, 0);
    let mut decoded = Vec::new();
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        let (mut room, mut filled) = (CHUNK_BYTES, 0);
        let result = BrotliDecompressStream(
            &mut left,
            &mut read,
            encoded,
            &mut room,
            &mut filled,
            &mut chunk,
            &mut written,
            &mut state,
        );
        decoded.extend_from_slice(chunk.get(..filled)?);
        match result {
            BrotliResult::NeedsMoreOutput if decoded.len() <= MAX_DECODED_BYTES => {}
            BrotliResult::ResultSuccess if left == 0 => return Some(decoded),
            _ => return None,
        }
    }
}
