//! The paths of the checkout.

use std::env;
use std::path::{Path, PathBuf};

/// The file name of the server's program.
pub(crate) const SERVER: &str = "ikrypt-server";

/// The file name of the command line's program.
pub(crate) const CLI: &str = "ikrypt";

/// Returns the root of the checkout.
///
/// Cargo sets the variable when it runs this program. The value from compile time serves a program that is started
/// directly.
pub(crate) fn root() -> PathBuf {
    let manifest_dir = env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    manifest_dir.parent().map(Path::to_path_buf).unwrap_or_default()
}

/// Returns the git-ignored folder for the programs that xtask installs.
pub(crate) fn tools_dir() -> PathBuf {
    root().join("tools")
}

/// Returns the folder of the Playwright tests.
pub(crate) fn end2end_dir() -> PathBuf {
    root().join("end2end")
}

/// Returns the folder into which cargo-leptos writes the site: `site-root` in Cargo.toml.
pub(crate) fn site_dir() -> PathBuf {
    root().join("target/site")
}

/// Returns the absolute path of the built server.
pub(crate) fn server_binary() -> PathBuf {
    target_dir().join("release").join(SERVER)
}

/// Returns the absolute path of the built command line.
pub(crate) fn cli_binary() -> PathBuf {
    target_dir().join("release").join(CLI)
}

/// Returns the file with the hashes of everything that the server serves, which `cli/build.rs` embeds.
pub(crate) fn manifest() -> PathBuf {
    root().join("target/manifest.json")
}

/// Returns cargo's target folder.
pub(crate) fn target_dir() -> PathBuf {
    let chosen = env::var_os("CARGO_TARGET_DIR").or_else(|| env::var_os("CARGO_BUILD_TARGET_DIR"));
    root().join(chosen.map_or_else(|| PathBuf::from("target"), PathBuf::from))
}
