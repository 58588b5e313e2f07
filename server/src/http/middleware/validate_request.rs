//! What a request to the API must be before a server function sees it: leptos checks none of this.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{ACCEPT, CONNECTION, CONTENT_ENCODING, CONTENT_TYPE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use shared_crypto::messages::{Call, ErrorBody};

use crate::config::Presented;
use crate::http::error_response::refuse;
use crate::http::middleware::body::{BodyError, read_body};
use crate::http::middleware::concurrency::{ConcurrencyPermit, Exceeded};
use crate::http::middleware::rate_limit::{Creator, RateLimits, RequestKind, SharedBucket};
use crate::http::middleware::rate_limit_key::RateLimitKey;
use crate::http::state::AppState;

/// Proofs, ids and tokens are short.
const SMALL_BODY: usize = 4096;
/// Seconds after which a client may try again when there is no memory for its body.
const MEMORY_WAIT: u32 = 2;
const SERVER_FN_ERROR: HeaderName = HeaderName::from_static("serverfnerror");

/// Checks origin, token, rate, media type and size, in that order, and lets only plain JSON pass. A request from another
/// site's page is counted like a page, and not as the call that it tried. A request that stores nothing takes nothing
/// from the limit that all clients share.
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
        Err(refused) => refused.into_response(),
    }
}

/// The same for `create`, which has limits of its own.
pub(crate) async fn validate_create(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let (request, _memory) = match check_create(&state, request).await {
        Ok(checked) => checked,
        Err(refused) => return refused.into_response(),
    };
    let in_all = state.rate_limits().map(RateLimits::create_in_all);
    if let Some(Err(seconds)) = in_all.map(SharedBucket::take) {
        return Refused::TooOften(seconds).into_response();
    }
    let mut response = next.run(request).await;
    if let Some(in_all) = in_all.filter(|_| response.status() != StatusCode::CREATED) {
        in_all.put_back();
    }
    response.headers_mut().remove(SERVER_FN_ERROR);
    response
}

/// Why a request goes no further.
enum Refused {
    As(ErrorBody),
    /// Asked too often: seconds until it is worth another try.
    TooOften(u32),
    /// Its body does not come.
    TooSlow,
    /// Bodies of all clients together take as much memory as they may.
    NoMemory,
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        match self {
            Self::As(refusal) => refuse(&refusal, None),
            Self::TooOften(seconds) => refuse(&ErrorBody::RateLimited, Some(seconds)),
            Self::TooSlow => too_slow(),
            Self::NoMemory => refuse(&ErrorBody::Unavailable, Some(MEMORY_WAIT)),
        }
    }
}

impl From<BodyError> for Refused {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::TooLarge => ErrorBody::TooLarge.into(),
            BodyError::Broken => ErrorBody::InvalidRequest.into(),
            BodyError::TooSlow => Self::TooSlow,
            BodyError::TooMany(seconds) => Self::TooOften(seconds),
            BodyError::NoMemory(Exceeded::ByClient) => Self::TooOften(MEMORY_WAIT),
            BodyError::NoMemory(Exceeded::InAll) => Self::NoMemory,
        }
    }
}

impl From<ErrorBody> for Refused {
    fn from(refusal: ErrorBody) -> Self {
        Self::As(refusal)
    }
}

/// A request that may be served, and the memory that its body is counted with.
type Checked = (Request, ConcurrencyPermit);

async fn check(state: &AppState, request: Request) -> Result<Checked, Refused> {
    let (parts, body) = request.into_parts();
    check_origin(state, &parts)?;
    let call = Call::at_path(parts.uri.path());
    if let (Some(limits), Some(call), Some(client)) = (state.rate_limits(), call, client(&parts)) {
        limits.check(RequestKind::Call(call), client).map_err(Refused::TooOften)?;
    }
    read_json(state, parts, body, SMALL_BODY, |_| Ok(())).await
}

async fn check_create(state: &AppState, request: Request) -> Result<Checked, Refused> {
    let (parts, body) = request.into_parts();
    check_origin(state, &parts)?;
    let creator = creator(state, &parts)?;
    let limits = state.rate_limits().zip(creator);
    if let Some((limits, creator)) = limits {
        limits.check_create(creator).map_err(Refused::TooOften)?;
        // Before a large body is read for nothing.
        limits.create_in_all().peek().map_err(Refused::TooOften)?;
    }
    let count = |bytes| limits.map_or(Ok(()), |(limits, creator)| limits.check_bytes(creator, bytes));
    read_json(state, parts, body, state.max_body_bytes(), count).await
}

fn check_origin(state: &AppState, parts: &Parts) -> Result<(), Refused> {
    if state.origins().allows(&parts.headers, &parts.uri) {
        return Ok(());
    }
    if let Some((limits, client)) = state.rate_limits().zip(client(parts)) {
        limits.check(RequestKind::Other, client).map_err(Refused::TooOften)?;
    }
    Err(ErrorBody::CrossSite.into())
}

fn client(parts: &Parts) -> Option<RateLimitKey> {
    parts.extensions.get().copied()
}

/// The client of a create, which must present a token if there are any. The token comes first: a client without one
/// shares no limit with clients that have one.
fn creator(state: &AppState, parts: &Parts) -> Result<Option<Creator>, Refused> {
    let client = client(parts);
    let presented = state.creation_tokens().map(|tokens| tokens.find(&parts.headers));
    if let (Some(limits), Some(client)) = (state.rate_limits(), client) {
        match presented {
            None | Some(Presented::Token(_)) => Ok(()),
            Some(Presented::Nothing) => limits.check_create(Creator { token: None, client }),
            Some(Presented::Wrong) => limits.check_wrong_token(client),
        }
        .map_err(Refused::TooOften)?;
    }
    let token = match presented {
        None => None,
        Some(Presented::Token(token)) => Some(token),
        Some(Presented::Nothing | Presented::Wrong) => return Err(ErrorBody::Unauthorized.into()),
    };
    Ok(client.map(|client| Creator { token, client }))
}

async fn read_json(
    state: &AppState,
    mut parts: Parts,
    body: Body,
    limit: usize,
    count: impl Fn(usize) -> Result<(), u32>,
) -> Result<Checked, Refused> {
    if !is_plain_json(&parts.headers) {
        return Err(ErrorBody::UnsupportedMediaType.into());
    }
    let mut memory = state.body_memory(client(&parts));
    let body = read_body(&parts.headers, body, limit, &mut memory, count).await?;
    // `Accept: text/html` would turn an answer into a redirect, and nothing else is read from a header.
    parts.headers.remove(ACCEPT);
    Ok((Request::from_parts(parts, Body::from(body)), memory))
}

fn is_plain_json(headers: &HeaderMap) -> bool {
    let media_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json") && !headers.contains_key(CONTENT_ENCODING)
}

/// 408, and the end of the connection: the rest of the body is not waited for.
fn too_slow() -> Response {
    let mut response = refuse(&ErrorBody::Unavailable, None);
    *response.status_mut() = StatusCode::REQUEST_TIMEOUT;
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}
