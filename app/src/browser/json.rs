//! Requests and answers of the API as the browser's own JSON: a parser of Rust's would be a seventh of the
//! WebAssembly.

use chrono::{DateTime, Utc};
use js_sys::{Array, Date, JSON, JsString, Object, Reflect};
use shared_crypto::messages::{
    CreateRequest, CreateResponse, ErrorBody, OpenRequest, OpenResponse, ReceiptRequest, ReceiptResponse,
    RevealRequest, RevealResponse, SecretState,
};
use wasm_bindgen::{JsCast, JsValue};

/// The body of a call.
pub trait Request {
    /// What is sent.
    fn write(&self) -> Writer;

    /// What goes with it to show that its sender may ask.
    fn token(&self) -> Option<&str> {
        None
    }
}

/// What comes back.
pub trait Answer: Sized {
    /// Reads it; `None` where it is not of this kind.
    fn read(json: &Reader) -> Option<Self>;
}

/// Collects the fields of a request.
pub struct Writer(Object);

impl Writer {
    fn new() -> Self {
        Self(Object::new())
    }

    fn with(self, name: &str, value: impl Into<JsValue>) -> Self {
        // A fresh object takes every property.
        drop(Reflect::set(&self.0, &name.into(), &value.into()));
        self
    }

    /// The text of it.
    pub fn into_text(self) -> JsString {
        JSON::stringify(&self.0).unwrap_or_default()
    }
}

/// Gives out the fields of an answer.
pub struct Reader(JsValue);

impl Reader {
    /// Whatever the text is, if it is JSON at all.
    pub fn parse(text: &str) -> Option<Self> {
        JSON::parse(text).ok().map(Self)
    }

    fn get(&self, name: &str) -> Option<JsValue> {
        Reflect::get(&self.0, &name.into()).ok()
    }

    fn text(&self, name: &str) -> Option<String> {
        self.get(name)?.as_string()
    }

    fn number<T: TryFrom<u32>>(&self, name: &str) -> Option<T> {
        let number = self.get(name)?.as_f64()?;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "saturates, and is compared"
        )]
        let whole = number as u32;
        if f64::from(whole).to_bits() == number.to_bits() { whole.try_into().ok() } else { None }
    }

    fn time(&self, name: &str) -> Option<DateTime<Utc>> {
        time(&self.get(name)?)
    }

    fn state(&self, name: &str) -> Option<SecretState> {
        Some(match self.text(name)?.as_str() {
            "live" => SecretState::Live,
            "viewed" => SecretState::Viewed,
            "expired" => SecretState::Expired,
            "burned" => SecretState::Burned,
            _ => return None,
        })
    }
}

/// RFC 3339 is a format that every browser's dates are read from.
fn time(value: &JsValue) -> Option<DateTime<Utc>> {
    let milliseconds = Date::parse(&value.as_string()?);
    #[expect(clippy::cast_possible_truncation, reason = "whole milliseconds; NaN is refused")]
    if milliseconds.is_nan() { None } else { DateTime::from_timestamp_millis(milliseconds as i64) }
}

/// A create of somebody who may have a token.
pub struct Creation<'a>(pub CreateRequest, pub Option<&'a str>);

impl Request for Creation<'_> {
    fn write(&self) -> Writer {
        let create = &self.0;
        Writer::new()
            .with("envelope", &create.envelope)
            .with("share", &create.share)
            .with("access_hash", &create.access_hash)
            .with("reveal_hash", &create.reveal_hash)
            .with("receipt_hash", &create.receipt_hash)
            .with("ttl_seconds", create.ttl_seconds)
            .with("max_views", create.max_views)
    }

    fn token(&self) -> Option<&str> {
        self.1
    }
}

impl Request for OpenRequest {
    fn write(&self) -> Writer {
        Writer::new().with("id", &self.id).with("access", &self.access)
    }
}

impl Request for RevealRequest {
    fn write(&self) -> Writer {
        Writer::new()
            .with("id", &self.id)
            .with("access", &self.access)
            .with("reveal", &self.reveal)
            .with("claim", &self.claim)
    }
}

impl Request for ReceiptRequest {
    fn write(&self) -> Writer {
        Writer::new().with("token", &self.token)
    }
}

impl Answer for CreateResponse {
    fn read(json: &Reader) -> Option<Self> {
        let (created_at, expires_at) = (json.time("created_at")?, json.time("expires_at")?);
        Some(Self { id: json.text("id")?, created_at, expires_at })
    }
}

impl Answer for OpenResponse {
    fn read(json: &Reader) -> Option<Self> {
        Some(Self {
            envelope: json.text("envelope")?,
            max_views: json.number("max_views")?,
            views_left: json.number("views_left")?,
            created_at: json.time("created_at")?,
            expires_at: json.time("expires_at")?,
        })
    }
}

impl Answer for RevealResponse {
    fn read(json: &Reader) -> Option<Self> {
        Some(Self { share: json.text("share")?, views_left: json.number("views_left")? })
    }
}

impl Answer for ReceiptResponse {
    fn read(json: &Reader) -> Option<Self> {
        Some(Self {
            state: json.state("state")?,
            created_at: json.time("created_at")?,
            expires_at: json.time("expires_at")?,
            max_views: json.number("max_views")?,
            viewed_at: json
                .get("viewed_at")?
                .dyn_into::<Array>()
                .ok()?
                .iter()
                .map(|at| time(&at))
                .collect::<Option<_>>()?,
            wrong_passphrases: json.number("wrong_passphrases")?,
            ended_at: json.time("ended_at"),
        })
    }
}

impl Answer for ErrorBody {
    fn read(json: &Reader) -> Option<Self> {
        Some(match json.text("error")?.as_str() {
            "invalid_request" => Self::InvalidRequest,
            "unauthorized" => Self::Unauthorized,
            "wrong_passphrase" => Self::WrongPassphrase { tries_left: json.number("tries_left")? },
            "cross_site" => Self::CrossSite,
            "unavailable" => Self::NotFound,
            "conflict" => Self::Conflict,
            "gone" => Self::Gone { state: json.state("state")?, ended_at: json.time("ended_at")? },
            "too_large" => Self::TooLarge,
            "unsupported_media_type" => Self::UnsupportedMediaType,
            "rate_limited" => Self::RateLimited,
            "locked" => Self::Locked,
            "try_later" => Self::Unavailable,
            "storage_full" => Self::StorageFull,
            _ => return None,
        })
    }
}
