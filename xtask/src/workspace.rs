//! Where things are.

use std::env;
use std::path::{Path, PathBuf};

/// The name of the product's program.
pub(crate) const SERVER: &str = "ikrypt-server";

/// The name of the command line's program.
pub(crate) const CLI: &str = "ikrypt";

/// The root of the checkout.
///
/// Cargo tells it at run time; the value from compile time is for those who start the binary
/// itself.
pub(crate) fn root() -> PathBuf {
    let manifest_dir = env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    manifest_dir.parent().map(Path::to_path_buf).unwrap_or_default()
}

/// The git-ignored folder for programs that were not there already.
pub(crate) fn tools_dir() -> PathBuf {
    root().join("tools")
}

/// The folder of the Playwright tests.
pub(crate) fn end2end_dir() -> PathBuf {
    root().join("end2end")
}

/// What cargo-leptos puts the site's files into; `site-root` in Cargo.toml.
pub(crate) fn site_dir() -> PathBuf {
    root().join("target/site")
}

/// The product, as an absolute path.
pub(crate) fn server_binary() -> PathBuf {
    target_dir().join("release").join(SERVER)
}

/// The command line, as an absolute path.
pub(crate) fn cli_binary() -> PathBuf {
    target_dir().join("release").join(CLI)
}

/// The hashes of what the server serves; `cli/build.rs` takes them in.
pub(crate) fn manifest() -> PathBuf {
    root().join("target/manifest.json")
}

/// Where cargo puts what it builds.
pub(crate) fn target_dir() -> PathBuf {
    let chosen = env::var_os("CARGO_TARGET_DIR").or_else(|| env::var_os("CARGO_BUILD_TARGET_DIR"));
    root().join(chosen.map_or_else(|| PathBuf::from("target"), PathBuf::from))
}
