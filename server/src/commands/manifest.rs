//! `ikrypt-server manifest`: prints the manifest that the server publishes.

use crate::http::handlers::{assets, manifest};

/// Returns the manifest of this binary as JSON.
pub(super) fn run() -> Result<String, String> {
    let assets = assets::built().ok_or_else(|| assets::MISSING.to_owned())?;
    Ok(manifest::manifest(&assets))
}
