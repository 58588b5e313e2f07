//! `ikrypt-server health`: the health check of a container that has neither a shell nor curl.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use ureq::Agent;

/// The whole check: container engines wait for about as long.
const TIMEOUT: Duration = Duration::from_secs(4);
/// More than the server's own words.
const MAX_BODY_BYTES: u64 = 200;

/// Asks the server that listens on `listen` whether it is ready, or only whether it is alive. Blocks.
///
/// Returns the server's answer, or why the check fails.
pub fn probe(listen: SocketAddr, live: bool) -> Result<String, String> {
    let address = reachable(listen)?;
    let check = if live { "live" } else { "ready" };
    // Neither a proxy from the environment nor another address: this is about one process.
    let config = Agent::config_builder()
        .timeout_global(Some(TIMEOUT))
        .http_status_as_error(false)
        .proxy(None)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .build();
    let asked = Agent::new_with_config(config).get(format!("http://{address}/health/{check}")).call();
    let mut response = asked.map_err(|error| format!("no answer from {address}: {error}"))?;
    let status = response.status().as_u16();
    let body = response.body_mut().with_config().limit(MAX_BODY_BYTES).read_to_string().unwrap_or_default();
    let text = body.lines().next().unwrap_or_default().escape_debug().to_string();
    if status == 200 { Ok(text) } else { Err(format!("{address} answered with status {status}: {text}")) }
}

/// The address at which a listener on this machine can be reached.
fn reachable(listen: SocketAddr) -> Result<SocketAddr, String> {
    if listen.port() == 0 {
        return Err(
            "port 0 is a free one that only the server knows: set --listen (IKRYPT_LISTEN) to a fixed one"
                .to_owned(),
        );
    }
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    Ok(SocketAddr::new(ip, listen.port()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unspecified_address_is_reached_over_loopback() {
        for (listen, address) in [
            ("0.0.0.0:3000", Ok("127.0.0.1:3000")),
            ("[::]:3000", Ok("[::1]:3000")),
            ("127.0.0.1:80", Ok("127.0.0.1:80")),
            ("192.0.2.7:8080", Ok("192.0.2.7:8080")),
            ("[2001:db8::1]:3000", Ok("[2001:db8::1]:3000")),
            ("127.0.0.1:0", Err(())),
            ("[::]:0", Err(())),
        ] {
            let reached = reachable(listen.parse().unwrap()).map(|address| address.to_string());
            assert_eq!(reached.as_deref().map_err(|_| ()), address, "{listen}");
        }
    }
}
