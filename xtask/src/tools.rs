//! The programs that the steps start: is there one that fits, and if not, where from.
//!
//! What is installed goes into the git-ignored `tools/`, which stands first on the `PATH` of
//! everything started from here. Only Debian's packages (as root, in containers) go elsewhere.

mod apt;
mod browser;
mod cargo_install;
mod deny;
mod iproute;
mod leptos;
mod node;
mod pgbouncer;
mod python;
mod reverse_proxies;
mod rust;
mod version;
mod wasm_bindgen;
mod wasm_opt;

use anyhow::Result;

use crate::postgres;
use crate::steps::Step;

pub(crate) use apt::{install as apt_install, is_root};
pub(crate) use browser::{browser, chrome_driver};
pub(crate) use cargo_install::CARGO_DEB;
pub(crate) use python::programs as python_programs;
pub(crate) use reverse_proxies::REVERSE_PROXIES;
pub(crate) use rust::WASM;
pub(crate) use version::Version;

/// A program that some step cannot do without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tool {
    Rustfmt,
    Clippy,
    WasmTarget,
    CargoLeptos,
    CargoDeny,
    WasmBindgen,
    WasmOpt,
    Node,
    Python,
    ReverseProxies,
    PgBouncer,
    Browser,
    ChromeDriver,
    Postgres,
    Iproute,
}

impl Tool {
    /// Makes sure that it is there.
    fn ensure(self) -> Result<()> {
        match self {
            Self::Rustfmt => rust::component("rustfmt", "fmt"),
            Self::Clippy => rust::component("clippy", "clippy"),
            Self::WasmTarget => rust::wasm_target(),
            Self::CargoLeptos => leptos::ensure(),
            Self::CargoDeny => deny::ensure(),
            Self::WasmBindgen => wasm_bindgen::ensure(),
            Self::WasmOpt => wasm_opt::ensure(),
            Self::Node => node::ensure(),
            Self::Python => python::ensure(),
            Self::ReverseProxies => reverse_proxies::ensure(),
            Self::PgBouncer => pgbouncer::ensure(),
            Self::Browser => {
                browser::ensure();
                Ok(())
            }
            Self::ChromeDriver => browser::ensure_driver(),
            Self::Postgres => postgres::ensure(),
            Self::Iproute => iproute::ensure(),
        }
    }
}

/// Makes sure that all is there that these steps need.
pub(crate) fn ensure(steps: &[Step]) -> Result<()> {
    let mut done = Vec::new();
    for &tool in steps.iter().flat_map(|step| step.needs()) {
        if !done.contains(&tool) {
            tool.ensure()?;
            done.push(tool);
        }
    }
    Ok(())
}
