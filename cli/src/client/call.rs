//! Calls of the API, repeated until the server responds.

use std::io::Cursor;
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde::Serialize;
use serde::de::DeserializeOwned;
use shared_crypto::messages::{Call, ErrorBody};
use ureq::SendBody;
use ureq::http::Response;

use super::error::{AttemptError, CallError};
use super::{Client, MAX_RESPONSE_BYTES, retry_after};
use crate::error::CommandError;
use crate::terminal::{self, Progress, notice};

/// Time for which a call is repeated without a response.
pub(crate) const CALL_TIMEOUT: Duration = Duration::from_secs(30);
/// The same for `reveal`: the view may have been granted, and the server remembers its claim for five minutes.
pub(crate) const REVEAL_TIMEOUT: Duration = Duration::from_secs(270);
/// First pause between two attempts. It doubles up to [`MAX_PAUSE`].
const MIN_PAUSE: Duration = Duration::from_millis(500);
/// Longest pause between two attempts.
const MAX_PAUSE: Duration = Duration::from_secs(4);
/// Body size, in bytes, above which a request says `Expect: 100-continue` (RFC 9110, section 10.1.1). The body is then
/// sent when the server asks for it, or after a second without a response, so that a rejection costs no upload and
/// does not get lost in one.
const MAX_BODY_WITHOUT_EXPECT: u64 = 64 * 1024;
/// Slowest upload that is waited for.
const MIN_BYTES_PER_SECOND: u64 = 4096;
/// Bounds of the time that one attempt may take without progress, in addition to what the upload takes.
const STALL_TIMEOUT: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(10));
/// Timeout of a response body.
const RESPONSE_BODY_TIMEOUT: Duration = Duration::from_mins(3);

/// A call with its serialized request.
struct Request<'a> {
    call: Call,
    body: &'a [u8],
    progress: &'a Progress,
}

impl Client {
    /// Calls the API, and repeats the call until there is a response or `timeout` has passed. Every call is idempotent:
    /// a repeated `create` stores one secret, and a repeated claim uses one view.
    ///
    /// `activity` names the call in the progress line.
    pub(crate) fn call<Q: Serialize, A: DeserializeOwned>(
        &self,
        call: Call,
        request: &Q,
        activity: &'static str,
        timeout: Duration,
    ) -> Result<A, CallError> {
        let body = serde_json::to_vec(request).map_err(|error| {
            CallError::Failed(CommandError::Local(format!("this cannot be sent: {error}")))
        })?;
        let progress = terminal::transfer(activity, body.len() as u64);
        let request = Request { call, body: &body, progress: &progress };
        let expects_continue = body.len() as u64 > MAX_BODY_WITHOUT_EXPECT;
        let started = Instant::now();
        let mut pause = MIN_PAUSE;
        let mut had_no_response = false;
        // Not `backon`: its blocking retries have no deadline and keep no state between attempts. Here the deadline also
        // limits each attempt, and an attempt without a response changes how later ones are judged.
        loop {
            let elapsed = started.elapsed();
            let mut result = self.attempt(&request, timeout.saturating_sub(elapsed), expects_continue);
            // A repeated `create` may end with any rejection: the link of a secret that an earlier attempt stored was
            // never given out.
            if had_no_response && call != Call::Create {
                result = result.map_err(AttemptError::retry_unless_conclusive);
            }
            let why = match result {
                Ok(response) => return Ok(response),
                Err(AttemptError::Final(error)) => return Err(error),
                Err(AttemptError::Unreachable(why)) => why,
            };
            if elapsed + pause >= timeout {
                let message = format!("{} does not answer: {why}", self.origin);
                return Err(CallError::Failed(CommandError::Server(message)));
            }
            if !had_no_response {
                notice!("No answer yet ({why}). Trying again for {} seconds.", timeout.as_secs());
                had_no_response = true;
            }
            progress.set_message("No answer yet, trying again");
            sleep(pause);
            pause = (pause * 2).min(MAX_PAUSE);
        }
    }

    /// Sends the request once. `remaining` is the time left for the call.
    fn attempt<A: DeserializeOwned>(
        &self,
        request: &Request<'_>,
        remaining: Duration,
        expects_continue: bool,
    ) -> Result<A, AttemptError> {
        let length = request.body.len() as u64;
        // The time left limits waiting, not an upload that makes progress.
        let stall_timeout = remaining.clamp(STALL_TIMEOUT.0, STALL_TIMEOUT.1);
        let upload_time = Duration::from_secs(length / MIN_BYTES_PER_SECOND);
        let mut body = request.progress.count_bytes(Cursor::new(request.body));
        let mut post = self.agent.post(format!("{}{}", self.origin, request.call.path()));
        if let Some(token) = &self.token {
            post = post.header("authorization", format!("Bearer {}", **token));
        }
        if expects_continue {
            post = post.header("expect", "100-continue");
        }
        let response = post
            .config()
            .timeout_send_body(Some(stall_timeout + upload_time))
            .timeout_recv_response(Some(stall_timeout + CALL_TIMEOUT.min(remaining)))
            .timeout_recv_body(Some(RESPONSE_BODY_TIMEOUT))
            .build()
            .header("content-type", "application/json")
            .header("content-length", length.to_string())
            .send(SendBody::from_reader(&mut body))
            .map_err(|error| self.transport_error(error))?;
        // 417 Expectation Failed: a proxy does not support `Expect`.
        if response.status() == 417 && expects_continue {
            return self.attempt(request, remaining, false);
        }
        self.read_response(response)
    }

    /// Reads a response of the API, or classifies the error in it.
    fn read_response<A: DeserializeOwned>(&self, response: Response<ureq::Body>) -> Result<A, AttemptError> {
        let status = response.status();
        let retry_after = header(&response, "retry-after").and_then(retry_after::seconds);
        let location = header(&response, "location").map(str::to_owned);
        let body = response
            .into_body()
            .into_with_config()
            .limit(MAX_RESPONSE_BYTES)
            .read_to_vec()
            .map_err(|error| self.transport_error(error))?;
        if status.is_success() {
            return serde_json::from_slice(&body).map_err(|_| self.unexpected_response(status.as_u16()));
        }
        if let Some(location) = location.filter(|_| status.is_redirection()) {
            return Err(self.redirected(&location));
        }
        Err(match serde_json::from_slice(&body) {
            Ok(ErrorBody::Unavailable) => {
                AttemptError::Unreachable("the server is unavailable at the moment".to_owned())
            }
            Ok(body) => AttemptError::Final(CallError::Rejected { body, retry_after }),
            Err(_) if status.is_server_error() => AttemptError::Unreachable(format!("status {status}")),
            Err(_) => self.foreign_error(status.as_u16(), retry_after),
        })
    }
}

fn header<'a, B>(response: &'a Response<B>, name: &str) -> Option<&'a str> {
    response.headers().get(name)?.to_str().ok()
}
