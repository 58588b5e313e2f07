//! Who may depend on what, checked on the trees that cargo resolves.

use anyhow::{Result, bail};

use crate::process::{capture, cargo};
use crate::tools::WASM;

/// The server's matters, which have no place in a browser.
const NOT_IN_THE_BROWSER: [&str; 3] = ["sqlx", "tokio", "axum"];
/// TLS is rustls' affair: these want a C library on the machine that builds or runs.
const NOWHERE: [&str; 3] = ["openssl", "openssl-sys", "native-tls"];

/// Checks all fences and names everyone who is beyond one.
pub(super) fn check() -> Result<()> {
    let browser = tree(&[
        "--package",
        "frontend",
        "--package",
        "argon2-worker",
        "--target",
        WASM,
        "--edges",
        "normal",
    ])?;
    let everything =
        tree(&["--workspace", "--all-features", "--target", "all", "--edges", "normal,build,dev"])?;

    let mut found = Vec::new();
    for package in packages(&browser) {
        if NOT_IN_THE_BROWSER.iter().any(|&family| is_of(family, package.name)) {
            found.push(format!("{} is in the browser's tree", package.name));
        }
    }
    for package in packages(&everything) {
        if NOWHERE.contains(&package.name) {
            found.push(format!("{} is in the tree", package.name));
        }
    }
    for (user, used) in uses(&everything) {
        if is_of("sqlx", used) && !is_of("sqlx", user) && user != "server" {
            found.push(format!("{user} uses {used}: only server may"));
        }
    }
    found.sort();
    found.dedup();
    if !found.is_empty() {
        bail!("{}", found.join("\n"));
    }
    eprintln!("browser: no {}; sqlx only in server; no OpenSSL", NOT_IN_THE_BROWSER.join(", "));
    Ok(())
}

fn tree(args: &[&str]) -> Result<String> {
    capture(cargo().args(["tree", "--prefix", "depth", "--format", " {p}"]).args(args))
}

/// A line of the tree: `1 sqlx v0.9.0`, with the depth in front.
struct Package<'a> {
    depth: usize,
    name: &'a str,
}

fn packages(tree: &str) -> impl Iterator<Item = Package<'_>> {
    tree.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        let depth = words.next()?.parse().ok()?;
        Some(Package { depth, name: words.next()? })
    })
}

/// Every package with each that it depends on directly. Cargo writes out the dependencies of a
/// package once, where it comes first.
fn uses(tree: &str) -> Vec<(&str, &str)> {
    let mut uses = Vec::new();
    let mut path = Vec::new();
    for Package { depth, name } in packages(tree) {
        path.truncate(depth);
        if let Some(&user) = path.last() {
            uses.push((user, name));
        }
        path.push(name);
    }
    uses
}

/// `sqlx-core` is of the family `sqlx`.
fn is_of(family: &str, name: &str) -> bool {
    name.strip_prefix(family).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TREE: &str = "\
0 app v0.1.0 (/work/app)
1 leptos v0.8.23
2 serde v1.0.229

0 server v0.1.0 (/work/server)
1 app v0.1.0 (/work/app) (*)
1 sqlx v0.9.0
2 sqlx-core v0.9.0
";

    #[test]
    fn tells_who_uses_what() {
        let expected = [
            ("app", "leptos"),
            ("leptos", "serde"),
            ("server", "app"),
            ("server", "sqlx"),
            ("sqlx", "sqlx-core"),
        ];
        assert_eq!(uses(TREE), expected);
    }

    #[test]
    fn a_family_is_a_name_and_its_dashed_kin() {
        assert!(is_of("sqlx", "sqlx"));
        assert!(is_of("sqlx", "sqlx-core"));
        assert!(!is_of("axum", "axumatic"));
        assert!(!is_of("tokio", "leptos"));
    }
}
