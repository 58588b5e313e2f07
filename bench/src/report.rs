//! Formats the results as Markdown, and compares them with published ones.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result};

use crate::load::Measurement;
use crate::stats::spread;

/// The lines around the table in its document.
const BEGIN: &str = "<!-- begin: written by `cargo xtask bench` -->\n";
const END: &str = "<!-- end -->\n";
/// The part of an earlier figure below which a figure counts as a regression, and not as noise.
const TOLERATED_PART: f64 = 2.0 / 3.0;

/// The results of all rounds.
#[derive(Default)]
pub(crate) struct Table {
    /// Name, number of clients, and the measurement of each round.
    measurements: Vec<(String, usize, Vec<Measurement>)>,
    figures: BTreeMap<String, Figure>,
}

/// A figure with a goal, such as a ratio of two measurements.
struct Figure {
    goal: f64,
    higher_is_better: bool,
    /// One value for each round.
    values: Vec<f64>,
}

impl Table {
    /// Adds the measurement of a round.
    pub(crate) fn add_measurement(&mut self, name: &str, clients: usize, measurement: &Measurement) {
        match self.measurements.iter_mut().find(|(known, number, _)| known == name && *number == clients) {
            Some((.., rounds)) => rounds.push(*measurement),
            None => self.measurements.push((name.to_owned(), clients, vec![*measurement])),
        }
    }

    /// Adds a round's value of a figure that should be at least the goal.
    pub(crate) fn at_least(&mut self, name: &str, goal: f64, value: f64) {
        self.add_value(name, goal, true, value);
    }

    /// Adds a round's value of a figure that should be at most the goal.
    pub(crate) fn at_most(&mut self, name: &str, goal: f64, value: f64) {
        self.add_value(name, goal, false, value);
    }

    fn add_value(&mut self, name: &str, goal: f64, higher_is_better: bool, value: f64) {
        let new = Figure { goal, higher_is_better, values: Vec::new() };
        self.figures.entry(name.to_owned()).or_insert(new).values.push(value);
    }

    /// Returns the names of the figures that are a third worse than in an earlier table. Skips figures that only one table
    /// has, and absolute times and rates, since the earlier ones may be those of another machine.
    pub(crate) fn worse_than(&self, earlier: &str) -> Result<Vec<&str>> {
        let (mut compared, mut worse) = (0, Vec::new());
        for (name, figure) in &self.figures {
            let row = earlier.lines().find_map(|line| line.strip_prefix(&format!("| {name} | ")));
            let before = row.and_then(|row| row.split(' ').next()?.parse::<f64>().ok());
            let Some(before) = before.filter(|_| !name.ends_with("/s") && !name.ends_with(" ms")) else {
                continue;
            };
            let [median, ..] = spread(&figure.values);
            compared += 1;
            let is_worse = if figure.higher_is_better {
                median < before * TOLERATED_PART
            } else {
                median > before / TOLERATED_PART
            };
            if is_worse {
                worse.push(name.as_str());
            }
        }
        anyhow::ensure!(compared > 0, "the earlier table contains none of these figures");
        Ok(worse)
    }

    /// Formats both tables: figures with goals, and measurements.
    pub(crate) fn markdown(&self) -> String {
        let mut text = String::from("| | median | spread | goal | |\n| --- | --- | --- | --- | --- |\n");
        for (name, Figure { goal, higher_is_better, values }) in &self.figures {
            let [median, minimum, maximum] = spread(values);
            let (sign, reached) =
                if *higher_is_better { ("≥", median >= *goal) } else { ("≤", median <= *goal) };
            let verdict = if reached { "reached" } else { "missed" };
            line(
                &mut text,
                format_args!(
                    "| {name} | {median:.2} | {minimum:.2} to {maximum:.2} | {sign} {goal} | {verdict} |"
                ),
            );
        }
        text.push_str(
            "\n| | clients | per second | spread | median | p99 |\n| --- | --- | --- | --- | --- | --- |\n",
        );
        for (name, clients, rounds) in &self.measurements {
            let of = |field: fn(&Measurement) -> f64| spread(&rounds.iter().map(field).collect::<Vec<_>>());
            let [rate, minimum, maximum] = of(|run| run.per_second);
            let ([median, ..], [p99, ..]) = (of(|run| run.median_ms), of(|run| run.p99_ms));
            line(
                &mut text,
                format_args!(
                    "| {name} | {clients} | {rate:.0} | {minimum:.0} to {maximum:.0} | {median:.2} ms | {p99:.2} ms |"
                ),
            );
        }
        text
    }
}

fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    // Writing into a string does not fail.
    writeln!(text, "{line}").unwrap_or_default();
}

/// Describes the machine in one line.
pub(crate) fn machine() -> Result<String> {
    let read = |path: &str| std::fs::read_to_string(path).with_context(|| format!("cannot read {path}"));
    let value = |text: &str, name: &str| {
        let line = text.lines().find(|line| line.starts_with(name))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    };
    let (cpu, memory) = (read("/proc/cpuinfo")?, read("/proc/meminfo")?);
    let cores = cpu.lines().filter(|line| line.starts_with("processor")).count();
    let model = value(&cpu, "model name").unwrap_or_else(|| "an unknown processor".to_owned());
    let kibibytes = value(&memory, "MemTotal").unwrap_or_default();
    let kibibytes: u64 = kibibytes.trim_end_matches("kB").trim().parse().unwrap_or_default();
    Ok(format!("{cores} cores of {model}, {} GiB, Linux.", kibibytes >> 20))
}

/// Replaces the table in a document.
pub(crate) fn replace(path: &Path, table: &str) -> Result<()> {
    let text = std::fs::read_to_string(path)?;
    let (before, rest) =
        text.split_once(BEGIN).context("the document has no line `begin: written by ...`")?;
    let (_, after) = rest.split_once(END).context("the document has no line `end`")?;
    Ok(std::fs::write(path, format!("{before}{BEGIN}\n{table}\n{END}{after}"))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_that_are_a_third_worse_are_named() {
        let mut before = Table::default();
        before.at_least("rate", 1.0, 0.9);
        before.at_most("latency", 1.5, 2.0);
        before.at_least("absolute, MB/s", 1.0, 2.0);
        let published = format!("text\n{BEGIN}\n{}\n{END}", before.markdown());
        let worse = |rate, latency| {
            let mut now = Table::default();
            now.at_least("rate", 1.0, rate);
            now.at_most("latency", 1.5, latency);
            now.at_most("new", 1.0, 99.0);
            now.at_least("absolute, MB/s", 1.0, 0.1);
            now.worse_than(&published).unwrap().into_iter().map(str::to_owned).collect::<Vec<_>>()
        };
        assert!(worse(0.61, 2.9).is_empty());
        assert_eq!(worse(0.59, 2.0), ["rate"]);
        assert_eq!(worse(2.0, 3.1), ["latency"]);
        assert!(before.worse_than("another text").is_err());
    }
}
