//! What a first visit loads.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use anyhow::Result;

use crate::client;

/// Kilobytes of a page and of the files that it needs, as they cross the network.
pub(crate) async fn of_page(address: SocketAddr, path: &str) -> Result<f64> {
    let readable = client::fetch(address, path, "identity").await?;
    let html = String::from_utf8_lossy(&readable);
    let mut paths: BTreeSet<&str> =
        html.split('"').filter(|text| text.starts_with("/pkg/") || *text == "/favicon.svg").collect();
    paths.insert(path);
    let mut bytes = 0;
    for path in paths {
        bytes += client::fetch(address, path, "br").await?.len();
    }
    #[expect(clippy::cast_precision_loss, reason = "kilobytes")]
    let kilobytes = bytes as f64 / 1000.0;
    Ok(kilobytes)
}
