//! The steps of `cargo xtask test`: their names, the tools they need, and what they run.

pub(crate) mod build;
mod deny;
mod dependency_rules;
pub(crate) mod e2e;
mod lint;
mod native;
mod npm;
mod reproduce;
pub(crate) mod wasm;

use anyhow::Result;
use clap::ValueEnum;

use crate::context::StepContext;
use crate::tools::Tool;

/// One part of `cargo xtask test`, in the order in which the steps run: the quick ones first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Step {
    Fmt,
    Clippy,
    ClippyWasm,
    Doc,
    #[value(alias = "fences")]
    DependencyRules,
    Deny,
    Native,
    Doctests,
    Wasm,
    Build,
    E2e,
    Reproduce,
}

impl Step {
    /// Every step.
    pub(crate) const ALL: &[Self] = &[
        Self::Fmt,
        Self::Clippy,
        Self::ClippyWasm,
        Self::Doc,
        Self::DependencyRules,
        Self::Deny,
        Self::Native,
        Self::Doctests,
        Self::Wasm,
        Self::Build,
        Self::E2e,
        Self::Reproduce,
    ];

    /// The steps that only read the code.
    pub(crate) const LINT: &[Self] =
        &[Self::Fmt, Self::Clippy, Self::ClippyWasm, Self::Doc, Self::DependencyRules];

    /// Returns the steps in `only`, in the order in which they run; every step if `only` is empty.
    pub(crate) fn select(only: &[Self]) -> Vec<Self> {
        let is_selected = |step: &Self| only.is_empty() || only.contains(step);
        Self::ALL.iter().copied().filter(is_selected).collect()
    }

    /// Returns the name that `--only` and the table use.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Fmt => "fmt",
            Self::Clippy => "clippy",
            Self::ClippyWasm => "clippy-wasm",
            Self::Doc => "doc",
            Self::DependencyRules => "dependency-rules",
            Self::Deny => "deny",
            Self::Native => "native",
            Self::Doctests => "doctests",
            Self::Wasm => "wasm",
            Self::Build => "build",
            Self::E2e => "e2e",
            Self::Reproduce => "reproduce",
        }
    }

    /// Describes the step in one line.
    fn description(self) -> &'static str {
        match self {
            Self::Fmt => "the code is formatted",
            Self::Clippy => "no warnings in the code for servers and terminals",
            Self::ClippyWasm => "no warnings in the code for browsers",
            Self::Doc => "the documentation builds without warnings",
            Self::DependencyRules => "crates depend only on what the design allows",
            Self::Deny => "licences, sources and advisories of every dependency",
            Self::Native => "unit and integration tests, on PostgreSQL and SQLite",
            Self::Doctests => "examples in the documentation",
            Self::Wasm => "tests of the cryptography in a browser's WebAssembly",
            Self::Build => "build the product: target/release/ikrypt-server and ikrypt",
            Self::E2e => "end-to-end tests of the product, in a browser and a terminal",
            Self::Reproduce => "the site, built in another folder, has the same bytes",
        }
    }

    /// Returns the tools that the step starts.
    pub(crate) fn tools(self) -> &'static [Tool] {
        match self {
            Self::Fmt => &[Tool::Rustfmt],
            Self::Clippy => &[Tool::Clippy],
            Self::ClippyWasm => &[Tool::Clippy, Tool::WasmTarget],
            Self::Doc | Self::DependencyRules | Self::Doctests => &[],
            Self::Deny => &[Tool::CargoDeny],
            Self::Native => &[Tool::Postgres, Tool::PgBouncer, Tool::Iproute],
            Self::Wasm => &[Tool::WasmTarget, Tool::WasmBindgen, Tool::ChromeDriver],
            Self::Build | Self::Reproduce => {
                &[Tool::WasmTarget, Tool::Node, Tool::CargoLeptos, Tool::WasmBindgen, Tool::WasmOpt]
            }
            Self::E2e => &[Tool::Postgres, Tool::Node, Tool::Python, Tool::ReverseProxies, Tool::Browser],
        }
    }

    /// Runs the step.
    pub(crate) fn run(self, context: &mut StepContext) -> Result<()> {
        match self {
            Self::Fmt => lint::fmt(),
            Self::Clippy => lint::clippy(),
            Self::ClippyWasm => lint::clippy_wasm(),
            Self::Doc => lint::doc(),
            Self::DependencyRules => dependency_rules::check(),
            Self::Deny => deny::check(),
            Self::Native => native::run_tests(context),
            Self::Doctests => native::run_doctests(),
            Self::Wasm => wasm::run_tests(),
            Self::Build => build::build_product(),
            Self::E2e => e2e::run_tests(context),
            Self::Reproduce => reproduce::check(),
        }
    }
}

/// Prints every step with its description.
pub(crate) fn list() {
    for step in Step::ALL {
        println!("{:<18}{}", step.name(), step.description());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn step_list_is_complete_and_uses_the_command_line_names() {
        assert_eq!(Step::ALL, Step::value_variants());
        for step in Step::ALL {
            let value_name = step.to_possible_value().map(|value| value.get_name().to_owned());
            assert_eq!(value_name.as_deref(), Some(step.name()));
        }
    }
}
