//! What can be typed after `cargo xtask`.

use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::pipeline::Pipeline;
use crate::steps::{Step, build};
use crate::{bench, postgres, release, report, serve, torture};

/// Builds, runs and tests iKrypt; installs what is missing into tools/.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build the product: target/release/ikrypt-server, with the site inside, and target/release/ikrypt
    Build,
    /// Build the site alone, into target/site
    #[command(hide = true)]
    Site,
    /// Build the product and start it
    Run {
        /// Passed on to ikrypt-server
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<OsString>,
    },
    /// Check, test and build everything, as CI does
    Test {
        /// Only this step (may be given several times)
        #[arg(long, value_name = "STEP")]
        only: Vec<Step>,
        /// List the steps and stop
        #[arg(long)]
        list: bool,
    },
    /// The quick part of `test`: formatting, lints, documentation, dependency fences
    Lint,
    /// Build the product and run the end-to-end tests
    E2e {
        /// Passed on to Playwright
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<OsString>,
    },
    /// Build the product and take pictures of every page and state, into screenshots/
    Screenshots,
    /// Measure creates, reveals and pages beside pgbench, and write docs/benchmarks.md
    Bench {
        /// Write nothing, and fail where a figure is worse by a third than in that document
        #[arg(long)]
        check: bool,
        /// Passed on to ikrypt-bench
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<OsString>,
    },
    /// Build what is given to others into dist/: programs, archive, Debian package, hashes
    Release,
    /// The long tests: fuzzing, 200 kills on each database, thousands of random stories, a soak
    Torture {
        /// Minutes for each of the four fuzzers
        #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..))]
        minutes: u32,
    },
    /// Run one command with `DATABASE_URL` set to a throw-away PostgreSQL
    Postgres {
        /// The command and its arguments
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
        command: Vec<OsString>,
    },
}

/// Reads the command line and does what it says.
pub(crate) fn run() -> Result<ExitCode> {
    match Cli::parse().command {
        Command::Build => Pipeline::new(&[Step::Build]).run(),
        Command::Site => build::site().map(|()| ExitCode::SUCCESS),
        Command::Run { args } => serve::run(&args),
        Command::Test { list: true, .. } => {
            report::list_steps();
            Ok(ExitCode::SUCCESS)
        }
        Command::Test { only, .. } => Pipeline::new(&Step::chosen(&only)).run(),
        Command::Lint => Pipeline::new(Step::LINT).run(),
        Command::E2e { args } => Pipeline::new(&[Step::Build, Step::E2e]).with_playwright_args(args).run(),
        Command::Screenshots => Pipeline::new(&[Step::Build, Step::E2e])
            .with_playwright_args(["--config", "pictures.config.ts"].map(OsString::from).to_vec())
            .run(),
        Command::Bench { check, args } => bench::measure(check, &args),
        Command::Release => release::make(),
        Command::Torture { minutes } => torture::run_all(minutes),
        Command::Postgres { command } => postgres::run_with_database(&command),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn arguments_after_the_dashes_are_passed_on() {
        let cli = Cli::parse_from(["xtask", "postgres", "--", "psql", "-c", "select 1"]);
        let Command::Postgres { command } = cli.command else { panic!("not postgres") };
        assert_eq!(command, ["psql", "-c", "select 1"]);
    }

    #[test]
    fn steps_are_chosen_by_name() {
        let cli = Cli::parse_from(["xtask", "test", "--only", "e2e", "--only", "clippy-wasm"]);
        let Command::Test { only, .. } = cli.command else { panic!("not test") };
        assert_eq!(Step::chosen(&only), [Step::ClippyWasm, Step::E2e]);
    }
}
