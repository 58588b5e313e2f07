//! Checks the dependencies between crates, on the trees that cargo resolves.
//!
//! The graph of ARCHITECTURE.md: `shared-crypto <- vault <- app <- frontend`, `shared-crypto, vault, app <- server`, and
//! `shared-crypto` for every other crate.

use anyhow::{Result, bail};

use crate::process::{capture, cargo};
use crate::tools::WASM;

/// The workspace crates that a workspace crate may depend on.
const ALLOWED: [(&str, &[&str]); 5] = [
    ("shared-crypto", &[]),
    ("vault", &["shared-crypto"]),
    ("app", &["shared-crypto", "vault"]),
    ("frontend", &["app"]),
    ("server", &["shared-crypto", "vault", "app"]),
];
/// What a crate that is not listed above may depend on: the command line, the worker, the benchmarks.
const ALLOWED_BY_DEFAULT: &[&str] = &["shared-crypto"];
/// What the tests of a crate may depend on beyond that.
const ALLOWED_IN_TESTS: [(&str, &[&str]); 1] = [("cli", &["server", "app", "vault"])];
/// Families of crates that only the server needs.
const NOT_IN_THE_BROWSER: [&str; 3] = ["sqlx", "tokio", "axum"];
/// The rules of the product know neither database, HTTP, runtime nor user interface.
const NOT_IN_VAULT: [&str; 4] = ["sqlx", "tokio", "axum", "leptos"];
/// TLS is rustls: these need a C library on the machine that builds or runs.
const NOWHERE: [&str; 3] = ["openssl", "openssl-sys", "native-tls"];

/// Checks every rule, and fails with a list of the violations.
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
    let vault = tree(&["--package", "vault", "--all-features", "--target", "all", "--edges", "normal"])?;
    let everything =
        tree(&["--workspace", "--all-features", "--target", "all", "--edges", "normal,build,dev"])?;
    let direct = |edges| {
        let depth = ["--depth", "1", "--no-dedupe"];
        let args = [&["--workspace", "--all-features", "--target", "all", "--edges", edges], &depth[..]];
        tree(&args.concat())
    };
    let (product, tests) = (direct("normal,build")?, direct("dev")?);

    let mut violations = [
        unwanted_families(&browser, &NOT_IN_THE_BROWSER, "in the browser's dependency tree"),
        unwanted_families(&vault, &NOT_IN_VAULT, "in the dependency tree of vault"),
        unwanted_packages(&everything),
        users_of_sqlx(&everything),
        forbidden_edges(&product, &tests),
    ]
    .concat();
    violations.sort();
    violations.dedup();
    if !violations.is_empty() {
        bail!("{}", violations.join("\n"));
    }
    eprintln!(
        "crates depend on each other as designed; browser: no {}; vault: no {}; sqlx only in server; no OpenSSL",
        NOT_IN_THE_BROWSER.join(", "),
        NOT_IN_VAULT.join(", ")
    );
    Ok(())
}

fn tree(args: &[&str]) -> Result<String> {
    capture(cargo().args(["tree", "--prefix", "depth", "--format", " {p}"]).args(args))
}

/// Returns a violation for each package of the tree that belongs to one of the families.
fn unwanted_families(tree: &str, families: &[&str], place: &str) -> Vec<String> {
    let is_unwanted = |name: &str| families.iter().any(|&family| is_of_family(family, name));
    packages(tree)
        .filter(|package| is_unwanted(package.name))
        .map(|package| format!("{} is {place}", package.name))
        .collect()
}

fn unwanted_packages(tree: &str) -> Vec<String> {
    packages(tree)
        .filter(|package| NOWHERE.contains(&package.name))
        .map(|package| format!("{} is in the dependency tree", package.name))
        .collect()
}

fn users_of_sqlx(tree: &str) -> Vec<String> {
    edges(tree)
        .into_iter()
        .filter(|&(user, used)| is_of_family("sqlx", used) && !is_of_family("sqlx", user) && user != "server")
        .map(|(user, used)| format!("{user} depends on {used}: only server may"))
        .collect()
}

/// Returns a violation for each dependency between workspace crates that the design does not allow. Takes the direct
/// dependencies of every workspace crate: those of the product, and those of tests.
fn forbidden_edges(product: &str, tests: &str) -> Vec<String> {
    let members: Vec<_> = packages(product).filter(|package| package.depth == 0).collect();
    let is_member = |name: &str| members.iter().any(|member| member.name == name);
    let of_crate = |table: &[(&str, &'static [&'static str])], user: &str| {
        table.iter().find(|(name, _)| *name == user).map(|(_, used)| *used)
    };
    let mut violations = Vec::new();
    for (tree, is_test) in [(product, false), (tests, true)] {
        for (user, used) in edges(tree).into_iter().filter(|&(user, used)| user != used && is_member(used)) {
            let allowed = of_crate(&ALLOWED, user).unwrap_or(ALLOWED_BY_DEFAULT).contains(&used);
            let in_tests =
                || is_test && of_crate(&ALLOWED_IN_TESTS, user).unwrap_or_default().contains(&used);
            if !allowed && !in_tests() {
                let what = if is_test { "the tests of " } else { "" };
                violations.push(format!("{what}{user} must not depend on {used}"));
            }
        }
    }
    violations
}

/// A line of the tree: `1 sqlx v0.9.0`, which begins with the depth.
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

/// Returns each package with each of its direct dependencies. Cargo prints the dependencies of a package once, at its
/// first occurrence.
fn edges(tree: &str) -> Vec<(&str, &str)> {
    let mut edges = Vec::new();
    let mut path = Vec::new();
    for Package { depth, name } in packages(tree) {
        path.truncate(depth);
        if let Some(&user) = path.last() {
            edges.push((user, name));
        }
        path.push(name);
    }
    edges
}

/// Reports whether a package belongs to a family: `sqlx-core` is of the family `sqlx`.
fn is_of_family(family: &str, name: &str) -> bool {
    name.strip_prefix(family).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TREE: &str = "\
0 app v0.1.0 (/repository/app)
1 leptos v0.8.23
2 serde v1.0.229

0 server v0.1.0 (/repository/server)
1 app v0.1.0 (/repository/app) (*)
1 sqlx v0.9.0
2 sqlx-core v0.9.0
";
    const PRODUCT: &str = "\
0 app v0.1.0 (/repository/app)
1 shared-crypto v0.1.0 (/repository/shared-crypto)
1 leptos v0.8.23

0 cli v0.1.0 (/repository/cli)
1 shared-crypto v0.1.0 (/repository/shared-crypto)

0 server v0.1.0 (/repository/server)
1 app v0.1.0 (/repository/app)

0 shared-crypto v0.1.0 (/repository/shared-crypto)
";
    const TESTS: &str = "\
0 app v0.1.0 (/repository/app)
0 cli v0.1.0 (/repository/cli)
1 server v0.1.0 (/repository/server)
0 server v0.1.0 (/repository/server)
1 proptest v1.9.0
0 shared-crypto v0.1.0 (/repository/shared-crypto)
1 shared-crypto v0.1.0 (/repository/shared-crypto) (*)
";

    #[test]
    fn edges_name_each_package_with_its_direct_dependencies() {
        let expected = [
            ("app", "leptos"),
            ("leptos", "serde"),
            ("server", "app"),
            ("server", "sqlx"),
            ("sqlx", "sqlx-core"),
        ];
        assert_eq!(edges(TREE), expected);
    }

    #[test]
    fn family_contains_its_name_and_names_with_its_prefix_and_a_dash() {
        assert!(is_of_family("sqlx", "sqlx"));
        assert!(is_of_family("sqlx", "sqlx-core"));
        assert!(!is_of_family("axum", "axumatic"));
        assert!(!is_of_family("tokio", "leptos"));
    }

    #[test]
    fn unwanted_family_in_a_tree_is_a_violation() {
        let violations = unwanted_families(TREE, &["sqlx", "axum"], "here");
        assert_eq!(violations, ["sqlx is here", "sqlx-core is here"]);
        assert!(unwanted_families(TREE, &["tokio"], "here").is_empty());
    }

    #[test]
    fn sqlx_outside_the_server_is_a_violation() {
        assert!(users_of_sqlx(TREE).is_empty());
        let vault = TREE.replace("0 server", "0 vault");
        assert_eq!(users_of_sqlx(&vault), ["vault depends on sqlx: only server may"]);
    }

    #[test]
    fn designed_dependencies_are_allowed() {
        assert!(forbidden_edges(PRODUCT, TESTS).is_empty());
    }

    #[test]
    fn dependency_against_the_design_is_a_violation() {
        let upwards = PRODUCT.replace("0 shared-crypto v0.1.0", "0 shared-crypto v0.1.0\n1 app v0.1.0");
        assert_eq!(forbidden_edges(&upwards, TESTS), ["shared-crypto must not depend on app"]);
        let unlisted = PRODUCT.replace("0 cli v0.1.0", "0 cli v0.1.0\n1 app v0.1.0");
        assert_eq!(forbidden_edges(&unlisted, TESTS), ["cli must not depend on app"]);
    }

    #[test]
    fn only_tests_of_the_command_line_may_depend_on_the_server() {
        let product = PRODUCT.replace("0 cli v0.1.0", "0 cli v0.1.0\n1 server v0.1.0");
        assert_eq!(forbidden_edges(&product, TESTS), ["cli must not depend on server"]);
        let tests = TESTS.replace("0 app v0.1.0", "0 app v0.1.0\n1 server v0.1.0");
        assert_eq!(forbidden_edges(PRODUCT, &tests), ["the tests of app must not depend on server"]);
    }
}
