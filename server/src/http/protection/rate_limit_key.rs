//! Identifies clients by address, for limits only. Addresses are never logged.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Once;

use axum::http::{HeaderMap, HeaderName};
use ipnet::IpNet;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Maximum number of addresses that are read from `X-Forwarded-For`. No chain of proxies is longer.
const MAX_HOPS: usize = 32;

/// The address by which a client is limited: an IPv4 address, or an IPv6 /64, which is what a household or a machine is
/// assigned. Also an IPv4 /24 or IPv6 /48, for limits on a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct RateLimitKey(IpAddr);

impl RateLimitKey {
    /// Returns the key of the client that sent a request: the peer, or behind trusted proxies the last address that
    /// is not a trusted proxy.
    ///
    /// Reads `X-Forwarded-For` from the right, as far as trusted proxies have written it: the client may have written
    /// anything further left. If a trusted proxy has written something other than an address, such as `unknown`, that
    /// proxy's key is returned.
    ///
    /// `Forwarded` and `X-Real-IP` are not read: a proxy that sets only `X-Forwarded-For` passes them on from the
    /// client. The crate `real-ip` reads all three.
    pub(crate) fn of_request(peer: SocketAddr, headers: &HeaderMap, trusted: &[IpNet]) -> Self {
        let is_trusted = |address: &IpAddr| trusted.iter().any(|network| network.contains(address));
        let mut address = peer.ip().to_canonical();
        if headers.contains_key(FORWARDED_FOR) && !is_trusted(&address) {
            warn_once();
        }
        let forwarded = headers.get_all(FORWARDED_FOR).iter().rev();
        let mut hops = forwarded
            .flat_map(|value| value.as_bytes().rsplit(|byte| *byte == b','))
            .map(<[u8]>::trim_ascii)
            .filter(|hop| !hop.is_empty())
            .take(MAX_HOPS);
        while is_trusted(&address) {
            let Some(hop) = hops.next().and_then(parse) else { break };
            address = hop;
        }
        Self::of_address(address)
    }

    /// Returns the key of a client at a canonical address.
    pub(crate) fn of_address(address: IpAddr) -> Self {
        Self(match address {
            IpAddr::V4(_) => address,
            IpAddr::V6(v6) => {
                let [a, b, c, d, ..] = v6.segments();
                Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
            }
        })
    }

    /// Returns the key of the client's network: an IPv4 /24, or an IPv6 /48.
    pub(crate) fn network(self) -> Self {
        Self(match self.0 {
            IpAddr::V4(v4) => {
                let [a, b, c, _] = v4.octets();
                Ipv4Addr::new(a, b, c, 0).into()
            }
            IpAddr::V6(v6) => {
                let [a, b, c, ..] = v6.segments();
                Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0).into()
            }
        })
    }
}

/// Warns that a proxy may be missing in the configuration: then all its clients share one limit.
fn warn_once() {
    static WARN: Once = Once::new();
    WARN.call_once(|| {
        tracing::warn!(
            "ignored X-Forwarded-For of a peer that is not a trusted proxy: if it is a reverse proxy, add it to \
             --trusted-proxies (IKRYPT_TRUSTED_PROXIES), or all its clients share one limit"
        );
    });
}

/// Parses an address with or without quotes, brackets, zone and port: `203.0.113.9:80`, `"[fe80::1%eth0]:80"`. The
/// standard library's parsers accept neither zone names nor brackets without a port.
fn parse(hop: &[u8]) -> Option<IpAddr> {
    let hop = std::str::from_utf8(hop).ok()?;
    let hop = hop.strip_prefix('"').and_then(|hop| hop.strip_suffix('"')).unwrap_or(hop);
    let address = match hop.strip_prefix('[') {
        Some(rest) => {
            let (address, port) = rest.split_once(']')?;
            is_port(port).then_some(address)?
        }
        // A single colon separates a port; an IPv6 address has several.
        None => match hop.split_once(':') {
            Some((address, port)) if !port.contains(':') => {
                port.parse::<u16>().ok()?;
                address
            }
            _ => hop,
        },
    };
    let address = address.split('%').next().unwrap_or(address);
    address.parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

/// Reports whether the text may follow a closing bracket: it is empty, or a port.
fn is_port(text: &str) -> bool {
    text.is_empty() || text.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn key(peer: &str, forwarded: &[&str], trusted: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append(FORWARDED_FOR, value.parse().unwrap());
        }
        let trusted: Vec<IpNet> = trusted.iter().map(|network| network.parse().unwrap()).collect();
        RateLimitKey::of_request(peer.parse().unwrap(), &headers, &trusted).0.to_string()
    }

    #[test]
    fn header_of_an_untrusted_peer_is_ignored() {
        assert_eq!(key("198.51.100.1:9", &["203.0.113.9"], &[]), "198.51.100.1");
        assert_eq!(key("198.51.100.1:9", &["203.0.113.9"], &["10.0.0.0/8"]), "198.51.100.1");
    }

    #[test]
    fn last_address_that_is_no_proxy_is_the_client() {
        let proxies = ["10.0.0.0/8", "fd00::/8"];
        assert_eq!(key("10.0.0.7:9", &["203.0.113.9"], &proxies), "203.0.113.9");
        assert_eq!(key("10.0.0.7:9", &["1.1.1.1, 203.0.113.9, 10.9.9.9"], &proxies), "203.0.113.9");
        assert_eq!(key("10.0.0.7:9", &["1.1.1.1, 203.0.113.9", "[fd00::1]:80"], &proxies), "203.0.113.9");
        assert_eq!(key("[::ffff:10.0.0.7]:9", &["203.0.113.9:4711"], &proxies), "203.0.113.9");
        // If all addresses are proxies, or one is invalid, the last valid proxy counts as the client.
        assert_eq!(key("10.0.0.7:9", &["10.0.0.8"], &proxies), "10.0.0.8");
        assert_eq!(key("10.0.0.7:9", &["203.0.113.9, unknown"], &proxies), "10.0.0.7");
        assert_eq!(key("10.0.0.7:9", &[], &proxies), "10.0.0.7");
    }

    /// Returns the key for a header that need not be text.
    fn key_of_bytes(forwarded: &[u8]) -> String {
        let mut headers = HeaderMap::new();
        headers.append(FORWARDED_FOR, HeaderValue::from_bytes(forwarded).unwrap());
        RateLimitKey::of_request("10.0.0.7:9".parse().unwrap(), &headers, &["10.0.0.0/8".parse().unwrap()])
            .0
            .to_string()
    }

    #[test]
    fn header_that_a_client_sends_never_changes_its_key() {
        let long = "203.0.113.1,".repeat(5000);
        let commas = ",".repeat(60_000);
        for sent in [
            &b"\xff"[..],
            b"caf\xe9, \x80\x81",
            "пример".as_bytes(),
            b"unknown",
            b"_hidden, 10.0.0.9, unix:",
            b"for=192.0.2.60;proto=http",
            b"\t , ,,",
            b"999.1.1.1",
            b"[::1",
            b"198.51.100.7:99999",
            long.as_bytes(),
            commas.as_bytes(),
        ] {
            let header = [sent, b", 203.0.113.9"].concat();
            assert_eq!(key_of_bytes(&header), "203.0.113.9", "{}", sent.escape_ascii());
            let header = [sent, b",203.0.113.9 ,, 10.0.0.8,"].concat();
            assert_eq!(key_of_bytes(&header), "203.0.113.9", "{}", sent.escape_ascii());
        }
    }

    #[test]
    fn address_of_a_proxy_is_parsed_in_any_form_or_the_proxy_is_the_client() {
        for (hop, expected) in [
            ("203.0.113.9", "203.0.113.9"),
            ("203.0.113.9:4711", "203.0.113.9"),
            ("\"203.0.113.9:4711\"", "203.0.113.9"),
            ("[203.0.113.9]", "203.0.113.9"),
            ("::ffff:203.0.113.9", "203.0.113.9"),
            ("2001:db8::1", "2001:db8::"),
            ("[2001:db8::1]", "2001:db8::"),
            ("[2001:db8::1]:4711", "2001:db8::"),
            ("\"[2001:db8::1]:4711\"", "2001:db8::"),
            ("fe80::1%eth0", "fe80::"),
            ("[fe80::1%25eth0]:80", "fe80::"),
            ("unknown", "10.0.0.7"),
            ("_hidden", "10.0.0.7"),
            ("203.0.113.9:", "10.0.0.7"),
            ("203.0.113.9:port", "10.0.0.7"),
            ("[2001:db8::1]x", "10.0.0.7"),
            ("[2001:db8::1", "10.0.0.7"),
            ("203.0.113.9 198.51.100.1", "10.0.0.7"),
            ("", "10.0.0.7"),
        ] {
            assert_eq!(key_of_bytes(hop.as_bytes()), expected, "{hop}");
        }
        assert_eq!(key_of_bytes(b"198.51.100.1, \xff"), "10.0.0.7");
        assert_eq!(key_of_bytes("10.0.0.8,".repeat(5000).as_bytes()), "10.0.0.8");
    }

    #[test]
    fn forwarded_header_is_not_read() {
        let mut headers = HeaderMap::new();
        headers.append("forwarded", "for=203.0.113.9".parse().unwrap());
        let key = RateLimitKey::of_request(
            "10.0.0.7:9".parse().unwrap(),
            &headers,
            &["10.0.0.0/8".parse().unwrap()],
        );
        assert_eq!(key.0.to_string(), "10.0.0.7");
    }

    #[test]
    fn ipv6_addresses_of_one_64_are_one_client() {
        let one = key("[2001:db8:1:2:aaaa::1]:9", &[], &[]);
        assert_eq!(one, key("[2001:db8:1:2:bbbb:cccc::2]:9", &[], &[]));
        assert_ne!(one, key("[2001:db8:1:3::1]:9", &[], &[]));
    }
}
