//! Reads request bodies with limits on their size, speed and memory.
//!
//! `http_body_util::Limited` bounds only the size: it has no minimum speed, and does not share memory between clients.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_LENGTH;
use http_body_util::BodyExt as _;
use tokio::time::timeout_at;

use super::body_deadline::BodyDeadline;
use super::concurrency::{ConcurrencyPermit, LimitExceeded};

/// Longest pause between two frames of a body, and the most that it may lag behind the minimum speed.
const BODY_TIMEOUT: Duration = Duration::from_secs(8);
/// Bytes of each body that do not count against the memory limit. The body of every call except `create` is smaller.
const UNCOUNTED_BYTES: usize = 16 * 1024;

/// Why a body was not read completely.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BodyError {
    TooLarge,
    TooSlow,
    /// The connection ended early, or the chunked encoding is invalid.
    Malformed,
    /// The client has sent too many bytes: seconds until it may send more.
    RateLimited(u32),
    /// The bodies in flight take as much memory as they may.
    NoMemory(LimitExceeded),
}

/// Reads a body of at most `limit` bytes.
///
/// `memory` counts the memory of the body, and must be held as long as the body. `count` is called with the number of
/// bytes, in whole KiB: before reading if the request has a `Content-Length`, and otherwise as the bytes arrive, so
/// that a body that never ends is counted too.
pub(crate) async fn read_body(
    headers: &HeaderMap,
    mut body: Body,
    limit: usize,
    memory: &mut ConcurrencyPermit,
    count: impl Fn(usize) -> Result<(), u32>,
) -> Result<Bytes, BodyError> {
    let content_length = content_length(headers);
    let max_length = match content_length {
        Some(length) => usize::try_from(length).ok().filter(|length| *length <= limit),
        None => Some(limit),
    };
    let max_length = max_length.ok_or(BodyError::TooLarge)?;
    let mut counted_kibibytes = 0;
    let mut count_up_to = |length: usize| {
        let kibibytes = length.div_ceil(1024);
        if kibibytes > counted_kibibytes {
            count((kibibytes - counted_kibibytes) * 1024).map_err(BodyError::RateLimited)?;
            counted_kibibytes = kibibytes;
        }
        Ok(())
    };
    if content_length.is_some() {
        count_up_to(max_length)?;
    }
    let mut deadline = BodyDeadline::new(BODY_TIMEOUT);
    let mut buffer = Vec::new();
    loop {
        let frame = match timeout_at(deadline.at(), body.frame()).await {
            Err(_) => return Err(BodyError::TooSlow),
            Ok(None) => return Ok(buffer.into()),
            Ok(Some(Err(_))) => return Err(BodyError::Malformed),
            Ok(Some(Ok(frame))) => frame,
        };
        let Some(data) = frame.data_ref() else { continue };
        if data.len() > max_length - buffer.len() {
            return Err(BodyError::TooLarge);
        }
        deadline.received(data.len());
        count_up_to(buffer.len() + data.len())?;
        reserve(&mut buffer, data.len(), max_length, memory)?;
        buffer.extend_from_slice(data);
    }
}

fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Makes room for more bytes. Doubles the capacity of the buffer if it is too small, up to `max_length`, and counts the
/// memory.
fn reserve(
    buffer: &mut Vec<u8>,
    additional: usize,
    max_length: usize,
    memory: &mut ConcurrencyPermit,
) -> Result<(), BodyError> {
    let needed = buffer.len() + additional;
    if needed > buffer.capacity() {
        let capacity = needed.max(buffer.capacity() * 2).max(UNCOUNTED_BYTES).min(max_length);
        let counted =
            capacity.saturating_sub(UNCOUNTED_BYTES) - buffer.capacity().saturating_sub(UNCOUNTED_BYTES);
        memory.grow(counted).map_err(BodyError::NoMemory)?;
        buffer.reserve_exact(capacity - buffer.len());
    }
    Ok(())
}
