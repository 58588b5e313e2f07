//! Measures how much a first visit loads.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use anyhow::Result;

use crate::load;

/// Returns the transferred kilobytes of a page and of the files that it refers to, compressed with Brotli.
pub(crate) async fn kilobytes(address: SocketAddr, path: &str) -> Result<f64> {
    let uncompressed = load::fetch(address, path, "identity").await?;
    let html = String::from_utf8_lossy(&uncompressed);
    let mut paths: BTreeSet<&str> =
        html.split('"').filter(|text| text.starts_with("/pkg/") || *text == "/favicon.svg").collect();
    paths.insert(path);
    let mut bytes = 0;
    for path in paths {
        bytes += load::fetch(address, path, "br").await?.len();
    }
    #[expect(clippy::cast_precision_loss, reason = "kilobytes")]
    let kilobytes = bytes as f64 / 1000.0;
    Ok(kilobytes)
}
