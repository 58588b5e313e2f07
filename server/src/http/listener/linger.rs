//! Closes a connection in a way that lets its client read the response.
//!
//! A response may be sent while the client is still sending: a refused body, or a request that is no HTTP. If the
//! socket is closed with unread bytes in it, the kernel resets the connection, and the client never sees the response.
//! So the write half is closed first, and what still arrives is read and discarded, within limits.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

use super::discard::DiscardBudget;
use crate::http::middleware::body::Deadline;

/// The longest pause while a client is still sending, and how far it may lag behind the minimum speed of a body.
const PAUSE: Duration = Duration::from_secs(3);
/// The longest time in all.
const LONGEST: Duration = Duration::from_mins(1);
/// The most bytes that are discarded: more than the largest body that any configuration allows (64 MiB in base64).
const MOST: usize = 128 << 20;
/// Bytes that are charged to the client at a time.
const CHARGED: usize = 1 << 20;

/// Whether a client may still be sending a request that will not be read to its end.
#[derive(Debug, Clone)]
pub(super) struct Unread(Arc<AtomicBool>);

impl Unread {
    pub(super) fn new() -> Self {
        Self(Arc::new(AtomicBool::new(false)))
    }

    pub(super) fn get(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Set by each read from the socket, cleared at the end of each request.
    pub(super) fn set(&self, unread: bool) {
        self.0.store(unread, Ordering::Relaxed);
    }
}

/// A stream whose shutdown waits for the client to stop sending.
pub(super) struct Lingering<S> {
    stream: S,
    unread: Unread,
    budget: DiscardBudget,
    closing: Option<Closing>,
}

/// After the write half was closed.
struct Closing {
    end: Instant,
    deadline: Deadline,
    timeout: Pin<Box<Sleep>>,
    discarded: usize,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Lingering<S> {
    pub(super) const fn new(stream: S, unread: Unread, budget: DiscardBudget) -> Self {
        Self { stream, unread, budget, closing: None }
    }

    /// Discards what arrives until the client closes its half or a limit is reached.
    fn poll_discard(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let closing = self.closing.get_or_insert_with(|| {
            let deadline = Deadline::with_pause(PAUSE);
            Closing {
                end: Instant::now() + LONGEST,
                timeout: Box::pin(tokio::time::sleep_until(deadline.at())),
                deadline,
                discarded: 0,
            }
        });
        let mut bytes = [0; 8192];
        loop {
            if closing.timeout.as_mut().poll(context).is_ready() {
                return Poll::Ready(());
            }
            let mut buffer = ReadBuf::new(&mut bytes);
            let read = ready!(Pin::new(&mut self.stream).poll_read(context, &mut buffer));
            let received = buffer.filled().len();
            if read.is_err() || received == 0 {
                return Poll::Ready(());
            }
            let charges = (closing.discarded + received) / CHARGED - closing.discarded / CHARGED;
            closing.discarded += received;
            if closing.discarded > MOST || !(0..charges).all(|_| self.budget.take()) {
                return Poll::Ready(());
            }
            closing.deadline.received(received);
            closing.timeout.as_mut().reset(closing.deadline.at().min(closing.end));
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Lingering<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        if buffer.filled().len() > before {
            self.unread.set(true);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Lingering<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.closing.is_none() {
            ready!(Pin::new(&mut self.stream).poll_shutdown(context))?;
            if !self.unread.get() {
                return Poll::Ready(Ok(()));
            }
        }
        self.poll_discard(context).map(Ok)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    #[tokio::test]
    async fn shutdown_waits_for_a_client_that_is_still_sending() {
        let (mut client, server) = tokio::io::duplex(1024);
        let unread = Unread::new();
        let mut server = Lingering::new(server, unread, DiscardBudget::unlimited());
        client.write_all(b"head").await.unwrap();
        server.read_exact(&mut [0; 4]).await.unwrap();
        server.write_all(b"413").await.unwrap();
        let closing = tokio::spawn(async move { server.shutdown().await });
        // Far more than the pipe holds: each byte has to be read at the other end.
        client.write_all(&vec![0; 1 << 20]).await.unwrap();
        client.shutdown().await.unwrap();
        let mut response = Vec::new();
        client.read_to_end(&mut response).await.unwrap();
        assert_eq!(response, b"413");
        closing.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn shutdown_waits_for_nothing_after_a_complete_request() {
        let (mut client, server) = tokio::io::duplex(1024);
        let unread = Unread::new();
        let mut server = Lingering::new(server, unread.clone(), DiscardBudget::unlimited());
        client.write_all(b"head").await.unwrap();
        server.read_exact(&mut [0; 4]).await.unwrap();
        unread.set(false);
        let started = Instant::now();
        server.shutdown().await.unwrap();
        assert!(started.elapsed() < PAUSE);
    }

    #[tokio::test]
    async fn trickling_client_earns_no_time_after_the_response() {
        for (bytes, pause) in [(1, 2000), (1, 100), (400, 500)] {
            let (mut client, server) = tokio::io::duplex(1024);
            let mut server = Lingering::new(server, Unread::new(), DiscardBudget::unlimited());
            client.write_all(b"head").await.unwrap();
            server.read_exact(&mut [0; 4]).await.unwrap();
            let trickle = tokio::spawn(async move {
                while client.write_all(&vec![0; bytes]).await.is_ok() {
                    tokio::time::sleep(Duration::from_millis(pause)).await;
                }
            });
            let closed = tokio::time::timeout_at(Instant::now() + 2 * PAUSE, server.shutdown()).await;
            assert!(closed.is_ok(), "{bytes} bytes every {pause} ms hold the connection");
            trickle.abort();
        }
    }
}
