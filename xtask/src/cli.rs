//! The command line of `cargo xtask`.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::pipeline::Pipeline;
use crate::steps::{Step, build};
use crate::{bench, postgres, release, serve, steps, stress};

/// Builds, runs and tests iKrypt; installs missing programs into tools/
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build the product: target/release/ikrypt-server, which contains the site, and target/release/ikrypt
    Build,
    /// Build only the site, into target/site
    #[command(hide = true)]
    Site,
    /// Build the product and start it
    Run {
        /// Passed on to ikrypt-server
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<OsString>,
    },
    /// Check, build and test everything, as CI does
    Test {
        /// Run only this step (repeatable)
        #[arg(long, value_name = "STEP")]
        only: Vec<Step>,
        /// List the steps and exit
        #[arg(long)]
        list: bool,
    },
    /// Run the quick part of `test`: formatting, lints, documentation, dependency rules
    Lint,
    /// Build the product and run the end-to-end tests
    E2e {
        /// Passed on to Playwright
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<OsString>,
    },
    /// Build the product, take screenshots of every page and state into screenshots/, and run Lighthouse
    Screenshots,
    /// Measure creates, reveals and pages, compare them with pgbench, and update docs/benchmarks.md
    Bench {
        /// Write nothing, and fail if a figure is a third worse than in that document
        #[arg(long)]
        check: bool,
        /// Only compare the product with another ikrypt-server, in alternating pairs
        #[arg(long, value_name = "PROGRAM", conflicts_with = "check")]
        compare: Option<PathBuf>,
        /// Passed on to ikrypt-bench
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<OsString>,
    },
    /// Build a release into dist/: programs, archive, Debian package, hashes
    Release,
    /// Run the long tests: fuzzing, 200 kills on each database, thousands of random scenarios, a soak test
    #[command(alias = "torture")]
    Stress {
        /// Minutes for each of the four fuzzers
        #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..))]
        minutes: u32,
    },
    /// Run a command with `DATABASE_URL` set to a throw-away PostgreSQL
    Postgres {
        /// The command and its arguments
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
        command: Vec<OsString>,
    },
}

/// Parses the command line and runs the command.
pub(crate) fn run() -> Result<ExitCode> {
    match Cli::parse().command {
        Command::Build => Pipeline::new(&[Step::Build]).run(),
        Command::Site => build::build_site().map(|()| ExitCode::SUCCESS),
        Command::Run { args } => serve::run(&args),
        Command::Test { list: true, .. } => {
            steps::list();
            Ok(ExitCode::SUCCESS)
        }
        Command::Test { only, .. } => Pipeline::new(&Step::select(&only)).run(),
        Command::Lint => Pipeline::new(Step::LINT).run(),
        Command::E2e { args } => Pipeline::new(&[Step::Build, Step::E2e]).with_playwright_args(args).run(),
        Command::Screenshots => Pipeline::new(&[Step::Build, Step::E2e])
            .with_playwright_args(["--config", "screenshots.config.ts"].map(OsString::from).to_vec())
            .run(),
        Command::Bench { compare: Some(other), args, .. } => bench::compare(&other, &args),
        Command::Bench { check, args, .. } => bench::measure(check, &args),
        Command::Release => release::make(),
        Command::Stress { minutes } => stress::run_all(minutes),
        Command::Postgres { command } => postgres::run_with_database(&command),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn command_line_definition_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn arguments_after_two_dashes_are_passed_on() {
        let cli = Cli::parse_from(["xtask", "postgres", "--", "psql", "-c", "select 1"]);
        let Command::Postgres { command } = cli.command else { panic!("not postgres") };
        assert_eq!(command, ["psql", "-c", "select 1"]);
    }

    #[test]
    fn steps_are_selected_by_name() {
        let cli = Cli::parse_from(["xtask", "test", "--only", "e2e", "--only", "clippy-wasm"]);
        let Command::Test { only, .. } = cli.command else { panic!("not test") };
        assert_eq!(Step::select(&only), [Step::ClippyWasm, Step::E2e]);
    }

    #[test]
    fn earlier_names_of_steps_and_commands_are_accepted() {
        let cli = Cli::parse_from(["xtask", "test", "--only", "fences"]);
        let Command::Test { only, .. } = cli.command else { panic!("not test") };
        assert_eq!(only, [Step::DependencyRules]);
        let cli = Cli::parse_from(["xtask", "torture", "--minutes", "3"]);
        assert!(matches!(cli.command, Command::Stress { minutes: 3 }));
    }
}
