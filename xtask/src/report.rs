//! The table of results at the end of a run.

use std::fmt;
use std::time::Duration;

use anyhow::Result;

/// How a step ended.
#[derive(Clone, Copy)]
pub(crate) enum StepStatus {
    /// The step succeeded after this time.
    Passed(Duration),
    /// The step failed after this time.
    Failed(Duration),
    /// An earlier step failed.
    NotRun,
}

impl StepStatus {
    /// Returns the status of a step with this result and duration.
    pub(crate) fn new(result: &Result<()>, elapsed: Duration) -> Self {
        if result.is_ok() { Self::Passed(elapsed) } else { Self::Failed(elapsed) }
    }

    fn seconds(self) -> String {
        match self {
            Self::Passed(time) | Self::Failed(time) => format!("{:.1}", time.as_secs_f64()),
            Self::NotRun => "-".to_owned(),
        }
    }
}

impl fmt::Display for StepStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Passed(_) => "ok",
            Self::Failed(_) => "FAILED",
            Self::NotRun => "not run",
        })
    }
}

/// The results so far, in the order of the steps.
#[derive(Default)]
pub(crate) struct Report {
    steps: Vec<(&'static str, StepStatus)>,
}

impl Report {
    /// Adds the result of one step.
    pub(crate) fn add(&mut self, name: &'static str, status: StepStatus) {
        self.steps.push((name, status));
    }

    /// Prints the table.
    pub(crate) fn print(&self) {
        println!("\n{:<18}{:>9}", "step", "seconds");
        for (name, status) in &self.steps {
            println!("{name:<18}{:>9}  {status}", status.seconds());
        }
    }
}
