//! What holds back those who ask too often, too slowly, or for too much.

use std::net::IpAddr;
use std::num::NonZeroU32;

use clap::{Args, ValueEnum};
use ipnet::IpNet;

use super::CreationTokens;
use crate::http::middleware::concurrency::Most;

/// Limits that have nothing to do with a single secret.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Protection")]
pub struct ProtectionSettings {
    /// Whether requests are limited at all: `off` for tests and benchmarks.
    #[arg(long, env = "IKRYPT_RATE_LIMIT", value_enum, default_value_t = Switch::On)]
    pub rate_limit: Switch,

    /// A file of tokens, one a line: only who shows one may create, and anybody may open. Lines that begin with
    /// `#` are not tokens. It is read at start.
    #[arg(long = "creation-tokens-file", env = "IKRYPT_CREATION_TOKENS_FILE", value_name = "PATH", value_parser = CreationTokens::read)]
    pub creation_tokens: Option<CreationTokens>,

    /// Secrets that one address may create in a minute. One address is one of IPv4, or one /64 of IPv6. Holders of
    /// a creation token are counted apart from everybody else.
    #[arg(long, env = "IKRYPT_CREATES_PER_MINUTE", default_value = "120")]
    pub creates_per_minute: NonZeroU32,

    /// Secrets that all addresses together may create in a minute.
    #[arg(long, env = "IKRYPT_CREATES_PER_MINUTE_IN_ALL", default_value = "6000")]
    pub creates_per_minute_in_all: NonZeroU32,

    /// Mebibytes that one address may store in an hour, as they are sent; its network, a /24 of IPv4 or a /48 of
    /// IPv6, four times as many.
    #[arg(long, env = "IKRYPT_MEBIBYTES_PER_HOUR", default_value = "256")]
    pub mebibytes_per_hour: NonZeroU32,

    /// Envelopes that one address may look at in a minute.
    #[arg(long, env = "IKRYPT_OPENS_PER_MINUTE", default_value = "600")]
    pub opens_per_minute: NonZeroU32,

    /// Reveals that one address may try in a minute.
    #[arg(long, env = "IKRYPT_REVEALS_PER_MINUTE", default_value = "600")]
    pub reveals_per_minute: NonZeroU32,

    /// Receipts that one address may ask for or burn in a minute.
    #[arg(long, env = "IKRYPT_RECEIPTS_PER_MINUTE", default_value = "600")]
    pub receipts_per_minute: NonZeroU32,

    /// Proxies whose `X-Forwarded-For` is believed, as addresses or networks with commas between them:
    /// `10.0.0.7,192.168.0.0/16`. Everybody else's is ignored.
    #[arg(long, env = "IKRYPT_TRUSTED_PROXIES", value_delimiter = ',', value_parser = network)]
    pub trusted_proxies: Vec<IpNet>,

    /// Most connections of one address at a time; more are closed at once. Configured proxies have as many as
    /// they want. A quarter as many requests of one address may be in flight, behind a proxy too.
    #[arg(long, env = "IKRYPT_MAX_CONNECTIONS_PER_ADDRESS", default_value = "600")]
    pub max_connections_per_address: NonZeroU32,

    /// Most connections at a time; more wait until one ends. One network has three quarters of them at most, unless
    /// one address may have more.
    #[arg(long, env = "IKRYPT_MAX_CONNECTIONS", default_value = "900")]
    pub max_connections: NonZeroU32,

    /// Most bytes that are stored in all: above it nothing new is taken, and reveals go on. 0 for no limit.
    #[arg(long, env = "IKRYPT_STORAGE_QUOTA", default_value_t = 10 << 30)]
    pub storage_quota: u64,
}

/// Bytes of request bodies that are in memory at a time, at least.
const BODY_MEMORY: usize = 64 << 20;

impl ProtectionSettings {
    /// The most requests in flight: a quarter of a client's connections, and half of all for a network. `None` if
    /// limits are switched off.
    pub(crate) fn most_in_flight(&self) -> Option<Most> {
        let share = |number: NonZeroU32, part: usize| (to_usize(number) / part).max(16);
        (self.rate_limit == Switch::On).then(|| Most {
            per_client: share(self.max_connections_per_address, 4),
            per_network: share(self.max_connections, 2),
            in_all: usize::MAX,
        })
    }

    /// The most memory of request bodies: four of the largest fit at least, of which one client or network has one.
    pub(crate) fn most_body_memory(&self, largest: usize) -> Most {
        let in_all = BODY_MEMORY.max(largest.saturating_mul(4));
        match self.rate_limit {
            Switch::On => Most { per_client: in_all / 4, per_network: in_all / 4, in_all },
            Switch::Off => Most { per_client: in_all, per_network: in_all, in_all },
        }
    }

    /// What one address may store in an hour, in KiB.
    pub(crate) fn kibibytes_per_hour(&self) -> NonZeroU32 {
        self.mebibytes_per_hour.saturating_mul(NonZeroU32::new(1024).unwrap_or(NonZeroU32::MIN))
    }
}

/// On or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    /// As it should be.
    On,
    /// For tests and benchmarks.
    Off,
}

pub(crate) fn to_usize(number: NonZeroU32) -> usize {
    usize::try_from(number.get()).unwrap_or(usize::MAX)
}

/// A network, or a single address.
fn network(text: &str) -> Result<IpNet, String> {
    let text = text.trim();
    text.parse::<IpNet>()
        .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
        .map_err(|_| "give addresses, or networks like 10.0.0.0/8".to_owned())
}

#[cfg(test)]
mod tests {
    use super::network;

    #[test]
    fn a_proxy_is_an_address_or_a_network() {
        assert_eq!(network("10.0.0.7").unwrap().to_string(), "10.0.0.7/32");
        assert_eq!(network(" fd00::/8 ").unwrap().to_string(), "fd00::/8");
        assert!(network("proxy.example").is_err() && network("10.0.0.0/33").is_err());
    }
}
