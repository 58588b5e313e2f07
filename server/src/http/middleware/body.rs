//! Reads the body of a request: at most so many bytes, at some speed, in bounded memory.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_LENGTH;
use http_body_util::BodyExt as _;
use tokio::time::{Instant, timeout_at};

use crate::http::middleware::concurrency::{ConcurrencyPermit, Exceeded};

/// The longest pause in a body, and how far it may lag behind [`SLOWEST`].
pub(crate) const PAUSE: Duration = Duration::from_secs(8);
/// Bytes a second, at least.
pub(crate) const SLOWEST: u64 = 4096;
/// Bytes of each body that are counted against no limit: those of every call but `create` fit in.
const UNCOUNTED: usize = 16 * 1024;

/// Why a body was not read to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BodyError {
    TooLarge,
    TooSlow,
    /// It ended early, or its encoding is wrong.
    Broken,
    /// The client sends too many bytes: seconds until it may send more.
    TooMany(u32),
    /// Bodies in flight take as much memory as they may.
    NoMemory(Exceeded),
}

/// The length that a request announces.
pub(crate) fn announced_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// When bytes that are received from now on are too late. Every byte extends the deadline, and never to more than a fixed
/// pause from now: a fast start earns no time for a later pause.
#[derive(Debug)]
pub(crate) struct Deadline {
    at: Instant,
    pause: Duration,
}

impl Deadline {
    /// The deadline of a body that is read, with [`PAUSE`].
    pub(crate) fn new() -> Self {
        Self::with_pause(PAUSE)
    }

    pub(crate) fn with_pause(pause: Duration) -> Self {
        Self { at: Instant::now() + pause, pause }
    }

    pub(crate) const fn at(&self) -> Instant {
        self.at
    }

    pub(crate) fn received(&mut self, bytes: usize) {
        let earned = Duration::from_micros(bytes as u64 * 1_000_000 / SLOWEST);
        self.at = (self.at + earned).min(Instant::now() + self.pause);
    }
}

/// Reads a body of at most `limit` bytes. `memory` counts what it takes, and is held for as long as the body is. `count`
/// is told of the bytes, in whole KiB: of the announced length before anything is read, and otherwise as they arrive. So
/// a body that does not end is counted too.
pub(crate) async fn read_body(
    headers: &HeaderMap,
    mut body: Body,
    limit: usize,
    memory: &mut ConcurrencyPermit,
    count: impl Fn(usize) -> Result<(), u32>,
) -> Result<Bytes, BodyError> {
    let announced = announced_length(headers);
    let most = match announced {
        Some(length) => usize::try_from(length).ok().filter(|length| *length <= limit),
        None => Some(limit),
    };
    let most = most.ok_or(BodyError::TooLarge)?;
    let mut counted = 0;
    let mut count_up_to = |length: usize| {
        let kibibytes = length.div_ceil(1024);
        if kibibytes > counted {
            count((kibibytes - counted) * 1024).map_err(BodyError::TooMany)?;
            counted = kibibytes;
        }
        Ok(())
    };
    if announced.is_some() {
        count_up_to(most)?;
    }
    let mut deadline = Deadline::new();
    let mut read = Vec::new();
    loop {
        let frame = match timeout_at(deadline.at(), body.frame()).await {
            Err(_) => return Err(BodyError::TooSlow),
            Ok(None) => return Ok(read.into()),
            Ok(Some(Err(_))) => return Err(BodyError::Broken),
            Ok(Some(Ok(frame))) => frame,
        };
        let Some(data) = frame.data_ref() else { continue };
        if data.len() > most - read.len() {
            return Err(BodyError::TooLarge);
        }
        deadline.received(data.len());
        count_up_to(read.len() + data.len())?;
        make_room(&mut read, data.len(), most, memory)?;
        read.extend_from_slice(data);
    }
}

/// Doubles the buffer where it has to grow, up to `most`, and counts what that takes.
fn make_room(
    read: &mut Vec<u8>,
    more: usize,
    most: usize,
    memory: &mut ConcurrencyPermit,
) -> Result<(), BodyError> {
    let needed = read.len() + more;
    if needed > read.capacity() {
        let capacity = needed.max(read.capacity() * 2).max(UNCOUNTED).min(most);
        let counted = capacity.saturating_sub(UNCOUNTED) - read.capacity().saturating_sub(UNCOUNTED);
        memory.grow(counted).map_err(BodyError::NoMemory)?;
        read.reserve_exact(capacity - read.len());
    }
    Ok(())
}
