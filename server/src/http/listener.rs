//! Accepts connections, with limits on their number and timeouts. `axum::serve` has neither.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, Request};
use axum::http::HeaderValue;
use axum::http::header::CONNECTION;
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use ipnet::IpNet;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_io_timeout::TimeoutStream;
use tower_service::Service as _;

use crate::http::protection::concurrency::{ConcurrencyLimiter, ConcurrencyLimits};
use crate::http::protection::rate_limit::FORGET_IDLE_INTERVAL;
use crate::http::protection::rate_limit_key::RateLimitKey;
use crate::http::watched_body::WatchedBody;
use discard::{DiscardBudget, DiscardLimits};
use inline_repoll::InlineRepoll;
use linger::{Lingering, Unread};

mod discard;
mod inline_repoll;
mod linger;

/// Bounds the time for the head of a request, and the idle time between two requests.
const HEAD_TIMEOUT: Duration = Duration::from_secs(8);
/// Bounds the time in which a client reads nothing of a response.
const WRITE_TIMEOUT: Duration = Duration::from_secs(20);
/// Maximum number of bytes that a connection buffers in each direction. The head of a request must fit.
const MAX_BUFFER_BYTES: usize = 64 * 1024;
/// Maximum size of a body that usually arrives together with the head.
const MAX_SMALL_BODY_BYTES: u64 = 4096;
/// Bounds the time for requests in flight when the server stops.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(8);

/// Serves until `stop` resolves, and then waits for requests in flight.
pub(crate) async fn serve(
    listener: TcpListener,
    app: Router,
    limits: ConnectionLimits,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let slots = Arc::new(Semaphore::new(limits.total));
    let limiter = limits.limiter();
    let discard_limits = DiscardLimits::new();
    let mut forget_ticks = tokio::time::interval(FORGET_IDLE_INTERVAL);
    let connections = GracefulShutdown::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        let (slot, stream, peer) = tokio::select! {
            () = &mut stop => break,
            _ = forget_ticks.tick() => {
                discard_limits.forget_idle();
                continue;
            }
            accepted = accept(&listener, &slots) => accepted?,
        };
        let key = limits.rate_limit_key(peer);
        let Ok(permit) = limiter.acquire(key, 1) else { continue };
        let budget =
            key.map_or_else(DiscardBudget::unlimited, |key| DiscardBudget::new(discard_limits.clone(), key));
        let connection = connections.watch(connection(stream, peer, budget, app.clone()));
        tokio::spawn(async move {
            // An error of a connection concerns only its client.
            drop(InlineRepoll::new(connection).await);
            drop((slot, permit));
        });
    }
    drop(listener);
    tokio::select! {
        () = connections.shutdown() => {}
        () = tokio::time::sleep(SHUTDOWN_TIMEOUT) => {
            tracing::warn!("some requests in flight did not end in time");
        }
    }
    Ok(())
}

/// The maximum numbers of connections.
pub(crate) struct ConnectionLimits {
    /// Of all clients together.
    pub(crate) total: usize,
    /// Of one client: an IPv4 address or an IPv6 /64.
    pub(crate) per_client: usize,
    /// Proxies, whose connections belong to many clients: only `total` applies to them.
    pub(crate) proxies: Vec<IpNet>,
}

impl ConnectionLimits {
    /// Returns the limiter of clients and networks. A semaphore limits the total.
    fn limiter(&self) -> Arc<ConcurrencyLimiter> {
        ConcurrencyLimiter::new(ConcurrencyLimits::for_connections(self.per_client, self.total))
    }

    /// Returns the key of a connection's client, or `None` for a proxy.
    fn rate_limit_key(&self, peer: SocketAddr) -> Option<RateLimitKey> {
        let address = peer.ip().to_canonical();
        let is_proxy = self.proxies.iter().any(|network| network.contains(&address));
        (!is_proxy).then(|| RateLimitKey::of_address(address))
    }
}

/// Waits for a free slot and accepts the next connection.
async fn accept(
    listener: &TcpListener,
    slots: &Arc<Semaphore>,
) -> io::Result<(tokio::sync::OwnedSemaphorePermit, TcpStream, SocketAddr)> {
    let slot = Arc::clone(slots).acquire_owned().await.map_err(io::Error::other)?;
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => return Ok((slot, stream, peer)),
            // Too many open files, or a client that has disconnected already: the listener goes on.
            Err(error) => {
                tracing::warn!(kind = %error.kind(), "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

/// A connection with a write timeout, which discards unread bytes when it is closed.
type Socket = TokioIo<Lingering<Pin<Box<TimeoutStream<TcpStream>>>>>;

/// Serves the requests of one connection.
fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    budget: DiscardBudget,
    app: Router,
) -> http1::Connection<
    Socket,
    impl hyper::service::HttpService<Incoming, ResBody = axum::body::Body, Error = Infallible, Future: Send>,
> {
    // Responses are small, and Nagle's algorithm would only delay them.
    drop(stream.set_nodelay(true));
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(WRITE_TIMEOUT));
    let unread = Unread::new();
    let stream = Lingering::new(Box::pin(stream), unread.clone(), budget);
    let service = service_fn(move |request: Request<Incoming>| {
        let is_small = is_small(&request);
        unread.set(!request.body().is_end_stream());
        let mut request = request.map(|body| {
            let unread = unread.clone();
            WatchedBody::new(body, move || unread.set(false))
        });
        request.extensions_mut().insert(ConnectInfo(peer));
        let response = app.clone().call(request);
        let unread = unread.clone();
        async move {
            let mut response = response.await?;
            // hyper discards a small body that has already arrived. After any other unread body it closes the
            // connection.
            if unread.get() && !is_small {
                response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            Ok(response)
        }
    });
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(MAX_BUFFER_BYTES)
        .serve_connection(TokioIo::new(stream), service)
}

/// Reports whether the body of a request usually arrives together with its head.
fn is_small(request: &Request<Incoming>) -> bool {
    request.body().size_hint().upper().is_some_and(|bytes| bytes <= MAX_SMALL_BODY_BYTES)
}
