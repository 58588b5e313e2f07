//! Rate limits on requests and on stored bytes.

mod keyed;
mod shared;

use std::num::NonZeroU32;
use std::time::Duration;

use axum::http::Method;
use governor::Quota;
use shared_crypto::messages::Call;

use crate::config::{ProtectionSettings, RateLimiting, TokenId};
use crate::http::protection::rate_limit_key::RateLimitKey;
pub(crate) use keyed::KeyedRateLimiter;
pub(crate) use shared::SharedBucket;

/// Time between two runs that remove idle clients from the rate limits.
pub(crate) const FORGET_IDLE_INTERVAL: Duration = Duration::from_mins(1);

/// The limit that a request counts against. Creates have several limits of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RequestKind {
    Call(Call),
    /// Pages, files, and paths outside the API.
    Other,
}

impl RequestKind {
    /// Reports whether a request is a call of the API, which its own checks count.
    pub(crate) fn is_api_call(method: &Method, path: &str) -> bool {
        *method == Method::POST && Call::at_path(path).is_some()
    }
}

/// The key of creates: a client, and the creation token that it has presented. Clients with a token never share a
/// bucket with clients without one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Creator {
    pub(crate) token: Option<TokenId>,
    pub(crate) key: RateLimitKey,
}

impl Creator {
    fn network(self) -> Self {
        Self { key: self.key.network(), ..self }
    }
}

/// The rate limits of this server.
#[derive(Debug)]
pub(crate) struct RateLimits {
    invalid_tokens: KeyedRateLimiter<RateLimitKey>,
    create: KeyedRateLimiter<Creator>,
    create_from_network: KeyedRateLimiter<Creator>,
    create_total: SharedBucket,
    bytes: KeyedRateLimiter<Creator>,
    bytes_from_network: KeyedRateLimiter<Creator>,
    open: KeyedRateLimiter<RateLimitKey>,
    reveal: KeyedRateLimiter<RateLimitKey>,
    receipt: KeyedRateLimiter<RateLimitKey>,
    other: KeyedRateLimiter<RateLimitKey>,
}

/// Requests for pages and files that one client may send in a minute. A first visit takes about ten.
const OTHER_REQUESTS_PER_MINUTE: NonZeroU32 = NonZeroU32::new(3000).unwrap();

/// Rate of creates of a network, as a multiple of a client's.
const NETWORK_CREATE_FACTOR: NonZeroU32 = NonZeroU32::new(10).unwrap();
/// Bytes that a network may store, as a multiple of a client's.
const NETWORK_BYTES_FACTOR: NonZeroU32 = NonZeroU32::new(4).unwrap();

impl RateLimits {
    /// Returns the configured limits, or `None` if they are off.
    pub(crate) fn new(settings: &ProtectionSettings) -> Option<Self> {
        let creates = settings.creates_per_minute;
        let kibibytes = settings.kibibytes_per_hour();
        (settings.rate_limit == RateLimiting::On).then(|| Self {
            invalid_tokens: KeyedRateLimiter::new(Quota::per_minute(creates)),
            create: KeyedRateLimiter::new(Quota::per_minute(creates)),
            create_from_network: KeyedRateLimiter::new(Quota::per_minute(
                creates.saturating_mul(NETWORK_CREATE_FACTOR),
            )),
            create_total: SharedBucket::per_minute(settings.creates_per_minute_in_all),
            bytes: KeyedRateLimiter::new(Quota::per_hour(kibibytes)),
            bytes_from_network: KeyedRateLimiter::new(Quota::per_hour(
                kibibytes.saturating_mul(NETWORK_BYTES_FACTOR),
            )),
            open: KeyedRateLimiter::new(Quota::per_minute(settings.opens_per_minute)),
            reveal: KeyedRateLimiter::new(Quota::per_minute(settings.reveals_per_minute)),
            receipt: KeyedRateLimiter::new(Quota::per_minute(settings.receipts_per_minute)),
            other: KeyedRateLimiter::new(Quota::per_minute(OTHER_REQUESTS_PER_MINUTE)),
        })
    }

    /// Counts a request. The error is the number of seconds to wait, here and in the methods below.
    pub(crate) fn check(&self, kind: RequestKind, key: RateLimitKey) -> Result<(), u32> {
        match kind {
            RequestKind::Call(Call::Create) => self.check_create(Creator { token: None, key }),
            RequestKind::Call(Call::Open) => self.open.check(&key),
            RequestKind::Call(Call::Reveal) => self.reveal.check(&key),
            // A burn is authorised by the same token as a receipt, and counts against the same limit.
            RequestKind::Call(Call::Receipt | Call::Burn) => self.receipt.check(&key),
            RequestKind::Other => self.other.check(&key),
        }
    }

    /// Counts an invalid creation token. Valid tokens are not counted here, so that a client cannot lock out a client
    /// with a valid token at the same address.
    pub(crate) fn check_invalid_token(&self, key: RateLimitKey) -> Result<(), u32> {
        self.invalid_tokens.check(&key)
    }

    /// Counts a create against its client and its network, before its body is read.
    pub(crate) fn check_create(&self, creator: Creator) -> Result<(), u32> {
        self.create.check(&creator)?;
        // A client with many addresses usually has them in one network.
        self.create_from_network.check(&creator.network())
    }

    /// Counts the bytes of a create against its client and its network.
    pub(crate) fn check_bytes(&self, creator: Creator, bytes: usize) -> Result<(), u32> {
        let kibibytes = u32::try_from(bytes.div_ceil(1024)).unwrap_or(u32::MAX);
        let kibibytes = NonZeroU32::new(kibibytes).unwrap_or(NonZeroU32::MIN);
        self.bytes.check_many(&creator, kibibytes)?;
        self.bytes_from_network.check_many(&creator.network(), kibibytes)
    }

    /// Returns the limit on the creates of all clients together. Only a create whose request is valid takes a token.
    pub(crate) const fn create_total(&self) -> &SharedBucket {
        &self.create_total
    }

    /// Removes clients whose buckets are full again.
    pub(crate) fn forget_idle(&self) {
        for limit in [&self.create, &self.create_from_network, &self.bytes, &self.bytes_from_network] {
            limit.forget_idle();
        }
        for limit in [&self.invalid_tokens, &self.open, &self.reveal, &self.receipt, &self.other] {
            limit.forget_idle();
        }
    }
}
