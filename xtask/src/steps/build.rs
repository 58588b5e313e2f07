//! Builds the product: the site for the browser, the server that contains the site, and the command line.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::process::{capture, cargo, command, run};
use crate::workspace;

/// Sets the compiler's flags for the WebAssembly.
const WASM_RUSTFLAGS: &str = "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS";

/// Builds the site, the server that contains it, and the command line that contains the hashes of its files.
pub(super) fn build_product() -> Result<()> {
    build_site()?;
    run(cargo().args(["build", "--release", "--locked", "--package", "server"]))?;
    let server = workspace::server_binary();
    let manifest = capture(command(&server).arg("manifest"))?;
    fs::write(workspace::manifest(), manifest).context("cannot write target/manifest.json")?;
    run(cargo().args(["build", "--release", "--locked", "--package", "cli"]))?;
    eprintln!("built {} and {}", server.display(), workspace::cli_binary().display());
    Ok(())
}

/// Builds only the site, and checks its files: a missing or stale file does not fail the build, and would be
/// embedded in the server.
pub(crate) fn build_site() -> Result<()> {
    let site = workspace::site_dir();
    if site.exists() {
        fs::remove_dir_all(&site).with_context(|| format!("cannot remove {}", site.display()))?;
    }
    argon2_worker()?;
    let mut leptos = command("cargo-leptos");
    leptos.args(["leptos", "build", "--release", "--precompress", "--frontend-only"]);
    leptos.env(WASM_RUSTFLAGS, remap_paths()?);
    // cargo-leptos would print its own backtrace after each compile error.
    leptos.env_remove("RUST_BACKTRACE");
    // These would override Cargo.toml.
    for (name, _) in env::vars_os() {
        if name.to_str().is_some_and(overrides_the_build) {
            leptos.env_remove(name);
        }
    }
    run(&mut leptos)?;
    check_site(&file_names(&site.join("pkg"))?)?;
    if !site.join("stretch/stretch_bg.wasm.br").exists() {
        bail!("target/site/stretch/stretch_bg.wasm was not compressed");
    }
    files_below(&site)?
        .iter()
        .filter(|path| path.extension().is_some_and(|end| end == "gz"))
        .try_for_each(clear_timestamp)
}

/// Clears the time of the build in a gzip file: bytes 4 to 7 of its header (RFC 1952).
fn clear_timestamp(path: &PathBuf) -> Result<()> {
    let mut bytes = fs::read(path)?;
    bytes.get_mut(4..8).with_context(|| format!("{} is not a gzip file", path.display()))?.fill(0);
    fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}

/// Returns the path of every file in a folder and its subfolders.
pub(super) fn files_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).with_context(|| format!("cannot read {}", next.display()))? {
            let path = entry?.path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    Ok(files)
}

/// Returns compiler flags that replace the paths of this machine. Panic messages contain paths of source files, and a
/// reproducible build needs the same paths everywhere.
fn remap_paths() -> Result<String> {
    let sysroot = capture(command("rustc").args(["--print", "sysroot"]))?;
    let cargo_home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let cargo_home = cargo_home.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cargo")));
    let cargo_home = cargo_home.context("neither CARGO_HOME nor HOME is set")?;
    let names = [
        (workspace::root(), "/ikrypt"),
        (cargo_home.join("registry/src"), "/crates"),
        (PathBuf::from(sysroot.trim()), "/rust"),
    ];
    let flags = names.map(|(path, name)| format!("--remap-path-prefix={}={name}", path.display()));
    if flags.iter().any(|flag| flag.contains(char::is_whitespace)) {
        bail!("cannot build in a folder whose path contains a space: cargo splits the flags there");
    }
    Ok(flags.join(" "))
}

/// Builds Argon2id for the browser's worker. cargo-leptos builds one WebAssembly only, and copies this one with the rest of
/// the assets folder.
fn argon2_worker() -> Result<()> {
    const TARGET: &str = "wasm32-unknown-unknown";
    const PROFILE: &str = "wasm-release";
    let root = workspace::root();
    // Where cargo-leptos has compiled the same crates for the pages.
    let target_dir = root.join("target/front");
    let mut build = cargo();
    build.args([
        "build",
        "--package",
        "argon2-worker",
        "--locked",
        "--profile",
        PROFILE,
        "--target",
        TARGET,
        "--target-dir",
    ]);
    run(build.arg(&target_dir).env(WASM_RUSTFLAGS, remap_paths()?))?;

    let out = root.join("public/stretch");
    let mut bindgen = command("wasm-bindgen");
    bindgen.args(["--target", "web", "--no-typescript", "--out-name", "stretch", "--out-dir"]).arg(&out);
    run(bindgen.arg(target_dir.join(TARGET).join(PROFILE).join("argon2_worker.wasm")))?;

    let wasm = out.join("stretch_bg.wasm");
    let mut opt = command("wasm-opt");
    opt.args([
        "-Oz",
        "--enable-bulk-memory",
        "--enable-mutable-globals",
        "--enable-nontrapping-float-to-int",
    ]);
    opt.args([
        "--enable-sign-ext",
        "--enable-reference-types",
        "--enable-multivalue",
        "--strip-debug",
        "--strip-producers",
    ]);
    run(opt.arg(&wasm).arg("-o").arg(&wasm))
}

fn overrides_the_build(name: &str) -> bool {
    name.starts_with("LEPTOS_") || matches!(name, "SERVER_FN_PREFIX" | "DISABLE_SERVER_FN_HASH")
}

fn file_names(folder: &Path) -> Result<Vec<String>> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
}

/// Checks that there is exactly one program, one script and one style sheet, each with a compressed copy.
fn check_site(files: &[String]) -> Result<()> {
    for kind in [".wasm", ".js", ".css"] {
        let matching = files.iter().filter(|name| name.ends_with(kind)).collect::<Vec<_>>();
        let [only] = matching.as_slice() else {
            bail!("target/site/pkg must contain one {kind} file, and contains {matching:?}");
        };
        if !files.contains(&format!("{only}.br")) {
            bail!("target/site/pkg/{only} was not compressed");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn complete_site_passes() {
        let names = ["a.wasm", "a.wasm.br", "a.js", "a.js.br", "a.css", "a.css.br", "snippets"];
        assert!(check_site(&files(&names)).is_ok());
    }

    #[test]
    fn missing_stale_or_uncompressed_file_is_refused() {
        assert!(check_site(&files(&["a.wasm", "a.wasm.br", "a.js", "a.js.br"])).is_err());
        assert!(check_site(&files(&["a.wasm", "b.wasm", "a.wasm.br", "b.wasm.br"])).is_err());
        assert!(check_site(&files(&["a.wasm", "a.js", "a.css"])).is_err());
    }
}
