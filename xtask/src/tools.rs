//! Finds or installs the programs that the steps start.
//!
//! Programs are installed into the git-ignored `tools/`, which comes first on the `PATH` of every command started
//! here. Only Debian packages (as root, in containers) are installed elsewhere.

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
mod wasm_bindgen;
mod wasm_opt;

use anyhow::Result;

use crate::postgres;

pub(crate) use browser::{browser, chrome_driver};
pub(crate) use cargo_install::CARGO_DEB;
pub(crate) use python::programs as python_programs;
pub(crate) use reverse_proxies::REVERSE_PROXIES;
pub(crate) use rust::WASM;

/// A program that some step needs.
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
    /// Installs the program if it is missing or too old, or fails with instructions if it cannot be installed here.
    fn ensure_installed(self) -> Result<()> {
        match self {
            Self::Rustfmt => rust::ensure_component("rustfmt", "fmt"),
            Self::Clippy => rust::ensure_component("clippy", "clippy"),
            Self::WasmTarget => rust::ensure_wasm_target(),
            Self::CargoLeptos => leptos::ensure_installed(),
            Self::CargoDeny => deny::ensure_installed(),
            Self::WasmBindgen => wasm_bindgen::ensure_installed(),
            Self::WasmOpt => wasm_opt::ensure_installed(),
            Self::Node => node::ensure_installed(),
            Self::Python => python::ensure_installed(),
            Self::ReverseProxies => reverse_proxies::ensure_installed(),
            Self::PgBouncer => pgbouncer::ensure_installed(),
            Self::Browser => {
                browser::ensure_browser();
                Ok(())
            }
            Self::ChromeDriver => browser::ensure_chrome_driver(),
            Self::Postgres => postgres::ensure_installed(),
            Self::Iproute => iproute::ensure_installed(),
        }
    }
}

/// Installs those of the tools that are missing. A tool may occur several times.
pub(crate) fn ensure_installed(tools: impl IntoIterator<Item = Tool>) -> Result<()> {
    let mut done = Vec::new();
    for tool in tools {
        if !done.contains(&tool) {
            tool.ensure_installed()?;
            done.push(tool);
        }
    }
    Ok(())
}
