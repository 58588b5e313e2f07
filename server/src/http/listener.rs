//! Connections: how many, and how long each may take to say what it wants. `axum::serve` waits for ever.

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

use crate::http::middleware::concurrency::{ConcurrencyLimit, Most};
use crate::http::middleware::rate_limit_key::RateLimitKey;
use discard::{DiscardBudget, DiscardLimits};
use inline_repoll::InlineRepoll;
use linger::{Lingering, Unread};
use watched_body::WatchedBody;

mod discard;
mod inline_repoll;
mod linger;
mod watched_body;

/// How long a connection may take to send the head of a request, and may stay idle between two.
const HEAD: Duration = Duration::from_secs(8);
/// How long a connection may take nothing of what is sent to it.
const STALL: Duration = Duration::from_secs(20);
/// Most bytes that a connection buffers in each direction; the head of a request has to fit in.
const BUFFER: usize = 64 * 1024;
/// Bytes of a body that usually arrive together with the head.
const SMALL_BODY: u64 = 4096;
/// How often addresses are forgotten whose limit is full again.
const FORGET_EVERY: Duration = Duration::from_mins(1);
/// How long requests in flight may take to end when the server stops.
const DRAIN: Duration = Duration::from_secs(8);

/// Serves until `stop` resolves, and then lets what is under way finish.
pub(crate) async fn serve(
    listener: TcpListener,
    app: Router,
    limits: ConnectionLimits,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let slots = Arc::new(Semaphore::new(limits.most));
    let of_clients = limits.of_clients();
    let discard_limits = DiscardLimits::new();
    let mut forgetting = tokio::time::interval(FORGET_EVERY);
    let connections = GracefulShutdown::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        let (slot, stream, peer) = tokio::select! {
            () = &mut stop => break,
            _ = forgetting.tick() => {
                discard_limits.forget_idle();
                continue;
            }
            accepted = accept(&listener, &slots) => accepted?,
        };
        let client = limits.client(peer);
        let Ok(permit) = of_clients.take(client, 1) else { continue };
        let budget = client.map_or_else(DiscardBudget::unlimited, |client| {
            DiscardBudget::of(discard_limits.clone(), client)
        });
        let connection = connections.watch(connection(stream, peer, budget, app.clone()));
        tokio::spawn(async move {
            // How a connection ends is its client's affair.
            drop(InlineRepoll::new(connection).await);
            drop((slot, permit));
        });
    }
    drop(listener);
    tokio::select! {
        () = connections.shutdown() => {}
        () = tokio::time::sleep(DRAIN) => tracing::warn!("some requests did not end in time"),
    }
    Ok(())
}

/// How many connections there may be.
pub(crate) struct ConnectionLimits {
    /// In all.
    pub(crate) most: usize,
    /// Of one client: an IPv4 address or an IPv6 /64.
    pub(crate) per_client: usize,
    /// Proxies, whose connections belong to many clients: only `most` holds for them.
    pub(crate) proxies: Vec<IpNet>,
}

impl ConnectionLimits {
    /// The limits of each client and of each network. A network leaves a quarter of all connections to others,
    /// unless the operator has allowed more to a single client.
    fn of_clients(&self) -> Arc<ConcurrencyLimit> {
        let per_network = self.per_client.max(self.most - self.most / 4);
        ConcurrencyLimit::new(Most { per_client: self.per_client, per_network, in_all: usize::MAX })
    }

    /// The client behind a connection, unless it is a proxy.
    fn client(&self, peer: SocketAddr) -> Option<RateLimitKey> {
        let address = peer.ip().to_canonical();
        let is_proxy = self.proxies.iter().any(|network| network.contains(&address));
        (!is_proxy).then(|| RateLimitKey::of_address(address))
    }
}

/// The next connection, once there is room for it.
async fn accept(
    listener: &TcpListener,
    slots: &Arc<Semaphore>,
) -> io::Result<(tokio::sync::OwnedSemaphorePermit, TcpStream, SocketAddr)> {
    let slot = Arc::clone(slots).acquire_owned().await.map_err(io::Error::other)?;
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => return Ok((slot, stream, peer)),
            // Too many open files, or a client that is gone already: neither is the listener's end.
            Err(error) => {
                tracing::warn!(kind = %error.kind(), "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

type Socket = TokioIo<Lingering<Pin<Box<TimeoutStream<TcpStream>>>>>;

fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    budget: DiscardBudget,
    app: Router,
) -> http1::Connection<
    Socket,
    impl hyper::service::HttpService<Incoming, ResBody = axum::body::Body, Error = Infallible, Future: Send>,
> {
    // Answers are small: waiting for more to send only delays them.
    drop(stream.set_nodelay(true));
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(STALL));
    let unread = Unread::new();
    let stream = Lingering::new(Box::pin(stream), unread.clone(), budget);
    let service = service_fn(move |request: Request<Incoming>| {
        let is_small = is_small(&request);
        let mut request = request.map(|body| WatchedBody::new(body, unread.clone()));
        request.extensions_mut().insert(ConnectInfo(peer));
        let response = app.clone().call(request);
        let unread = unread.clone();
        async move {
            let mut response = response.await?;
            // hyper discards a small body that has arrived already, and closes the connection otherwise.
            if unread.get() && !is_small {
                response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            Ok(response)
        }
    });
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_buf_size(BUFFER)
        .serve_connection(TokioIo::new(stream), service)
}

/// Whether the body of a request usually arrives with its head.
fn is_small(request: &Request<Incoming>) -> bool {
    request.body().size_hint().upper().is_some_and(|bytes| bytes <= SMALL_BODY)
}
