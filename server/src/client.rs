//! Who asks, as far as it can be told: for limits only, and never for a log.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Once;

use axum::http::{HeaderMap, HeaderName};
use ipnet::IpNet;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// One client: an address of IPv4, or a /64 of IPv6, which is what one household or machine is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Client(IpAddr);

impl Client {
    /// The peer; behind proxies that are trusted, the last address that none of them has.
    ///
    /// `X-Forwarded-For` is read from the right: what stands on the left is anybody's word.
    pub(crate) fn of(peer: SocketAddr, headers: &HeaderMap, trusted: &[IpNet]) -> Self {
        let is_trusted = |address: &IpAddr| trusted.iter().any(|network| network.contains(address));
        let mut address = peer.ip().to_canonical();
        if headers.contains_key(FORWARDED_FOR) && !is_trusted(&address) {
            warn_once();
        }
        let forwarded = headers.get_all(FORWARDED_FOR).iter().rev();
        let mut hops = forwarded.flat_map(|value| value.to_str().unwrap_or_default().rsplit(','));
        while is_trusted(&address) {
            let Some(hop) = hops.next().and_then(parse) else { break };
            address = hop;
        }
        Self::at(address)
    }

    fn at(address: IpAddr) -> Self {
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

/// An address, with or without brackets and port.
fn parse(hop: &str) -> Option<IpAddr> {
    let hop = hop.trim();
    let address = hop.parse::<IpAddr>().or_else(|_| hop.parse::<SocketAddr>().map(|socket| socket.ip()));
    let address = address.or_else(|_| hop.trim_matches(['[', ']']).parse());
    address.ok().map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(peer: &str, forwarded: &[&str], trusted: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append(FORWARDED_FOR, value.parse().unwrap());
        }
        let trusted: Vec<IpNet> = trusted.iter().map(|network| network.parse().unwrap()).collect();
        Client::of(peer.parse().unwrap(), &headers, &trusted).0.to_string()
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

    #[test]
    fn one_64_of_ipv6_is_one_client() {
        let one = client("[2001:db8:1:2:aaaa::1]:9", &[], &[]);
        assert_eq!(one, client("[2001:db8:1:2:bbbb:cccc::2]:9", &[], &[]));
        assert_ne!(one, client("[2001:db8:1:3::1]:9", &[], &[]));
    }
}
