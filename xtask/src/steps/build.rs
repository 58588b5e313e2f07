//! The product: the site for the browser, and the server with the site inside.

use std::env;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

use crate::process::{cargo, command, run};
use crate::workspace;

/// Builds it, and looks at what came out: a site with a file missing or left over builds just as
/// well, and is then inside the server.
pub(super) fn product() -> Result<()> {
    let server = workspace::server_binary();
    let site = workspace::site_dir();
    if site.exists() {
        fs::remove_dir_all(&site).with_context(|| format!("cannot remove {}", site.display()))?;
    }

    worker()?;
    let mut leptos = command("cargo-leptos");
    leptos.args(["leptos", "build", "--release", "--precompress"]);
    // It would answer every compile error with its own stack.
    leptos.env_remove("RUST_BACKTRACE");
    // What these say would win over Cargo.toml.
    for (name, _) in env::vars_os() {
        if name.to_str().is_some_and(overrides_the_build) {
            leptos.env_remove(name);
        }
    }
    run(&mut leptos)?;

    if !server.exists() {
        bail!("cargo-leptos ended well, but {} is not there", server.display());
    }
    check_site(&file_names(&site.join("pkg"))?)?;
    if !site.join("stretch/stretch_bg.wasm.br").exists() {
        bail!("target/site/stretch/stretch_bg.wasm was not compressed");
    }
    eprintln!("built {}", server.display());
    Ok(())
}

/// Argon2id for the browser's worker, a WebAssembly of its own: cargo-leptos knows of one only, and takes
/// this one along with the rest of the assets folder.
fn worker() -> Result<()> {
    const TARGET: &str = "wasm32-unknown-unknown";
    const PROFILE: &str = "wasm-release";
    let root = workspace::root();
    // Where cargo-leptos has compiled the same crates for the pages.
    let target_dir = root.join("target/front");
    let mut build = cargo();
    build.args([
        "build",
        "--package",
        "worker",
        "--locked",
        "--profile",
        PROFILE,
        "--target",
        TARGET,
        "--target-dir",
    ]);
    run(build.arg(&target_dir))?;

    let out = root.join("public/stretch");
    let mut bindgen = command("wasm-bindgen");
    bindgen.args(["--target", "web", "--no-typescript", "--out-name", "stretch", "--out-dir"]).arg(&out);
    run(bindgen.arg(target_dir.join(TARGET).join(PROFILE).join("worker.wasm")))?;

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

/// Exactly one program, one script and one style sheet, each compressed too.
fn check_site(files: &[String]) -> Result<()> {
    for kind in [".wasm", ".js", ".css"] {
        let found = files.iter().filter(|name| name.ends_with(kind)).collect::<Vec<_>>();
        let [only] = found.as_slice() else {
            bail!("target/site/pkg should hold one {kind} file, and holds {found:?}");
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
    fn a_whole_site_passes() {
        let names = ["a.wasm", "a.wasm.br", "a.js", "a.js.br", "a.css", "a.css.br", "snippets"];
        assert!(check_site(&files(&names)).is_ok());
    }

    #[test]
    fn what_is_missing_left_over_or_not_compressed_is_told() {
        assert!(check_site(&files(&["a.wasm", "a.wasm.br", "a.js", "a.js.br"])).is_err());
        assert!(check_site(&files(&["a.wasm", "b.wasm", "a.wasm.br", "b.wasm.br"])).is_err());
        assert!(check_site(&files(&["a.wasm", "a.js", "a.css"])).is_err());
    }
}
