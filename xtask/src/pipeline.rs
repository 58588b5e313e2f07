//! Runs steps one after the other, stops at the first that fails, and sums up.

use std::ffi::OsString;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context as _, Result};

use crate::postgres::Postgres;
use crate::report::{Outcome, Report};
use crate::steps::Step;
use crate::tools;

/// The steps to run, and what they share.
pub(crate) struct Pipeline {
    steps: Vec<Step>,
    shared: Shared,
}

/// What lives as long as the run: the database is started by the first step that wants one.
#[derive(Default)]
pub(crate) struct Shared {
    postgres: Option<Postgres>,
    /// What the command line wants passed on to Playwright.
    pub(crate) playwright_args: Vec<OsString>,
    /// The lines in which a test runner says how many tests passed, of the step that runs.
    pub(crate) closing_lines: Vec<String>,
}

impl Shared {
    /// The address of a PostgreSQL that tests may do with as they please.
    pub(crate) fn database_url(&mut self) -> Result<String> {
        let postgres = match self.postgres.take() {
            Some(postgres) => postgres,
            None => Postgres::given_or_started()?,
        };
        Ok(self.postgres.insert(postgres).url().to_owned())
    }
}

impl Pipeline {
    /// These steps, in this order.
    pub(crate) fn new(steps: &[Step]) -> Self {
        Self { steps: steps.to_vec(), shared: Shared::default() }
    }

    /// Playwright gets these arguments besides its own.
    pub(crate) fn with_playwright_args(mut self, args: Vec<OsString>) -> Self {
        self.shared.playwright_args = args;
        self
    }

    /// Runs the steps and, if they are several, prints the table. What is missing is installed
    /// before the first of them: better to hear of it now than after twenty minutes.
    pub(crate) fn run(mut self) -> Result<ExitCode> {
        let mut report = Report::default();
        let steps = self.steps.clone();
        let mut result = self.timed(&mut report, "tools", |_| tools::ensure(&steps));
        for step in &steps {
            if result.is_ok() {
                result = self.timed(&mut report, step.name(), |shared| step.run(shared));
            } else {
                report.add(step.name(), Outcome::NotRun);
            }
        }
        // Before the table, so that the table is what stands last.
        drop(self.shared);
        if steps.len() > 1 {
            report.print();
        }
        result.map(|()| ExitCode::SUCCESS)
    }

    fn timed(
        &mut self,
        report: &mut Report,
        name: &'static str,
        work: impl FnOnce(&mut Shared) -> Result<()>,
    ) -> Result<()> {
        eprintln!("\n==> {name}");
        let start = Instant::now();
        let result = work(&mut self.shared).with_context(|| format!("step {name}"));
        let elapsed = start.elapsed();
        report.add(name, Outcome::of(&result, elapsed));
        report.add_closing_lines(name, self.shared.closing_lines.drain(..));
        eprintln!("==> {name}: {} after {:.1} s", Outcome::of(&result, elapsed), elapsed.as_secs_f64());
        result
    }
}
