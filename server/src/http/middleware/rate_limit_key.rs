//! Who asks, as far as it can be told: for limits only, and never for a log.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Once;

use axum::http::{HeaderMap, HeaderName};
use ipnet::IpNet;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Addresses of `X-Forwarded-For` that are looked at: more proxies do not stand in a row.
const MOST_HOPS: usize = 32;

/// One client: an address of IPv4, or a /64 of IPv6, which is what one household or machine is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct RateLimitKey(IpAddr);

impl RateLimitKey {
    /// The peer; behind trusted proxies, the last address that is none of theirs.
    ///
    /// `X-Forwarded-For` is read from the right, as far as trusted proxies have written it: what stands further left is
    /// the client's own word, and may be anything. If a trusted proxy has written something that is no address, like
    /// `unknown`, that proxy is charged. `Forwarded` is not read.
    pub(crate) fn of(peer: SocketAddr, headers: &HeaderMap, trusted: &[IpNet]) -> Self {
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
            .take(MOST_HOPS);
        while is_trusted(&address) {
            let Some(hop) = hops.next().and_then(parse) else { break };
            address = hop;
        }
        Self::of_address(address)
    }

    /// The client at an address, which is canonical.
    pub(crate) fn of_address(address: IpAddr) -> Self {
        Self(match address {
            IpAddr::V4(_) => address,
            IpAddr::V6(long) => {
                let [a, b, c, d, ..] = long.segments();
                Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
            }
        })
    }

    /// The network it is in: a /24 of IPv4, or a /48 of IPv6.
    pub(crate) fn network(self) -> Self {
        Self(match self.0 {
            IpAddr::V4(short) => {
                let [a, b, c, _] = short.octets();
                Ipv4Addr::new(a, b, c, 0).into()
            }
            IpAddr::V6(long) => {
                let [a, b, c, ..] = long.segments();
                Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0).into()
            }
        })
    }
}

/// Where a proxy is not configured all who come through it share one limit, which its operator should know.
fn warn_once() {
    static WARN: Once = Once::new();
    WARN.call_once(|| {
        tracing::warn!(
            "X-Forwarded-For came from a peer that is no configured proxy, and is ignored: if it is one, name it \
             with --trusted-proxies, or all who come through it share one limit"
        );
    });
}

/// Parses an address with or without quotes, brackets, zone and port: `203.0.113.9:80`, `"[fe80::1%eth0]:80"`.
fn parse(hop: &[u8]) -> Option<IpAddr> {
    let hop = std::str::from_utf8(hop).ok()?;
    let hop = hop.strip_prefix('"').and_then(|hop| hop.strip_suffix('"')).unwrap_or(hop);
    let address = match hop.strip_prefix('[') {
        Some(rest) => {
            let (address, port) = rest.split_once(']')?;
            is_port(port).then_some(address)?
        }
        // One colon separates a port from an IPv4 address; more belong to an IPv6 address.
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

/// Whether this is what may follow a bracket: nothing, or a port.
fn is_port(text: &str) -> bool {
    text.is_empty() || text.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn client(peer: &str, forwarded: &[&str], trusted: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append(FORWARDED_FOR, value.parse().unwrap());
        }
        let trusted: Vec<IpNet> = trusted.iter().map(|network| network.parse().unwrap()).collect();
        RateLimitKey::of(peer.parse().unwrap(), &headers, &trusted).0.to_string()
    }

    #[test]
    fn nobody_is_believed_who_is_not_a_configured_proxy() {
        assert_eq!(client("198.51.100.1:9", &["203.0.113.9"], &[]), "198.51.100.1");
        assert_eq!(client("198.51.100.1:9", &["203.0.113.9"], &["10.0.0.0/8"]), "198.51.100.1");
    }

    #[test]
    fn proxies_are_passed_from_the_right_and_the_first_stranger_is_the_client() {
        let proxies = ["10.0.0.0/8", "fd00::/8"];
        assert_eq!(client("10.0.0.7:9", &["203.0.113.9"], &proxies), "203.0.113.9");
        assert_eq!(client("10.0.0.7:9", &["1.1.1.1, 203.0.113.9, 10.9.9.9"], &proxies), "203.0.113.9");
        assert_eq!(client("10.0.0.7:9", &["1.1.1.1, 203.0.113.9", "[fd00::1]:80"], &proxies), "203.0.113.9");
        assert_eq!(client("[::ffff:10.0.0.7]:9", &["203.0.113.9:4711"], &proxies), "203.0.113.9");
        // All of them are proxies, or what they say is no address: the last one that is known.
        assert_eq!(client("10.0.0.7:9", &["10.0.0.8"], &proxies), "10.0.0.8");
        assert_eq!(client("10.0.0.7:9", &["203.0.113.9, unknown"], &proxies), "10.0.0.7");
        assert_eq!(client("10.0.0.7:9", &[], &proxies), "10.0.0.7");
    }

    /// The header as bytes, which need not be text.
    fn client_of_bytes(forwarded: &[u8]) -> String {
        let mut headers = HeaderMap::new();
        headers.append(FORWARDED_FOR, HeaderValue::from_bytes(forwarded).unwrap());
        RateLimitKey::of("10.0.0.7:9".parse().unwrap(), &headers, &["10.0.0.0/8".parse().unwrap()])
            .0
            .to_string()
    }

    #[test]
    fn what_a_client_writes_into_the_header_never_changes_who_is_charged() {
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
            assert_eq!(client_of_bytes(&header), "203.0.113.9", "{}", sent.escape_ascii());
            let header = [sent, b",203.0.113.9 ,, 10.0.0.8,"].concat();
            assert_eq!(client_of_bytes(&header), "203.0.113.9", "{}", sent.escape_ascii());
        }
    }

    #[test]
    fn what_a_proxy_writes_is_an_address_in_any_form_or_the_proxy_is_charged() {
        for (written, charged) in [
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
            assert_eq!(client_of_bytes(written.as_bytes()), charged, "{written}");
        }
        assert_eq!(client_of_bytes(b"198.51.100.1, \xff"), "10.0.0.7");
        assert_eq!(client_of_bytes("10.0.0.8,".repeat(5000).as_bytes()), "10.0.0.8");
    }

    #[test]
    fn forwarded_is_not_read() {
        let mut headers = HeaderMap::new();
        headers.append("forwarded", "for=203.0.113.9".parse().unwrap());
        let client =
            RateLimitKey::of("10.0.0.7:9".parse().unwrap(), &headers, &["10.0.0.0/8".parse().unwrap()]);
        assert_eq!(client.0.to_string(), "10.0.0.7");
    }

    #[test]
    fn one_64_of_ipv6_is_one_client() {
        let one = client("[2001:db8:1:2:aaaa::1]:9", &[], &[]);
        assert_eq!(one, client("[2001:db8:1:2:bbbb:cccc::2]:9", &[], &[]));
        assert_ne!(one, client("[2001:db8:1:3::1]:9", &[], &[]));
    }
}
