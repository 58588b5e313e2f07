//! Installing a Rust program into `tools/`.

use std::fs;

use anyhow::Result;

use super::version::Version;

use crate::process::{cargo, run};
use crate::workspace;

/// A program from crates.io, in exactly this version.
pub(crate) struct Program<'a> {
    pub(super) name: &'a str,
    pub(super) version: &'a str,
    /// Whether its own lock file is used.
    pub(super) locked: bool,
    /// How long two cores take, for those who wait.
    pub(super) takes: &'a str,
}

/// Makes Debian's packages; only a release wants it.
pub(crate) const CARGO_DEB: Program<'static> =
    Program { name: "cargo-deb", version: "3.8.0", locked: true, takes: "3 minutes" };

impl Program<'_> {
    /// Makes sure that this version, or a newer one, is there.
    pub(crate) fn ensure(&self) -> Result<()> {
        if Version::of(self.name) >= Version::parse(self.version) { Ok(()) } else { self.install() }
    }

    /// Builds and installs it.
    ///
    /// Without optimisation, which would take longer than it ever saves, and without debug
    /// information, which nobody reads. It has a build folder of its own, so that the project's
    /// does not grow by it, and that folder goes once it has served.
    pub(super) fn install(&self) -> Result<()> {
        let Self { name, version, takes, .. } = self;
        eprintln!("installing {name} {version} into tools/ (about {takes})");
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
        // Too much space on the disk is a pity, but no failure.
        fs::remove_dir_all(&build).ok();
        Ok(())
    }
}
