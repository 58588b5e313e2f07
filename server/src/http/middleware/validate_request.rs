//! Checks calls of the API before a server function runs: origin, creation token, rate limits, media type and size.
//! Leptos checks none of them.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{ACCEPT, CONNECTION, CONTENT_ENCODING, CONTENT_TYPE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use shared_crypto::messages::{Call, ErrorBody};

use crate::config::PresentedToken;
use crate::http::error_response::{error_response, with_retry_after};
use crate::http::protection::concurrency::{ConcurrencyPermit, LimitExceeded};
use crate::http::protection::rate_limit::{Creator, RateLimits, RequestKind, SharedBucket};
use crate::http::protection::rate_limit_key::RateLimitKey;
use crate::http::protection::read_body::{BodyError, read_body};
use crate::http::state::AppState;

/// Maximum size of the body of every call except `create`: proofs, ids and tokens are short.
const MAX_SMALL_BODY_BYTES: usize = 4096;
/// Seconds after which a client may try again if there is no memory for its body.
const MEMORY_RETRY_SECONDS: u32 = 2;
/// Set by server functions on errors; not a part of the API.
const SERVER_FN_ERROR: HeaderName = HeaderName::from_static("serverfnerror");

/// Checks a call other than `create`, in this order: origin, rate limit, media type and size.
///
/// A call from another site's page counts against the limit of pages, and not against that of the call.
pub(crate) async fn validate_request(
    State(state): State<AppState>,
    request: Request,
    next: Next,
) -> Response {
    match check(&state, request).await {
        Ok((request, _memory)) => {
            let mut response = next.run(request).await;
            response.headers_mut().remove(SERVER_FN_ERROR);
            response
        }
        Err(rejection) => rejection.into_response(),
    }
}

/// Checks a `create`, which needs a creation token if there are any, and has several limits.
///
/// A call that stores nothing returns its token to the limit that all clients share.
pub(crate) async fn validate_create(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let (request, _memory) = match check_create(&state, request).await {
        Ok(checked) => checked,
        Err(rejection) => return rejection.into_response(),
    };
    let total_limit = state.rate_limits().map(RateLimits::create_total);
    if let Some(Err(seconds)) = total_limit.map(SharedBucket::take) {
        return Rejection::RateLimited(seconds).into_response();
    }
    let mut response = next.run(request).await;
    if let Some(total_limit) = total_limit.filter(|_| response.status() != StatusCode::CREATED) {
        total_limit.put_back();
    }
    response.headers_mut().remove(SERVER_FN_ERROR);
    response
}

/// Why a call is not passed on.
enum Rejection {
    Error(ErrorBody),
    /// The client has sent too many requests or bytes: seconds until it may send more.
    RateLimited(u32),
    /// The body arrives too slowly.
    BodyTimeout,
    /// The bodies of all clients together take as much memory as they may.
    NoMemory,
}

impl IntoResponse for Rejection {
    fn into_response(self) -> Response {
        match self {
            Self::Error(error) => error_response(&error),
            Self::RateLimited(seconds) => with_retry_after(error_response(&ErrorBody::RateLimited), seconds),
            Self::BodyTimeout => body_timeout(),
            Self::NoMemory => with_retry_after(error_response(&ErrorBody::Unavailable), MEMORY_RETRY_SECONDS),
        }
    }
}

impl From<BodyError> for Rejection {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::TooLarge => ErrorBody::TooLarge.into(),
            BodyError::Malformed => ErrorBody::InvalidRequest.into(),
            BodyError::TooSlow => Self::BodyTimeout,
            BodyError::RateLimited(seconds) => Self::RateLimited(seconds),
            BodyError::NoMemory(LimitExceeded::PerClient) => Self::RateLimited(MEMORY_RETRY_SECONDS),
            BodyError::NoMemory(LimitExceeded::Total) => Self::NoMemory,
        }
    }
}

impl From<ErrorBody> for Rejection {
    fn from(error: ErrorBody) -> Self {
        Self::Error(error)
    }
}

/// A request that passed all checks, and the permit for the memory of its body.
type Checked = (Request, ConcurrencyPermit);

async fn check(state: &AppState, request: Request) -> Result<Checked, Rejection> {
    let (parts, body) = request.into_parts();
    check_origin(state, &parts)?;
    let call = Call::at_path(parts.uri.path());
    if let (Some(limits), Some(call), Some(key)) = (state.rate_limits(), call, rate_limit_key(&parts)) {
        limits.check(RequestKind::Call(call), key).map_err(Rejection::RateLimited)?;
    }
    read_json(state, parts, body, MAX_SMALL_BODY_BYTES, |_| Ok(())).await
}

async fn check_create(state: &AppState, request: Request) -> Result<Checked, Rejection> {
    let (parts, body) = request.into_parts();
    check_origin(state, &parts)?;
    let creator = creator(state, &parts)?;
    let limits = state.rate_limits().zip(creator);
    if let Some((limits, creator)) = limits {
        limits.check_create(creator).map_err(Rejection::RateLimited)?;
        // Avoids reading a large body that would be refused afterwards.
        limits.create_total().peek().map_err(Rejection::RateLimited)?;
    }
    let count = |bytes| limits.map_or(Ok(()), |(limits, creator)| limits.check_bytes(creator, bytes));
    read_json(state, parts, body, state.max_body_bytes(), count).await
}

fn check_origin(state: &AppState, parts: &Parts) -> Result<(), Rejection> {
    if state.origins().allows(&parts.headers, &parts.uri) {
        return Ok(());
    }
    if let Some((limits, key)) = state.rate_limits().zip(rate_limit_key(parts)) {
        limits.check(RequestKind::Other, key).map_err(Rejection::RateLimited)?;
    }
    Err(ErrorBody::CrossSite.into())
}

/// Returns the key that `limit_requests` has stored.
fn rate_limit_key(parts: &Parts) -> Option<RateLimitKey> {
    parts.extensions.get().copied()
}

/// Checks the creation token, if there are any, and returns the key of the limits on creates. The token is checked
/// before them, so that a client without one shares no limit with clients that have one.
fn creator(state: &AppState, parts: &Parts) -> Result<Option<Creator>, Rejection> {
    let key = rate_limit_key(parts);
    let presented = state.creation_tokens().map(|tokens| tokens.find(&parts.headers));
    if let (Some(limits), Some(key)) = (state.rate_limits(), key) {
        match presented {
            None | Some(PresentedToken::Valid(_)) => Ok(()),
            Some(PresentedToken::Missing) => limits.check_create(Creator { token: None, key }),
            Some(PresentedToken::Invalid) => limits.check_invalid_token(key),
        }
        .map_err(Rejection::RateLimited)?;
    }
    let token = match presented {
        None => None,
        Some(PresentedToken::Valid(token)) => Some(token),
        Some(PresentedToken::Missing | PresentedToken::Invalid) => return Err(ErrorBody::Unauthorized.into()),
    };
    Ok(key.map(|key| Creator { token, key }))
}

async fn read_json(
    state: &AppState,
    mut parts: Parts,
    body: Body,
    limit: usize,
    count: impl Fn(usize) -> Result<(), u32>,
) -> Result<Checked, Rejection> {
    if !is_plain_json(&parts.headers) {
        return Err(ErrorBody::UnsupportedMediaType.into());
    }
    let mut memory = state.body_memory(rate_limit_key(&parts));
    let body = read_body(&parts.headers, body, limit, &mut memory, count).await?;
    // With `Accept: text/html` a server function would respond with a redirect.
    parts.headers.remove(ACCEPT);
    Ok((Request::from_parts(parts, Body::from(body)), memory))
}

/// Reports whether the body is JSON without a content encoding.
fn is_plain_json(headers: &HeaderMap) -> bool {
    let media_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json") && !headers.contains_key(CONTENT_ENCODING)
}

/// Returns 408, and closes the connection instead of waiting for the rest of the body.
fn body_timeout() -> Response {
    let mut response = error_response(&ErrorBody::Unavailable);
    *response.status_mut() = StatusCode::REQUEST_TIMEOUT;
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}
