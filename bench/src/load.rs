//! Generates load with a closed loop of clients: each sends its next request after the response to the last one.

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

/// The throughput and latency of one run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Measurement {
    /// Requests or transactions per second.
    pub(crate) per_second: f64,
    /// The median latency in milliseconds.
    pub(crate) median_ms: f64,
    /// The 99th percentile of the latency in milliseconds.
    pub(crate) p99_ms: f64,
}

impl Measurement {
    /// Computes the figures from the latency of each request and the duration of the run.
    pub(crate) fn new(mut latencies: Vec<Duration>, elapsed: Duration) -> Self {
        latencies.sort_unstable();
        #[expect(clippy::cast_precision_loss, reason = "a count of requests")]
        let per_second = latencies.len() as f64 / elapsed.as_secs_f64();
        let percentile_ms = |part: f64| stats::percentile(&latencies, part).as_secs_f64() * 1000.0;
        Self { per_second, median_ms: percentile_ms(0.5), p99_ms: percentile_ms(0.99) }
    }

    /// Returns the mean of two runs.
    pub(crate) fn mean(one: &Self, other: &Self) -> Self {
        let mean = |field: fn(&Self) -> f64| f64::midpoint(field(one), field(other));
        Self {
            per_second: mean(|run| run.per_second),
            median_ms: mean(|run| run.median_ms),
            p99_ms: mean(|run| run.p99_ms),
        }
    }
}

/// Sends this number of `GET` requests, which must succeed with status 200.
pub(crate) async fn get(
    address: SocketAddr,
    clients: usize,
    count: usize,
    path: &str,
) -> Result<Measurement> {
    let (measurement, _) = run(address, clients, Method::GET, path, vec![Bytes::new(); count], 200).await?;
    Ok(measurement)
}

/// Returns the body of one response, in this content encoding.
pub(crate) async fn fetch(address: SocketAddr, path: &str, encoding: &str) -> Result<Bytes> {
    let request = Request::get(path).header("host", "bench").header("accept-encoding", encoding);
    let response = connect(address).await?.send_request(request.body(Full::default())?).await?;
    if !response.status().is_success() {
        bail!("{path}: status {}", response.status());
    }
    Ok(response.into_body().collect().await?.to_bytes())
}

/// Sends a `POST` for each body, and returns the bodies of the responses in the same order. Every response must have
/// this status.
pub(crate) async fn post(
    address: SocketAddr,
    clients: usize,
    path: &str,
    bodies: Vec<Bytes>,
    status: u16,
) -> Result<(Measurement, Vec<Bytes>)> {
    run(address, clients, Method::POST, path, bodies, status).await
}

async fn run(
    address: SocketAddr,
    clients: usize,
    method: Method,
    path: &str,
    bodies: Vec<Bytes>,
    status: u16,
) -> Result<(Measurement, Vec<Bytes>)> {
    let (bodies, next) = (Arc::new(bodies), Arc::new(AtomicUsize::new(0)));
    let mut connections = Vec::with_capacity(clients);
    for _ in 0..clients {
        connections.push(connect(address).await?);
    }
    let started = Instant::now();
    let tasks = connections.into_iter().map(|mut connection| {
        let (bodies, next, method) = (Arc::clone(&bodies), Arc::clone(&next), method.clone());
        let uri = path.to_owned();
        tokio::spawn(async move {
            let mut responses = Vec::new();
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                let Some(body) = bodies.get(index) else { return Ok(responses) };
                let request = Request::builder()
                    .method(method.clone())
                    .uri(&uri)
                    .header("host", "bench")
                    .header("content-type", "application/json")
                    .body(Full::new(body.clone()))?;
                let sent = Instant::now();
                let response = connection.send_request(request).await.context("no response")?;
                let response_status = response.status().as_u16();
                let response_body = response.into_body().collect().await?.to_bytes();
                if response_status != status {
                    bail!("{uri}: status {response_status}: {}", String::from_utf8_lossy(&response_body));
                }
                responses.push((index, sent.elapsed(), response_body));
            }
        })
    });
    let tasks: Vec<_> = tasks.collect();
    let mut responses = Vec::with_capacity(bodies.len());
    for task in tasks {
        responses.extend(task.await??);
    }
    let elapsed = started.elapsed();
    responses.sort_unstable_by_key(|(index, ..)| *index);
    let latencies = responses.iter().map(|(_, latency, _)| *latency).collect();
    let response_bodies = responses.into_iter().map(|(.., body)| body).collect();
    Ok((Measurement::new(latencies, elapsed), response_bodies))
}

async fn connect(address: SocketAddr) -> Result<SendRequest<Full<Bytes>>> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (sender, connection) = handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    Ok(sender)
}
