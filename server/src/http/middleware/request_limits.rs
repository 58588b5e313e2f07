//! Limits on requests of every kind: how many of one client are in flight, and how often it may ask for pages and files.

use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use hyper::body::{Frame, SizeHint};
use shared_crypto::messages::ErrorBody;

use crate::http::error_response::refuse;
use crate::http::handlers::health;
use crate::http::middleware::concurrency::ConcurrencyPermit;
use crate::http::middleware::rate_limit::RequestKind;
use crate::http::state::AppState;

/// A response of at most so many bytes fits into the socket's buffer, and is not waited for.
const SMALL_RESPONSE: u64 = 16 * 1024;
/// Seconds after which a client with too many requests in flight may try again.
const IN_FLIGHT_WAIT: u32 = 1;

/// Lets a request pass, or answers 429. Behind a proxy, where many clients share one address, this is what limits each.
pub(crate) async fn limit_requests(
    State(state): State<AppState>,
    mut request: Request,
    next: Next,
) -> Response {
    let Some(&ConnectInfo(peer)) = request.extensions().get::<ConnectInfo<SocketAddr>>() else {
        return next.run(request).await;
    };
    let client = state.client(peer, request.headers());
    request.extensions_mut().insert(client);
    let path = request.uri().path();
    // Probes take no part in any limit: they share an address with clients, and readiness asks the database once for all.
    if health::is_probe(path) {
        return next.run(request).await;
    }
    let in_flight = state.in_flight().map(|limit| limit.take(Some(client), 1));
    let Ok(permit) = in_flight.transpose() else { return too_many(path, IN_FLIGHT_WAIT) };
    // The calls of the API are counted later, each by itself.
    let is_other = !RequestKind::is_counted_later(request.method(), path);
    if let Some(limits) = state.rate_limits().filter(|_| is_other)
        && let Err(seconds) = limits.check(RequestKind::Other, client)
    {
        return too_many(path, seconds);
    }
    let response = next.run(request).await;
    match permit {
        Some(permit) if response.body().size_hint().upper().is_none_or(|bytes| bytes > SMALL_RESPONSE) => {
            response.map(|body| Body::new(CountedBody { body, _permit: permit }))
        }
        _ => response,
    }
}

fn too_many(path: &str, seconds: u32) -> Response {
    if path.starts_with("/api/") {
        return refuse(&ErrorBody::RateLimited, Some(seconds));
    }
    let text = format!("Too many requests. Try again in {seconds} s.\n");
    let mut response = (StatusCode::TOO_MANY_REQUESTS, text).into_response();
    response.headers_mut().insert(RETRY_AFTER, seconds.into());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}

/// The body of a response whose request counts as in flight until the body is sent.
struct CountedBody {
    body: Body,
    _permit: ConcurrencyPermit,
}

impl HttpBody for CountedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
