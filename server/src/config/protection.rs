//! Settings of connection limits, rate limits and quotas.

use std::net::IpAddr;
use std::num::NonZeroU32;

use clap::{Args, ValueEnum};
use ipnet::IpNet;

use super::tokens::CreationTokens;

/// The limits that protect the server and its other clients from one client.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Protection")]
pub struct ProtectionSettings {
    /// Rate limits and limits on concurrent requests; turn them off only for tests and benchmarks.
    #[arg(long, env = "IKRYPT_RATE_LIMIT", value_enum, default_value_t = RateLimiting::On)]
    pub rate_limit: RateLimiting,

    /// File of creation tokens, one a line: only clients that present one may create secrets, and any client may reveal
    /// them. Lines that begin with `#` are comments. The file is read at start.
    #[arg(long = "creation-tokens-file", env = "IKRYPT_CREATION_TOKENS_FILE", value_name = "PATH", value_parser = CreationTokens::read)]
    pub creation_tokens: Option<CreationTokens>,

    /// Secrets that one address may create in a minute. An address is an IPv4 address or an IPv6 /64. Clients with a
    /// creation token are counted separately from clients without one.
    #[arg(long, env = "IKRYPT_CREATES_PER_MINUTE", default_value = "120")]
    pub creates_per_minute: NonZeroU32,

    /// Secrets that all addresses together may create in a minute.
    #[arg(long, env = "IKRYPT_CREATES_PER_MINUTE_IN_ALL", default_value = "6000")]
    pub creates_per_minute_in_all: NonZeroU32,

    /// Mebibytes of request bodies that one address may store in an hour. Its network, an IPv4 /24 or an IPv6 /48, may
    /// store four times as much.
    #[arg(long, env = "IKRYPT_MEBIBYTES_PER_HOUR", default_value = "256")]
    pub mebibytes_per_hour: NonZeroU32,

    /// Links that one address may load in a minute.
    #[arg(long, env = "IKRYPT_OPENS_PER_MINUTE", default_value = "600")]
    pub opens_per_minute: NonZeroU32,

    /// Reveals that one address may attempt in a minute.
    #[arg(long, env = "IKRYPT_REVEALS_PER_MINUTE", default_value = "600")]
    pub reveals_per_minute: NonZeroU32,

    /// Receipts that one address may load or burn in a minute.
    #[arg(long, env = "IKRYPT_RECEIPTS_PER_MINUTE", default_value = "600")]
    pub receipts_per_minute: NonZeroU32,

    /// Reverse proxies whose `X-Forwarded-For` is trusted: addresses or networks separated by commas, such as
    /// `10.0.0.7,192.168.0.0/16`. The header of any other peer is ignored.
    #[arg(long, env = "IKRYPT_TRUSTED_PROXIES", value_delimiter = ',', value_parser = parse_network)]
    pub trusted_proxies: Vec<IpNet>,

    /// Maximum number of connections of one address; further ones are closed immediately. Trusted proxies have no such
    /// limit. A quarter as many requests of one address may be in flight, also behind a proxy.
    #[arg(long, env = "IKRYPT_MAX_CONNECTIONS_PER_ADDRESS", default_value = "600")]
    pub max_connections_per_address: NonZeroU32,

    /// Maximum number of connections; further ones wait until one ends. One network may have three quarters of them,
    /// unless one address may have more.
    #[arg(long, env = "IKRYPT_MAX_CONNECTIONS", default_value = "900")]
    pub max_connections: NonZeroU32,

    /// Maximum number of stored bytes. Above it no secret can be created; reveals still work. 0 for no limit.
    #[arg(long, env = "IKRYPT_STORAGE_QUOTA", default_value_t = 10 << 30)]
    pub storage_quota: u64,
}

impl ProtectionSettings {
    /// Returns the number of KiB that one address may store in an hour.
    pub(crate) fn kibibytes_per_hour(&self) -> NonZeroU32 {
        self.mebibytes_per_hour.saturating_mul(NonZeroU32::new(1024).unwrap_or(NonZeroU32::MIN))
    }
}

/// Whether rate limits and limits on concurrent requests apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RateLimiting {
    /// The limits apply.
    On,
    /// No limits, for tests and benchmarks.
    Off,
}

/// Converts a setting to a number of items in memory.
pub(crate) fn to_usize(number: NonZeroU32) -> usize {
    usize::try_from(number.get()).unwrap_or(usize::MAX)
}

/// Parses a network such as `10.0.0.0/8`, or a single address.
fn parse_network(text: &str) -> Result<IpNet, String> {
    let text = text.trim();
    text.parse::<IpNet>()
        .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
        .map_err(|_| "give addresses or networks such as 10.0.0.0/8".to_owned())
}

#[cfg(test)]
mod tests {
    use super::parse_network;

    #[test]
    fn proxy_is_an_address_or_a_network() {
        assert_eq!(parse_network("10.0.0.7").unwrap().to_string(), "10.0.0.7/32");
        assert_eq!(parse_network(" fd00::/8 ").unwrap().to_string(), "fd00::/8");
        assert!(parse_network("proxy.example").is_err() && parse_network("10.0.0.0/33").is_err());
    }
}
