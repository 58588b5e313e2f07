//! Runs steps in order, stops at the first failure, and prints a summary.

use std::ffi::OsString;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context as _, Result};

use crate::context::StepContext;
use crate::report::{Report, StepStatus};
use crate::steps::Step;
use crate::tools;

/// The steps of one run, and their shared context.
pub(crate) struct Pipeline {
    steps: Vec<Step>,
    context: StepContext,
}

impl Pipeline {
    /// Creates a pipeline that runs these steps in this order.
    pub(crate) fn new(steps: &[Step]) -> Self {
        Self { steps: steps.to_vec(), context: StepContext::default() }
    }

    /// Passes these arguments on to Playwright, after its own.
    pub(crate) fn with_playwright_args(mut self, args: Vec<OsString>) -> Self {
        self.context.playwright_args = args;
        self
    }

    /// Runs the steps, and prints the table of results if there are several.
    ///
    /// Missing tools are installed before the first step, so that a tool that cannot be installed fails the run at
    /// once and not after twenty minutes.
    pub(crate) fn run(mut self) -> Result<ExitCode> {
        let mut report = Report::default();
        let steps = self.steps.clone();
        let needed = steps.iter().flat_map(|step| step.tools()).copied();
        let mut result = self.run_timed(&mut report, "tools", |_| tools::ensure_installed(needed));
        for step in &steps {
            if result.is_ok() {
                result = self.run_timed(&mut report, step.name(), |context| step.run(context));
            } else {
                report.add(step.name(), StepStatus::NotRun);
            }
        }
        // Stop the database before the table is printed, so that the table is the last output.
        drop(self.context);
        if steps.len() > 1 {
            report.print();
        }
        result.map(|()| ExitCode::SUCCESS)
    }

    fn run_timed(
        &mut self,
        report: &mut Report,
        name: &'static str,
        work: impl FnOnce(&mut StepContext) -> Result<()>,
    ) -> Result<()> {
        eprintln!("\n==> {name}");
        let start = Instant::now();
        let result = work(&mut self.context).with_context(|| format!("step {name}"));
        let elapsed = start.elapsed();
        let status = StepStatus::new(&result, elapsed);
        report.add(name, status);
        eprintln!("==> {name}: {status} after {:.1} s", elapsed.as_secs_f64());
        result
    }
}
