//! Installs Rust programs into `tools/`.

use std::fs;

use anyhow::Result;

use crate::process::{cargo, run};
use crate::version::Version;
use crate::workspace;

/// A program on crates.io, and the version to install.
pub(crate) struct Program<'a> {
    pub(super) name: &'a str,
    pub(super) version: &'a str,
    /// Whether to use the lock file of the program.
    pub(super) locked: bool,
    /// How long the build takes on two cores, for the message.
    pub(super) duration: &'a str,
}

/// Builds Debian packages; only a release needs it.
pub(crate) const CARGO_DEB: Program<'static> =
    Program { name: "cargo-deb", version: "3.8.0", locked: true, duration: "3 minutes" };

impl Program<'_> {
    /// Installs the program unless this version or a newer one is installed.
    pub(crate) fn ensure_installed(&self) -> Result<()> {
        if Version::of(self.name) >= Version::parse(self.version) { Ok(()) } else { self.install() }
    }

    /// Builds and installs the program.
    ///
    /// The build is not optimised, since that would take longer than it saves, and has no debug information. It uses
    /// a separate target folder, which is deleted afterwards, so that the project's does not grow.
    pub(super) fn install(&self) -> Result<()> {
        let Self { name, version, duration, .. } = self;
        eprintln!("installing {name} {version} into tools/ (about {duration})");
        let tools = workspace::tools_dir();
        let build = tools.join("build");
        let mut install = cargo();
        install.args(["install", "--debug", "--force"]);
        if self.locked {
            install.arg("--locked");
        }
        install
            .arg("--root")
            .arg(&tools)
            .arg("--target-dir")
            .arg(&build)
            .arg(format!("{name}@{version}"))
            .env("CARGO_PROFILE_DEV_DEBUG", "false")
            .env("CARGO_INCREMENTAL", "0")
            .env_remove("RUSTFLAGS");
        run(&mut install)?;
        // A leftover folder wastes disk space, but is not a failure.
        fs::remove_dir_all(&build).ok();
        Ok(())
    }
}
