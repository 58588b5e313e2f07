//! The steps: what each is called, what it needs, what it does.

pub(crate) mod build;
mod deny;
pub(crate) mod e2e;
mod fences;
mod lint;
mod native;
mod npm;
mod reproduce;
pub(crate) mod wasm;

use anyhow::Result;
use clap::ValueEnum;

use crate::pipeline::Shared;
use crate::tools::Tool;

/// One part of `cargo xtask test`. The order is the order in which they run: the quick ones first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Step {
    Fmt,
    Clippy,
    ClippyWasm,
    Doc,
    Fences,
    Deny,
    Native,
    Doctests,
    Wasm,
    Build,
    E2e,
    Reproduce,
}

impl Step {
    /// All of them.
    pub(crate) const ALL: &[Self] = &[
        Self::Fmt,
        Self::Clippy,
        Self::ClippyWasm,
        Self::Doc,
        Self::Fences,
        Self::Deny,
        Self::Native,
        Self::Doctests,
        Self::Wasm,
        Self::Build,
        Self::E2e,
        Self::Reproduce,
    ];

    /// Those that only read the code.
    pub(crate) const LINT: &[Self] = &[Self::Fmt, Self::Clippy, Self::ClippyWasm, Self::Doc, Self::Fences];

    /// Those that were asked for, in their own order; all of them if none was.
    pub(crate) fn chosen(only: &[Self]) -> Vec<Self> {
        let wanted = |step: &Self| only.is_empty() || only.contains(step);
        Self::ALL.iter().copied().filter(wanted).collect()
    }

    /// What `--only` and the table call it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Fmt => "fmt",
            Self::Clippy => "clippy",
            Self::ClippyWasm => "clippy-wasm",
            Self::Doc => "doc",
            Self::Fences => "fences",
            Self::Deny => "deny",
            Self::Native => "native",
            Self::Doctests => "doctests",
            Self::Wasm => "wasm",
            Self::Build => "build",
            Self::E2e => "e2e",
            Self::Reproduce => "reproduce",
        }
    }

    /// What it does, in one line.
    pub(crate) fn about(self) -> &'static str {
        match self {
            Self::Fmt => "the code is formatted as rustfmt would",
            Self::Clippy => "no warning in what runs on the server",
            Self::ClippyWasm => "no warning in what runs in the browser",
            Self::Doc => "the documentation builds without a warning",
            Self::Fences => "no crate depends on what it must not know",
            Self::Deny => "licences, sources and advisories of everything in the tree",
            Self::Native => "unit and integration tests, with PostgreSQL and SQLite",
            Self::Doctests => "the examples in the documentation",
            Self::Wasm => "the cryptography's tests in a browser's WebAssembly",
            Self::Build => "the product: target/release/ikrypt-server and ikrypt",
            Self::E2e => "the product in a browser and in a terminal",
            Self::Reproduce => "the site, built in another folder, is the same",
        }
    }

    /// The programs it starts.
    pub(crate) fn needs(self) -> &'static [Tool] {
        match self {
            Self::Fmt => &[Tool::Rustfmt],
            Self::Clippy => &[Tool::Clippy],
            Self::ClippyWasm => &[Tool::Clippy, Tool::WasmTarget],
            Self::Doc | Self::Fences | Self::Doctests => &[],
            Self::Deny => &[Tool::CargoDeny],
            Self::Native => &[Tool::Postgres, Tool::PgBouncer, Tool::Iproute],
            Self::Wasm => &[Tool::WasmTarget, Tool::WasmBindgen, Tool::ChromeDriver],
            Self::Build | Self::Reproduce => {
                &[Tool::WasmTarget, Tool::Node, Tool::CargoLeptos, Tool::WasmBindgen, Tool::WasmOpt]
            }
            Self::E2e => &[Tool::Postgres, Tool::Node, Tool::Python, Tool::ReverseProxies, Tool::Browser],
        }
    }

    /// Does it.
    pub(crate) fn run(self, shared: &mut Shared) -> Result<()> {
        match self {
            Self::Fmt => lint::fmt(),
            Self::Clippy => lint::clippy(),
            Self::ClippyWasm => lint::clippy_wasm(),
            Self::Doc => lint::doc(),
            Self::Fences => fences::check(),
            Self::Deny => deny::check(),
            Self::Native => native::tests(shared),
            Self::Doctests => native::doctests(shared),
            Self::Wasm => wasm::tests(shared),
            Self::Build => build::product(),
            Self::E2e => e2e::tests(shared),
            Self::Reproduce => reproduce::check(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_complete_and_named_as_on_the_command_line() {
        assert_eq!(Step::ALL, Step::value_variants());
        for step in Step::ALL {
            let typed = step.to_possible_value().map(|value| value.get_name().to_owned());
            assert_eq!(typed.as_deref(), Some(step.name()));
        }
    }
}
