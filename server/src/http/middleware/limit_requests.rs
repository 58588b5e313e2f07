//! Limits the requests of each client: how many are in flight, and how many pages and files it may load in a minute.

use std::net::SocketAddr;

use axum::body::{Body, HttpBody as _};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use shared_crypto::messages::ErrorBody;

use crate::http::error_response::{error_response, with_retry_after};
use crate::http::protection::rate_limit::RequestKind;
use crate::http::state::AppState;
use crate::http::watched_body::WatchedBody;

/// Maximum size of a response that fits into the socket's buffer. Sending it waits for no client.
const MAX_BUFFERED_RESPONSE_BYTES: u64 = 16 * 1024;
/// Seconds after which a client with too many requests in flight may try again.
const IN_FLIGHT_RETRY_SECONDS: u32 = 1;

/// Passes a request on, or responds with 429. Stores the client's [`RateLimitKey`] for the layers below.
///
/// Behind a proxy, where many clients share one address, the key is the only limit on each client.
///
/// [`RateLimitKey`]: crate::http::protection::rate_limit_key::RateLimitKey
pub(crate) async fn limit_requests(
    State(state): State<AppState>,
    mut request: Request,
    next: Next,
) -> Response {
    let Some(&ConnectInfo(peer)) = request.extensions().get::<ConnectInfo<SocketAddr>>() else {
        return next.run(request).await;
    };
    let key = state.rate_limit_key(peer, request.headers());
    request.extensions_mut().insert(key);
    let path = request.uri().path();
    let in_flight = state.requests_in_flight().map(|limiter| limiter.acquire(Some(key), 1));
    let Ok(permit) = in_flight.transpose() else { return too_many_requests(path, IN_FLIGHT_RETRY_SECONDS) };
    // `validate_request` counts calls of the API, each against a limit of its own.
    let is_other = !RequestKind::is_api_call(request.method(), path);
    if let Some(limits) = state.rate_limits().filter(|_| is_other)
        && let Err(seconds) = limits.check(RequestKind::Other, key)
    {
        return too_many_requests(path, seconds);
    }
    let response = next.run(request).await;
    let size = response.body().size_hint().upper();
    match permit {
        // The request counts as in flight until its response is sent.
        Some(permit) if size.is_none_or(|bytes| bytes > MAX_BUFFERED_RESPONSE_BYTES) => {
            response.map(|body| Body::new(WatchedBody::new(body, move || drop(permit))))
        }
        _ => response,
    }
}

fn too_many_requests(path: &str, seconds: u32) -> Response {
    if path.starts_with("/api/") {
        return with_retry_after(error_response(&ErrorBody::RateLimited), seconds);
    }
    let text = format!("Too many requests. Try again in {seconds} s.\n");
    let mut response = (StatusCode::TOO_MANY_REQUESTS, text).into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    with_retry_after(response, seconds)
}
