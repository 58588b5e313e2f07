//! Closes a connection so that its client can read the response.
//!
//! A response may be sent while the client is still sending, for example after a refused body or a malformed request.
//! If the socket is closed with unread bytes, the kernel resets the connection, and the client may never see the
//! response. Therefore the write half is closed first, and further bytes are read and discarded, within limits.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

use super::discard::DiscardBudget;
use crate::http::protection::body_deadline::BodyDeadline;

/// Longest pause between received bytes, and the most that a client may lag behind the minimum speed of a body.
const LINGER_IDLE_TIMEOUT: Duration = Duration::from_secs(3);
/// Longest time between closing the write half and closing the connection.
const LINGER_TIMEOUT: Duration = Duration::from_mins(1);
/// Maximum number of bytes that are discarded: more than the largest body that any configuration allows (64 MiB in
/// Base64).
const MAX_DISCARDED_BYTES: usize = 128 << 20;
/// Bytes that count as one unit of the client's budget.
const BYTES_PER_CHARGE: usize = 1 << 20;

/// A flag of a connection: whether the current request has not been read completely.
#[derive(Debug, Clone)]
pub(super) struct Unread(Arc<AtomicBool>);

impl Unread {
    pub(super) fn new() -> Self {
        Self(Arc::new(AtomicBool::new(false)))
    }

    pub(super) fn get(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Sets the flag with each read from the socket, and clears it at the end of each request.
    pub(super) fn set(&self, unread: bool) {
        self.0.store(unread, Ordering::Relaxed);
    }
}

/// A stream whose shutdown waits until the client stops sending.
pub(super) struct Lingering<S> {
    stream: S,
    unread: Unread,
    budget: DiscardBudget,
    closing: Option<Closing>,
}

/// The limits and progress of a shutdown, after the write half was closed.
struct Closing {
    end: Instant,
    deadline: BodyDeadline,
    timeout: Pin<Box<Sleep>>,
    discarded: usize,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Lingering<S> {
    pub(super) const fn new(stream: S, unread: Unread, budget: DiscardBudget) -> Self {
        Self { stream, unread, budget, closing: None }
    }

    /// Discards received bytes until the client closes its half of the connection or a limit is reached.
    fn poll_discard(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let closing = self.closing.get_or_insert_with(|| {
            let deadline = BodyDeadline::new(LINGER_IDLE_TIMEOUT);
            Closing {
                end: Instant::now() + LINGER_TIMEOUT,
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
            let charges =
                (closing.discarded + received) / BYTES_PER_CHARGE - closing.discarded / BYTES_PER_CHARGE;
            closing.discarded += received;
            if closing.discarded > MAX_DISCARDED_BYTES || !(0..charges).all(|_| self.budget.take()) {
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
        // Far more than the pipe holds, so that the other end must read.
        client.write_all(&vec![0; 1 << 20]).await.unwrap();
        client.shutdown().await.unwrap();
        let mut response = Vec::new();
        client.read_to_end(&mut response).await.unwrap();
        assert_eq!(response, b"413");
        closing.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn shutdown_after_a_complete_request_does_not_wait() {
        let (mut client, server) = tokio::io::duplex(1024);
        let unread = Unread::new();
        let mut server = Lingering::new(server, unread.clone(), DiscardBudget::unlimited());
        client.write_all(b"head").await.unwrap();
        server.read_exact(&mut [0; 4]).await.unwrap();
        unread.set(false);
        let started = Instant::now();
        server.shutdown().await.unwrap();
        assert!(started.elapsed() < LINGER_IDLE_TIMEOUT);
    }

    #[tokio::test]
    async fn slow_client_cannot_keep_the_connection_open_after_the_response() {
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
            let closed =
                tokio::time::timeout_at(Instant::now() + 2 * LINGER_IDLE_TIMEOUT, server.shutdown()).await;
            assert!(closed.is_ok(), "{bytes} bytes every {pause} ms keep the connection open");
            trickle.abort();
        }
    }
}
