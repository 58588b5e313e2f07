//! A closed loop of clients: each sends its next request when the last one is answered.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use bytes::Bytes;
use http::{Method, Request};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::stats;

/// What a measurement found.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load {
    pub(crate) per_second: f64,
    /// Milliseconds.
    pub(crate) median: f64,
    pub(crate) p99: f64,
}

impl Load {
    pub(crate) fn of(mut latencies: Vec<Duration>, took: Duration) -> Self {
        latencies.sort_unstable();
        #[expect(clippy::cast_precision_loss, reason = "a count of requests")]
        let per_second = latencies.len() as f64 / took.as_secs_f64();
        let at = |part: f64| stats::percentile(&latencies, part).as_secs_f64() * 1000.0;
        Self { per_second, median: at(0.5), p99: at(0.99) }
    }

    /// The middle of two measurements, before and after something else.
    pub(crate) fn between(one: &Self, other: &Self) -> Self {
        let middle = |field: fn(&Self) -> f64| f64::midpoint(field(one), field(other));
        Self {
            per_second: middle(|load| load.per_second),
            median: middle(|load| load.median),
            p99: middle(|load| load.p99),
        }
    }
}

/// `GET`, so often.
pub(crate) async fn get(address: SocketAddr, clients: usize, times: usize, path: &str) -> Result<Load> {
    let answers = run(address, clients, Method::GET, path, vec![Bytes::new(); times], 200).await?;
    Ok(answers.0)
}

/// The body of one answer, as it crosses the network.
pub(crate) async fn fetch(address: SocketAddr, path: &str, encoding: &str) -> Result<Bytes> {
    let request = Request::get(path).header("host", "bench").header("accept-encoding", encoding);
    let response = connect(address).await?.send_request(request.body(Full::default())?).await?;
    if !response.status().is_success() {
        bail!("{path}: status {}", response.status());
    }
    Ok(response.into_body().collect().await?.to_bytes())
}

/// `POST` of each body once; the answers in the order of the bodies.
pub(crate) async fn post(
    address: SocketAddr,
    clients: usize,
    path: &str,
    bodies: Vec<Bytes>,
    status: u16,
) -> Result<(Load, Vec<Bytes>)> {
    run(address, clients, Method::POST, path, bodies, status).await
}

async fn run(
    address: SocketAddr,
    clients: usize,
    method: Method,
    path: &str,
    bodies: Vec<Bytes>,
    status: u16,
) -> Result<(Load, Vec<Bytes>)> {
    let (bodies, next) = (Arc::new(bodies), Arc::new(AtomicUsize::new(0)));
    let mut senders = Vec::with_capacity(clients);
    for _ in 0..clients {
        senders.push(connect(address).await?);
    }
    let started = Instant::now();
    let tasks = senders.into_iter().map(|mut sender| {
        let (bodies, next, method) = (Arc::clone(&bodies), Arc::clone(&next), method.clone());
        let uri = path.to_owned();
        tokio::spawn(async move {
            let mut answers = Vec::new();
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                let Some(body) = bodies.get(index) else { return Ok(answers) };
                let request = Request::builder()
                    .method(method.clone())
                    .uri(&uri)
                    .header("host", "bench")
                    .header("content-type", "application/json")
                    .body(Full::new(body.clone()))?;
                let sent = Instant::now();
                let response = sender.send_request(request).await.context("no answer")?;
                let got = response.status().as_u16();
                let answer = response.into_body().collect().await?.to_bytes();
                if got != status {
                    bail!("{uri}: status {got}: {}", String::from_utf8_lossy(&answer));
                }
                answers.push((index, sent.elapsed(), answer));
            }
        })
    });
    let tasks: Vec<_> = tasks.collect();
    let mut all = Vec::with_capacity(bodies.len());
    for task in tasks {
        all.extend(task.await??);
    }
    let took = started.elapsed();
    all.sort_unstable_by_key(|(index, ..)| *index);
    let latencies = all.iter().map(|(_, latency, _)| *latency).collect();
    Ok((Load::of(latencies, took), all.into_iter().map(|(.., answer)| answer).collect()))
}

async fn connect(address: SocketAddr) -> Result<SendRequest<Full<Bytes>>> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (sender, connection) = handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    Ok(sender)
}
