//! Calls of the API, from a page.

use std::time::Duration;

use js_sys::JsString;
use leptos::prelude::set_timeout;
use shared_crypto::messages::ErrorBody;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, Headers, RequestCache, RequestInit, Response};

use super::json::{Answer, Reader, Request};

/// Why there is no answer to a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// Nothing came back that could be understood: offline, too slow, or the server is away (503 included).
    Silence,
    /// The server said no.
    Refused {
        /// What it said.
        refusal: ErrorBody,
        /// Seconds until another try is worth it.
        retry_after: Option<u32>,
    },
}

/// One call, given up after `patience_ms`, and a second more for every 4 KiB that go with it: so slow a line
/// is waited for on the other side too.
pub async fn call<Q, A>(name: &str, request: &Q, patience_ms: u32) -> Result<A, Failure>
where
    Q: Request,
    A: Answer,
{
    let (status, answer) = ask(name, &request.write().into_text(), request.token(), patience_ms)
        .await
        .map_err(|_| Failure::Silence)?;
    let Some(answer) = answer else { return Err(Failure::Silence) };
    match status {
        Ok(()) => A::read(&answer).ok_or(Failure::Silence),
        Err(retry_after) => match ErrorBody::read(&answer) {
            None | Some(ErrorBody::Unavailable) => Err(Failure::Silence),
            Some(refusal) => Err(Failure::Refused { refusal, retry_after }),
        },
    }
}

/// The same call until it is answered, with pauses of 0.5, 1, 2 and then 4 seconds, for half a minute.
/// `on_silence` hears of every try that got no answer. Only for calls that may be repeated.
pub async fn call_until_answered<Q, A>(
    name: &str,
    request: &Q,
    patience_ms: u32,
    on_silence: impl Fn(),
) -> Result<A, Failure>
where
    Q: Request,
    A: Answer,
{
    const HALF_A_MINUTE: f64 = 30_000.0;
    let started = js_sys::Date::now();
    let mut pause = 500_u32;
    loop {
        let left = HALF_A_MINUTE - (js_sys::Date::now() - started);
        match call(name, request, patience_ms.min(clamp(left))).await {
            Err(Failure::Silence) if left > f64::from(pause) => {
                on_silence();
                sleep(Duration::from_millis(pause.into())).await;
                pause = (pause * 2).min(4_000);
            }
            answer => return answer,
        }
    }
}

/// Waits without keeping the page from anything else.
pub async fn sleep(duration: Duration) {
    let promise = js_sys::Promise::new(&mut |resolve, _| {
        set_timeout(move || drop(resolve.call0(&JsValue::NULL)), duration);
    });
    // The promise is never rejected.
    drop(JsFuture::from(promise).await);
}

/// Sends, and waits for the whole answer. A refusal comes with its `Retry-After`.
async fn ask(
    name: &str,
    body: &JsString,
    token: Option<&str>,
    patience_ms: u32,
) -> Result<(Result<(), Option<u32>>, Option<Reader>), JsValue> {
    let headers = Headers::new()?;
    headers.set("content-type", "application/json")?;
    if let Some(token) = token {
        headers.set("authorization", &format!("Bearer {token}"))?;
    }
    let init = RequestInit::new();
    init.set_method("POST");
    init.set_body(body);
    init.set_headers(&headers);
    init.set_cache(RequestCache::NoStore);
    init.set_signal(Some(&AbortSignal::timeout_with_u32(patience_ms + body.length() / 4)));
    let request = web_sys::Request::new_with_str_and_init(&format!("/api/v1/{name}"), &init)?;
    let response = JsFuture::from(leptos::prelude::window().fetch_with_request(&request)).await?;
    let response: Response = response.dyn_into()?;
    let text = JsFuture::from(response.text()?).await?.as_string().unwrap_or_default();
    let status = if response.ok() { Ok(()) } else { Err(retry_after(&response)) };
    Ok((status, Reader::parse(&text)))
}

fn retry_after(response: &Response) -> Option<u32> {
    response.headers().get("retry-after").ok()??.parse().ok()
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to what fits")]
fn clamp(milliseconds: f64) -> u32 {
    milliseconds.clamp(1_000.0, 60_000.0) as u32
}
