//! `ikrypt-server health`: the health check for a container that has neither a shell nor curl.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use ureq::Agent;

/// Bounds the whole check. Container engines wait for about as long.
const PROBE_TIMEOUT: Duration = Duration::from_secs(4);
/// The server's own responses are shorter.
const MAX_BODY_BYTES: u64 = 200;

/// Runs [`probe`] on a thread that may block, and returns the server's response as a line.
pub(super) async fn run(listen: SocketAddr, live: bool) -> Result<String, String> {
    let response = tokio::task::spawn_blocking(move || probe(listen, live)).await;
    Ok(response.map_err(|error| error.to_string())?? + "\n")
}

/// Requests the readiness probe of the server that listens on `listen`, or with `live` its liveness probe. Blocks.
///
/// Returns the server's response, or why the check fails.
fn probe(listen: SocketAddr, live: bool) -> Result<String, String> {
    let address = reachable_address(listen)?;
    let check = if live { "live" } else { "ready" };
    // The check is about one process: it uses no proxy from the environment, and follows no redirect.
    let config = Agent::config_builder()
        .timeout_global(Some(PROBE_TIMEOUT))
        .http_status_as_error(false)
        .proxy(None)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .build();
    let result = Agent::new_with_config(config).get(format!("http://{address}/health/{check}")).call();
    let mut response = result.map_err(|error| format!("no answer from {address}: {error}"))?;
    let status = response.status().as_u16();
    let body = response.body_mut().with_config().limit(MAX_BODY_BYTES).read_to_string().unwrap_or_default();
    let text = body.lines().next().unwrap_or_default().escape_debug().to_string();
    if status == 200 { Ok(text) } else { Err(format!("{address} responded with status {status}: {text}")) }
}

/// Returns the address at which this machine can reach its own listener.
fn reachable_address(listen: SocketAddr) -> Result<SocketAddr, String> {
    if listen.port() == 0 {
        return Err(
            "with port 0 only the server knows its port: set --listen (IKRYPT_LISTEN) to a fixed one"
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
            let reached = reachable_address(listen.parse().unwrap()).map(|address| address.to_string());
            assert_eq!(reached.as_deref().map_err(|_| ()), address, "{listen}");
        }
    }
}
