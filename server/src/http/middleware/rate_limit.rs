//! How often a client may send requests, and how many bytes it may store in an hour.

mod per_client;
mod shared;

use std::num::NonZeroU32;

use axum::http::Method;
use governor::Quota;
use shared_crypto::messages::Call;

use crate::config::{ProtectionSettings, Switch, TokenId};
use crate::http::middleware::rate_limit_key::RateLimitKey;
pub(crate) use per_client::PerClient;
pub(crate) use shared::SharedBucket;

/// What a request counts as. Creates have limits of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RequestKind {
    Call(Call),
    /// Pages, files, and what is no call of the API.
    Other,
}

impl RequestKind {
    /// Returns whether a request is counted where the API checks it, and not before.
    pub(crate) fn is_counted_later(method: &Method, path: &str) -> bool {
        *method == Method::POST && Call::at_path(path).is_some()
    }
}

/// A client that creates, with the token that it has presented. Clients with a token never share a bucket with
/// clients without one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Creator {
    pub(crate) token: Option<TokenId>,
    pub(crate) client: RateLimitKey,
}

impl Creator {
    fn network(self) -> Self {
        Self { client: self.client.network(), ..self }
    }
}

/// All rate limits of this server.
#[derive(Debug)]
pub(crate) struct RateLimits {
    wrong_tokens: PerClient<RateLimitKey>,
    create: PerClient<Creator>,
    create_from_network: PerClient<Creator>,
    create_in_all: SharedBucket,
    bytes: PerClient<Creator>,
    bytes_from_network: PerClient<Creator>,
    open: PerClient<RateLimitKey>,
    reveal: PerClient<RateLimitKey>,
    receipt: PerClient<RateLimitKey>,
    other: PerClient<RateLimitKey>,
}

/// Pages and files that one client may ask for in a minute. A first visit takes about ten.
const OTHERS_PER_MINUTE: NonZeroU32 = NonZeroU32::new(3000).unwrap();

/// Clients of one network that may create at the full rate at the same time.
const CREATORS_PER_NETWORK: NonZeroU32 = NonZeroU32::new(10).unwrap();
/// Clients of one network that may store the full number of bytes in the same hour.
const STORERS_PER_NETWORK: NonZeroU32 = NonZeroU32::new(4).unwrap();

impl RateLimits {
    /// The configured limits; `None` if they are switched off.
    pub(crate) fn new(settings: &ProtectionSettings) -> Option<Self> {
        let creates = settings.creates_per_minute;
        let kibibytes = settings.kibibytes_per_hour();
        (settings.rate_limit == Switch::On).then(|| Self {
            wrong_tokens: PerClient::new(Quota::per_minute(creates)),
            create: PerClient::new(Quota::per_minute(creates)),
            create_from_network: PerClient::new(Quota::per_minute(
                creates.saturating_mul(CREATORS_PER_NETWORK),
            )),
            create_in_all: SharedBucket::per_minute(settings.creates_per_minute_in_all),
            bytes: PerClient::new(Quota::per_hour(kibibytes)),
            bytes_from_network: PerClient::new(Quota::per_hour(
                kibibytes.saturating_mul(STORERS_PER_NETWORK),
            )),
            open: PerClient::new(Quota::per_minute(settings.opens_per_minute)),
            reveal: PerClient::new(Quota::per_minute(settings.reveals_per_minute)),
            receipt: PerClient::new(Quota::per_minute(settings.receipts_per_minute)),
            other: PerClient::new(Quota::per_minute(OTHERS_PER_MINUTE)),
        })
    }

    /// Counts a call. `Err` holds the seconds to wait, here and below.
    pub(crate) fn check(&self, kind: RequestKind, client: RateLimitKey) -> Result<(), u32> {
        match kind {
            RequestKind::Call(Call::Create) => self.check_create(Creator { token: None, client }),
            RequestKind::Call(Call::Open) => self.open.check(&client),
            RequestKind::Call(Call::Reveal) => self.reveal.check(&client),
            // A burn takes the same token.
            RequestKind::Call(Call::Receipt | Call::Burn) => self.receipt.check(&client),
            RequestKind::Other => self.other.check(&client),
        }
    }

    /// Counts a wrong creation token of a client. Right tokens are not counted here, so that no client can lock out a
    /// token holder of the same address.
    pub(crate) fn check_wrong_token(&self, client: RateLimitKey) -> Result<(), u32> {
        self.wrong_tokens.check(&client)
    }

    /// Counts a create against its client and its network, before anything of it is read.
    pub(crate) fn check_create(&self, creator: Creator) -> Result<(), u32> {
        self.create.check(&creator)?;
        // The owner of many addresses usually has them in one network.
        self.create_from_network.check(&creator.network())
    }

    /// Counts the bytes of a create against its client and its network.
    pub(crate) fn check_bytes(&self, creator: Creator, bytes: usize) -> Result<(), u32> {
        let kibibytes = u32::try_from(bytes.div_ceil(1024)).unwrap_or(u32::MAX);
        let kibibytes = NonZeroU32::new(kibibytes).unwrap_or(NonZeroU32::MIN);
        self.bytes.check_many(&creator, kibibytes)?;
        self.bytes_from_network.check_many(&creator.network(), kibibytes)
    }

    /// The limit on the creates of all clients together. Only a create that is ready to be stored takes from it.
    pub(crate) const fn create_in_all(&self) -> &SharedBucket {
        &self.create_in_all
    }

    /// Forgets clients that have sent nothing for a while: their buckets are full again.
    pub(crate) fn forget_idle(&self) {
        for limit in [&self.create, &self.create_from_network, &self.bytes, &self.bytes_from_network] {
            limit.forget_idle();
        }
        for limit in [&self.wrong_tokens, &self.open, &self.reveal, &self.receipt, &self.other] {
            limit.forget_idle();
        }
    }
}
