//! `cargo xtask release`: builds a release into `dist/`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result};

use crate::apt;
use crate::pipeline::Pipeline;
use crate::process::{capture, cargo, command, run, which};
use crate::steps::Step;
use crate::tools::CARGO_DEB;
use crate::workspace::{self, CLI, SERVER};

/// The target of static builds, which need a C compiler for musl: SQLite and ring contain C.
const MUSL: &str = "x86_64-unknown-linux-musl";
const PROGRAMS: [&str; 2] = [SERVER, CLI];

/// Builds both programs, an archive, a Debian package and the list of their hashes.
pub(crate) fn make() -> Result<ExitCode> {
    // Builds the site, and both programs against the system's C library.
    Pipeline::new(&[Step::Build]).run()?;
    let dist = workspace::root().join("dist");
    if dist.exists() {
        fs::remove_dir_all(&dist).with_context(|| format!("cannot remove {}", dist.display()))?;
    }
    // An empty folder, which gives a container's volume its owner.
    fs::create_dir_all(dist.join("data"))?;

    let programs_dir = if let Some(folder) = build_static()? {
        eprintln!("built statically for {MUSL}: runs on any Linux of this architecture");
        folder
    } else {
        eprintln!(
            "no static build, which needs the target {MUSL} and musl-gcc: the programs need this system's C library or a newer one"
        );
        workspace::server_binary().parent().map(Path::to_path_buf).unwrap_or_default()
    };
    for program in PROGRAMS {
        fs::copy(programs_dir.join(program), dist.join(program))
            .with_context(|| format!("cannot copy {program}"))?;
    }
    write_manuals(&dist)?;
    write_archive(&dist)?;
    write_debian_package(&dist)?;
    write_checksums(&dist)?;
    run(command("ls").arg("-l").arg(&dist))?;
    Ok(ExitCode::SUCCESS)
}

/// Builds static programs and returns their folder, or `None` if the toolchain for them cannot be installed.
fn build_static() -> Result<Option<PathBuf>> {
    if which("musl-gcc").is_none() && !apt::install(&["musl-tools"])? {
        return Ok(None);
    }
    if run(command("rustup").args(["target", "add", MUSL])).is_err() {
        return Ok(None);
    }
    run(cargo().args([
        "build",
        "--release",
        "--locked",
        "--target",
        MUSL,
        "--package",
        "server",
        "--package",
        "cli",
    ]))?;
    Ok(Some(workspace::root().join("target").join(MUSL).join("release")))
}

/// Writes the manual page and the completions.
fn write_manuals(dist: &Path) -> Result<()> {
    let cli = dist.join(CLI);
    fs::write(dist.join("ikrypt.1"), capture(command(&cli).arg("man"))?)?;
    for (shell, name) in [("bash", "ikrypt.bash"), ("zsh", "_ikrypt"), ("fish", "ikrypt.fish")] {
        fs::write(dist.join(name), capture(command(&cli).args(["completions", shell]))?)?;
    }
    Ok(())
}

/// Writes a reproducible archive: sorted by name, without owners and times.
fn write_archive(dist: &Path) -> Result<()> {
    let name = format!("ikrypt-{}.tar.gz", version()?);
    let mut tar = command("tar");
    tar.args([
        "--create",
        "--gzip",
        "--sort=name",
        "--mtime=@0",
        "--owner=0",
        "--group=0",
        "--numeric-owner",
        "--file",
    ]);
    tar.arg(dist.join(&name)).arg("--directory").arg(dist);
    tar.args([SERVER, CLI, "ikrypt.1", "ikrypt.bash", "_ikrypt", "ikrypt.fish"]);
    tar.arg("--directory").arg(workspace::root());
    run(tar.args([
        "deploy",
        "docs",
        "README.md",
        "SECURITY.md",
        "CHANGELOG.md",
        "LICENSE-APACHE",
        "LICENSE-MIT",
    ]))
}

/// Packs the files of `dist/` that `[package.metadata.deb]` of the server lists.
fn write_debian_package(dist: &Path) -> Result<()> {
    CARGO_DEB.ensure_installed()?;
    let mut deb = command("cargo-deb");
    run(deb.args(["--no-build", "--no-strip", "--package", "server", "--output"]).arg(dist))
}

fn write_checksums(dist: &Path) -> Result<()> {
    let mut names: Vec<_> = fs::read_dir(dist)?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    names.retain(|path| path.is_file());
    names.sort();
    let names = names.iter().filter_map(|path| path.file_name());
    let sums = capture(command("sha256sum").args(names).current_dir(dist))?;
    fs::write(dist.join("SHA256SUMS"), sums).context("cannot write SHA256SUMS")
}

/// Returns the version that the server prints, such as `0.1.0`.
fn version() -> Result<String> {
    let output = capture(command(workspace::server_binary()).arg("--version"))?;
    output.split_whitespace().nth(1).map(str::to_owned).context("the server prints no version")
}
