//! cargo-deny, which looks at licences, sources and advisories of everything in the tree.

use anyhow::Result;

use super::cargo_install::Program;

/// Any newer one reads the same `deny.toml`.
const VERSION: &str = "0.20.2";

/// Makes sure that cargo-deny is there.
pub(super) fn ensure() -> Result<()> {
    Program { name: "cargo-deny", version: VERSION, locked: true, takes: "2 minutes" }.ensure()
}
