//! What a request to the API must be before a server function sees it: leptos checks none of this.

use std::net::SocketAddr;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::{ACCEPT, CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use bytes::BytesMut;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use shared_crypto::wire::Refusal;
use tokio::time::{Instant, timeout_at};

use crate::rate_limit::Call;
use crate::refusal::refuse;
use crate::state::AppState;

/// Proofs, ids and tokens are short.
const SMALL_BODY: usize = 4096;
/// How long a body may take, and how many bytes buy it another second.
const PATIENCE: Duration = Duration::from_secs(8);
const SLOWEST: usize = 4096;
const SERVER_FN_ERROR: HeaderName = HeaderName::from_static("serverfnerror");

/// Checks origin, rate, token, media type and size, in that order, and lets only plain JSON pass. Another site's page
/// uses up nobody's rate.
pub(crate) async fn guard(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let limit = if request.uri().path().ends_with("/create") { state.max_body_bytes() } else { SMALL_BODY };
    match check(&state, request, limit).await {
        Ok(request) => {
            let mut response = next.run(request).await;
            response.headers_mut().remove(SERVER_FN_ERROR);
            response
        }
        Err(Refused::As(refusal)) => refuse(&refusal, None),
        Err(Refused::TooOften(seconds)) => refuse(&Refusal::RateLimited, Some(seconds)),
        Err(Refused::TooSlow) => too_slow(),
    }
}

/// Why a request goes no further.
enum Refused {
    As(Refusal),
    /// Asked too often: seconds until it is worth another try.
    TooOften(u32),
    /// Its body does not come.
    TooSlow,
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self::As(refusal)
    }
}

async fn check(state: &AppState, request: Request, limit: usize) -> Result<Request, Refused> {
    let (mut parts, body) = request.into_parts();
    if !state.origins().allows(&parts.headers, &parts.uri) {
        return Err(Refusal::CrossSite.into());
    }
    let client = parts
        .extensions
        .get::<ConnectInfo<SocketAddr>>()
        .map(|ConnectInfo(peer)| state.client(*peer, &parts.headers));
    let asked = Call::at(parts.uri.path()).zip(client);
    if let Some((call, client)) = asked {
        state.count(call, client).map_err(Refused::TooOften)?;
    }
    if matches!(asked, Some((Call::Create, _))) && !state.may_create(&parts.headers) {
        return Err(Refusal::Unauthorized.into());
    }
    if !is_plain_json(&parts.headers) {
        return Err(Refusal::UnsupportedMediaType.into());
    }
    let body = read(&parts.headers, body, limit).await?;
    if let Some((Call::Create, client)) = asked {
        state.count_bytes(client, body.len()).map_err(Refused::TooOften)?;
    }
    // `Accept: text/html` would turn an answer into a redirect, and nothing else is read from a header.
    parts.headers.remove(ACCEPT);
    Ok(Request::from_parts(parts, Body::from(body)))
}

fn is_plain_json(headers: &HeaderMap) -> bool {
    let media_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json") && !headers.contains_key(CONTENT_ENCODING)
}

/// Reads a body up to the limit, and waits for a slow one as long as it comes with some speed.
async fn read(headers: &HeaderMap, body: Body, limit: usize) -> Result<Bytes, Refused> {
    let announced = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > u64::try_from(limit).unwrap_or(u64::MAX)) {
        return Err(Refusal::TooLarge.into());
    }
    let started = Instant::now();
    let mut body = std::pin::pin!(Limited::new(body, limit));
    let mut read = BytesMut::new();
    loop {
        let earned = Duration::from_secs((read.len() / SLOWEST) as u64);
        match timeout_at(started + PATIENCE + earned, body.frame()).await {
            Err(_) => return Err(Refused::TooSlow),
            Ok(None) => return Ok(read.freeze()),
            Ok(Some(Ok(frame))) => read.extend_from_slice(frame.data_ref().map_or(&[], |data| &**data)),
            Ok(Some(Err(error))) if error.is::<LengthLimitError>() => return Err(Refusal::TooLarge.into()),
            Ok(Some(Err(_))) => return Err(Refusal::InvalidRequest.into()),
        }
    }
}

/// 408, and the end of the connection: the rest of the body is not waited for.
fn too_slow() -> Response {
    let mut response = refuse(&Refusal::TryLater, None);
    *response.status_mut() = StatusCode::REQUEST_TIMEOUT;
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}
