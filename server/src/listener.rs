//! Connections: how many, and how long each may take to say what it wants. `axum::serve` waits for ever.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, Request};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use ipnet::IpNet;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_io_timeout::TimeoutStream;
use tower_service::Service as _;

use at_once::AtOnce;

mod at_once;

/// How long a connection may take to send the head of a request, and may stay idle between two.
const HEAD: Duration = Duration::from_secs(8);
/// How long a connection may take nothing of what is sent to it.
const STALL: Duration = Duration::from_secs(20);
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
    let peers = Arc::new(Mutex::new(HashMap::new()));
    let connections = GracefulShutdown::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        let (slot, stream, peer) = tokio::select! {
            () = &mut stop => break,
            accepted = accept(&listener, &slots) => accepted?,
        };
        let Some(place) = Place::of(peer, &peers, &limits) else { continue };
        let connection = connections.watch(connection(stream, peer, app.clone()));
        tokio::spawn(async move {
            // How a connection ends is its client's affair.
            drop(AtOnce::new(connection).await);
            drop((slot, place));
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
    /// Of one address, unless it is a proxy's.
    pub(crate) per_address: usize,
    /// Whose connections are other people's.
    pub(crate) proxies: Vec<IpNet>,
}

type Peers = Arc<Mutex<HashMap<IpAddr, usize>>>;

/// A connection's place among those of its address.
struct Place(IpAddr, Peers);

impl Place {
    /// `None` where the address has as many as it may have.
    fn of(peer: SocketAddr, peers: &Peers, limits: &ConnectionLimits) -> Option<Self> {
        let address = peer.ip().to_canonical();
        let is_proxy = limits.proxies.iter().any(|network| network.contains(&address));
        let mut counts = peers.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(address).or_default();
        if *count >= limits.per_address && !is_proxy {
            return None;
        }
        *count += 1;
        Some(Self(address, Arc::clone(peers)))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.1.lock().unwrap_or_else(PoisonError::into_inner);
        if let Entry::Occupied(mut count) = counts.entry(self.0) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
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

type Socket = TokioIo<std::pin::Pin<Box<TimeoutStream<TcpStream>>>>;

fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    app: Router,
) -> http1::Connection<
    Socket,
    impl hyper::service::HttpService<Incoming, ResBody = axum::body::Body, Error = Infallible, Future: Send>,
> {
    // Answers are small: waiting for more to send only delays them.
    drop(stream.set_nodelay(true));
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(STALL));
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        app.clone().call(request)
    });
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .serve_connection(TokioIo::new(Box::pin(stream)), service)
}
