//! `cargo xtask release`: what is given to others, in `dist/`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result};

use crate::pipeline::Pipeline;
use crate::process::{capture, cargo, command, run, which};
use crate::steps::Step;
use crate::tools::{self, CARGO_DEB};
use crate::workspace::{self, CLI, SERVER};

/// Static, where a C compiler for it is at hand: SQLite and ring hold C.
const MUSL: &str = "x86_64-unknown-linux-musl";
const PROGRAMS: [&str; 2] = [SERVER, CLI];

/// Builds both programs, an archive, a Debian package and the list of their hashes, and says what is what.
pub(crate) fn make() -> Result<ExitCode> {
    // The site first, and both programs against the system's C library.
    Pipeline::new(&[Step::Build]).run()?;
    let dist = workspace::root().join("dist");
    if dist.exists() {
        fs::remove_dir_all(&dist).with_context(|| format!("cannot remove {}", dist.display()))?;
    }
    // An empty folder, which a container's volume takes its owner from.
    fs::create_dir_all(dist.join("data"))?;

    let built = if let Some(built) = built_static()? {
        eprintln!("built for {MUSL}: static, they run on any Linux of this architecture");
        built
    } else {
        eprintln!(
            "no static build (it wants the target {MUSL} and musl-gcc): these need the C library of this system, or a newer one"
        );
        workspace::server_binary().parent().map(Path::to_path_buf).unwrap_or_default()
    };
    for program in PROGRAMS {
        fs::copy(built.join(program), dist.join(program))
            .with_context(|| format!("cannot copy {program}"))?;
    }
    manuals(&dist)?;
    archive(&dist)?;
    package(&dist)?;
    sums(&dist)?;
    run(command("ls").arg("-l").arg(&dist))?;
    Ok(ExitCode::SUCCESS)
}

/// The folder with static programs, where they can be had.
fn built_static() -> Result<Option<PathBuf>> {
    if which("musl-gcc").is_none() && !tools::apt_install(&["musl-tools"])? {
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

fn manuals(dist: &Path) -> Result<()> {
    let cli = dist.join(CLI);
    fs::write(dist.join("ikrypt.1"), capture(command(&cli).arg("man"))?)?;
    for (shell, name) in [("bash", "ikrypt.bash"), ("zsh", "_ikrypt"), ("fish", "ikrypt.fish")] {
        fs::write(dist.join(name), capture(command(&cli).args(["completions", shell]))?)?;
    }
    Ok(())
}

/// The same bytes from the same files: names in order, and neither owner nor time.
fn archive(dist: &Path) -> Result<()> {
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

/// What `[package.metadata.deb]` of the server lists, from `dist/`.
fn package(dist: &Path) -> Result<()> {
    CARGO_DEB.ensure()?;
    let mut deb = command("cargo-deb");
    run(deb.args(["--no-build", "--no-strip", "--package", "server", "--output"]).arg(dist))
}

fn sums(dist: &Path) -> Result<()> {
    let mut names: Vec<_> = fs::read_dir(dist)?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    names.retain(|path| path.is_file());
    names.sort();
    let names = names.iter().filter_map(|path| path.file_name());
    let sums = capture(command("sha256sum").args(names).current_dir(dist))?;
    fs::write(dist.join("SHA256SUMS"), sums).context("cannot write SHA256SUMS")
}

/// `0.1.0`: what the server calls itself.
fn version() -> Result<String> {
    let said = capture(command(workspace::server_binary()).arg("--version"))?;
    said.split_whitespace().nth(1).map(str::to_owned).context("the server does not say its version")
}
