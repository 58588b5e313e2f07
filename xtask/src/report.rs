//! The table at the end, and the list of the steps.

use std::fmt;
use std::time::Duration;

use anyhow::Result;

use crate::steps::Step;

/// How a step ended.
#[derive(Clone, Copy)]
pub(crate) enum Outcome {
    /// It did its work in that time.
    Passed(Duration),
    /// It failed after that time.
    Failed(Duration),
    /// A step before it failed.
    NotRun,
}

impl Outcome {
    /// The outcome of work that took that long.
    pub(crate) fn of(result: &Result<()>, elapsed: Duration) -> Self {
        if result.is_ok() { Self::Passed(elapsed) } else { Self::Failed(elapsed) }
    }

    fn seconds(self) -> String {
        match self {
            Self::Passed(time) | Self::Failed(time) => format!("{:.1}", time.as_secs_f64()),
            Self::NotRun => "-".to_owned(),
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Passed(_) => "ok",
            Self::Failed(_) => "FAILED",
            Self::NotRun => "not run",
        })
    }
}

/// What happened so far.
#[derive(Default)]
pub(crate) struct Report {
    steps: Vec<(&'static str, Outcome)>,
    closing_lines: Vec<(&'static str, String)>,
}

impl Report {
    /// One more step is over.
    pub(crate) fn add(&mut self, name: &'static str, outcome: Outcome) {
        self.steps.push((name, outcome));
    }

    /// The step's test runner said this at its end.
    pub(crate) fn add_closing_lines(&mut self, name: &'static str, lines: impl Iterator<Item = String>) {
        self.closing_lines.extend(lines.map(|line| (name, line)));
    }

    /// Prints the table, and under it what the test runners said at their end.
    pub(crate) fn print(&self) {
        println!("\n{:<14}{:>9}", "step", "seconds");
        for (name, outcome) in &self.steps {
            println!("{name:<14}{:>9}  {outcome}", outcome.seconds());
        }
        for (at, (name, line)) in self.closing_lines.iter().enumerate() {
            let follows = at > 0 && self.closing_lines[at - 1].0 == *name;
            if !follows {
                println!("\n{name}:");
            }
            println!("  {line}");
        }
    }
}

/// Prints the steps of `cargo xtask test`, in their order.
pub(crate) fn list_steps() {
    for step in Step::ALL {
        println!("{:<14}{}", step.name(), step.about());
    }
}
