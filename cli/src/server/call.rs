//! One call of the API, repeated until it is answered.

use std::io::{self, Cursor};
use std::thread::sleep;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde::de::DeserializeOwned;
use shared_crypto::messages::ErrorBody;
use ureq::SendBody;
use ureq::http::Response;

use super::{LARGEST_ANSWER, Server};
use crate::failure::Failure;
use crate::terminal::{self, Progress};

/// As long as somebody looks at a line that does not move.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
/// A reveal may have been granted, and its claim is good for five minutes.
pub(crate) const CLAIM_PATIENCE: Duration = Duration::from_secs(270);
/// A longer body is sent only when the server has seen the head of the request and asks for it (RFC 9110, section
/// 10.1.1), or after a second of silence: a refusal costs no upload, and is not lost in it.
const LARGE_BODY: u64 = 64 * 1024;
/// A line slower than this does not count as one.
const BYTES_PER_SECOND: u64 = 4096;

/// Why a call did not succeed.
pub(crate) enum No {
    /// The server said so.
    Refused {
        /// What it said.
        refusal: ErrorBody,
        /// Seconds until another try is worth it.
        retry_after: Option<u64>,
    },
    /// There was no answer, or none that is one.
    Failed(Failure),
}

/// Why one try did not succeed.
pub(super) enum Miss {
    /// The same again may succeed.
    Silence(String),
    /// It will not.
    Final(No),
}

impl Miss {
    /// After a try without an answer, which may have been granted: nothing that says less than what became of it
    /// ends the asking. Not for `create`, whose body is not sent again after a refusal: what an unanswered try
    /// stored has no link that anyone was given.
    fn undecided(self) -> Self {
        match self {
            Self::Final(No::Failed(failure)) => Self::Silence(failure.to_string()),
            Self::Final(No::Refused { refusal: ErrorBody::RateLimited, .. }) => {
                Self::Silence("too many requests from here".to_owned())
            }
            Self::Final(No::Refused { refusal: ErrorBody::StorageFull, .. }) => {
                Self::Silence("it has no room".to_owned())
            }
            other => other,
        }
    }
}

impl Server {
    /// One call of the API, repeated until it is answered or `patience` is over. All five may be: creating
    /// twice is creating once, and the same claim is the same view.
    pub(crate) fn call<Q: Serialize, A: DeserializeOwned>(
        &self,
        name: &str,
        request: &Q,
        what: &'static str,
        patience: Duration,
    ) -> Result<A, No> {
        let body = serde_json::to_vec(request)
            .map_err(|error| No::Failed(Failure::Here(format!("this cannot be sent: {error}"))))?;
        let progress = terminal::bytes(what, body.len() as u64);
        let started = Instant::now();
        let mut pause = Duration::from_millis(500);
        let mut unanswered = false;
        loop {
            let waited = started.elapsed();
            let left = patience.saturating_sub(waited);
            let once = self.once(name, &body, &progress, left, body.len() as u64 > LARGE_BODY);
            let once = if unanswered && name != "create" { once.map_err(Miss::undecided) } else { once };
            match once {
                Ok(answer) => return Ok(answer),
                Err(Miss::Final(no)) => return Err(no),
                Err(Miss::Silence(why)) if waited + pause >= patience => {
                    return Err(No::Failed(Failure::Server(format!(
                        "{} does not answer: {why}",
                        self.origin
                    ))));
                }
                Err(Miss::Silence(why)) => {
                    if !unanswered {
                        say!("No answer yet ({why}): trying again for {} seconds.", patience.as_secs());
                        unanswered = true;
                    }
                    progress.say("No answer yet: trying again");
                    sleep(pause);
                    pause = (pause * 2).min(Duration::from_secs(4));
                }
            }
        }
    }

    fn once<A: DeserializeOwned>(
        &self,
        name: &str,
        body: &[u8],
        progress: &Progress,
        left: Duration,
        asks_first: bool,
    ) -> Result<A, Miss> {
        let length = body.len() as u64;
        // What waits is a matter of patience; what moves has the time that it needs.
        let wait = left.clamp(Duration::from_secs(1), Duration::from_secs(10));
        let mut reader = progress.over(Cursor::new(body));
        let mut request = self.agent.post(format!("{}/api/v1/{name}", self.origin));
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {}", **token));
        }
        if asks_first {
            request = request.header("expect", "100-continue");
        }
        let response = request
            .config()
            .timeout_send_body(Some(wait + Duration::from_secs(length / BYTES_PER_SECOND)))
            .timeout_recv_response(Some(wait + PATIENCE.min(left)))
            .timeout_recv_body(Some(Duration::from_mins(3)))
            .build()
            .header("content-type", "application/json")
            .header("content-length", length.to_string())
            .send(SendBody::from_reader(&mut reader))
            .map_err(|error| self.missed(error))?;
        let status = response.status();
        if status == 417 && asks_first {
            // A proxy that does not know the question.
            return self.once(name, body, progress, left, false);
        }
        let retry_after = header(&response, "retry-after").and_then(seconds_until);
        let elsewhere = header(&response, "location").map(str::to_owned);
        let answer = response
            .into_body()
            .into_with_config()
            .limit(LARGEST_ANSWER)
            .read_to_vec()
            .map_err(|error| self.missed(error))?;
        if status.is_success() {
            return serde_json::from_slice(&answer).map_err(|_| self.strange(status.as_u16()));
        }
        if let Some(elsewhere) = elsewhere.filter(|_| status.is_redirection()) {
            return Err(Miss::Final(No::Failed(Failure::Server(format!(
                "{} sends elsewhere, to {}: give that address, if you trust it",
                self.origin,
                elsewhere.split(['?', '#']).next().unwrap_or_default(),
            )))));
        }
        match serde_json::from_slice(&answer) {
            Ok(ErrorBody::Unavailable) => Err(Miss::Silence("it asks to try later".to_owned())),
            Ok(refusal) => Err(Miss::Final(No::Refused { refusal, retry_after })),
            Err(_) if status.is_server_error() => Err(Miss::Silence(format!("status {status}"))),
            Err(_) => Err(self.refused_without_words(status.as_u16(), retry_after)),
        }
    }

    pub(super) fn missed(&self, error: ureq::Error) -> Miss {
        let certificate = match &error {
            ureq::Error::Rustls(_) | ureq::Error::Tls(_) => true,
            ureq::Error::Io(error) => error.kind() == io::ErrorKind::InvalidData,
            _ => false,
        };
        match error {
            error if certificate => Miss::Final(No::Failed(Failure::Server(format!(
                "there is no safe line to {}: {error}",
                self.origin
            )))),
            ureq::Error::ConnectionFailed => Miss::Silence("no connection".to_owned()),
            ureq::Error::Io(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                Miss::Silence("no connection".to_owned())
            }
            error => Miss::Silence(error.to_string()),
        }
    }

    /// A refusal that is not in the words of the API comes from something before the server, like a proxy.
    fn refused_without_words(&self, status: u16, retry_after: Option<u64>) -> Miss {
        let refusal = match status {
            413 => ErrorBody::TooLarge,
            429 => ErrorBody::RateLimited,
            401 | 403 | 407 => {
                return Miss::Final(No::Failed(Failure::Server(format!(
                    "something between this machine and {} refused this (status {status}), like a proxy that wants you to sign in",
                    self.origin
                ))));
            }
            _ => return self.strange(status),
        };
        Miss::Final(No::Refused { refusal, retry_after })
    }

    fn strange(&self, status: u16) -> Miss {
        Miss::Final(No::Failed(Failure::Server(format!(
            "{} answers with status {status}, and not as an iKrypt server does: is the address right?",
            self.origin
        ))))
    }
}

fn header<'a, B>(response: &'a Response<B>, name: &str) -> Option<&'a str> {
    response.headers().get(name)?.to_str().ok()
}

/// The seconds of a `Retry-After`, which may also be a moment.
#[expect(
    clippy::disallowed_methods,
    reason = "a moment is compared with the clock of this machine, for a message only"
)]
fn seconds_until(value: &str) -> Option<u64> {
    let moment = || {
        let left = DateTime::parse_from_rfc2822(value).ok()?.to_utc() - Utc::now();
        u64::try_from(left.num_seconds()).ok()
    };
    value.parse().ok().or_else(moment)
}

/// What every command says to these refusals; the rest is the command's own.
impl From<No> for Failure {
    fn from(no: No) -> Self {
        let wait = |after: Option<u64>| {
            after.map_or_else(String::new, |seconds| format!(" in {}", terminal::count(seconds, "second")))
        };
        match no {
            No::Failed(failure) => failure,
            No::Refused { refusal: ErrorBody::RateLimited, retry_after } => {
                Self::Server(format!("too many requests from here: try again{}", wait(retry_after)))
            }
            No::Refused { refusal: ErrorBody::Locked, retry_after } => Self::Server(format!(
                "too many wrong passphrases: this secret is locked, and no view was used. Try again{}",
                wait(retry_after)
            )),
            No::Refused { refusal: ErrorBody::Unauthorized, .. } => Self::Usage(
                "this server lets only people with a token create: give it with --token-file. Nothing was stored".to_owned(),
            ),
            No::Refused { refusal: ErrorBody::NotFound, .. } => Self::Gone(
                "there is no such secret here: it may never have existed, or ended more than a week ago. Check that you have the whole link".to_owned(),
            ),
            No::Refused { refusal, .. } => Self::Server(format!(
                "the server did not accept this (status {}): is it of another version?",
                refusal.status()
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_read_in_both_forms() {
        assert_eq!(seconds_until("77"), Some(77));
        assert_eq!(seconds_until("0"), Some(0));
        assert!(seconds_until("Tue, 31 Dec 2199 23:59:59 GMT").is_some_and(|seconds| seconds > 1_000_000));
        for other in ["Fri, 31 Dec 1999 23:59:59 GMT", "-1", "soon", ""] {
            assert_eq!(seconds_until(other), None, "{other}");
        }
    }
}
