//! Tables in Markdown.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result};

use crate::client::Load;
use crate::stats::spread;

/// Between these the table stands in its document.
const BEGIN: &str = "<!-- begin: written by `cargo xtask bench` -->\n";
const END: &str = "<!-- end -->\n";
/// Worse than this part of what it was is a regression, not noise.
const TOLERATED: f64 = 2.0 / 3.0;

/// What was measured, round by round.
#[derive(Default)]
pub(crate) struct Table {
    loads: Vec<(String, usize, Vec<Load>)>,
    ratios: BTreeMap<String, Ratio>,
}

struct Ratio {
    goal: f64,
    /// Whether more is better.
    more: bool,
    values: Vec<f64>,
}

impl Table {
    /// A measurement with so many clients.
    pub(crate) fn load(&mut self, what: &str, clients: usize, load: &Load) {
        match self.loads.iter_mut().find(|(name, number, _)| name == what && *number == clients) {
            Some((.., loads)) => loads.push(*load),
            None => self.loads.push((what.to_owned(), clients, vec![*load])),
        }
    }

    /// A ratio that is the better the larger it is.
    pub(crate) fn at_least(&mut self, what: &str, goal: f64, value: f64) {
        self.ratio(what, goal, true, value);
    }

    /// A ratio that is the better the smaller it is.
    pub(crate) fn at_most(&mut self, what: &str, goal: f64, value: f64) {
        self.ratio(what, goal, false, value);
    }

    fn ratio(&mut self, what: &str, goal: f64, more: bool, value: f64) {
        let ratio = self.ratios.entry(what.to_owned()).or_insert(Ratio { goal, more, values: Vec::new() });
        ratio.values.push(value);
    }

    /// What is worse by a third than in an earlier table. What one of the two does not have is not compared, and
    /// neither are times and rates as they are, since they may be another machine's.
    pub(crate) fn worse_than(&self, earlier: &str) -> Result<Vec<&str>> {
        let (mut compared, mut worse) = (0, Vec::new());
        for (what, ratio) in &self.ratios {
            let row = earlier.lines().find_map(|line| line.strip_prefix(&format!("| {what} | ")));
            let before = row.and_then(|row| row.split(' ').next()?.parse::<f64>().ok());
            let Some(before) = before.filter(|_| !what.ends_with("/s") && !what.ends_with(" ms")) else {
                continue;
            };
            let [median, ..] = spread(&ratio.values);
            compared += 1;
            let is_worse = if ratio.more { median < before * TOLERATED } else { median > before / TOLERATED };
            if is_worse {
                worse.push(what.as_str());
            }
        }
        anyhow::ensure!(compared > 0, "the earlier table has none of these figures");
        Ok(worse)
    }

    pub(crate) fn markdown(&self) -> String {
        let mut text = String::from("| | median | spread | goal | |\n| --- | --- | --- | --- | --- |\n");
        for (what, Ratio { goal, more, values }) in &self.ratios {
            let [median, least, most] = spread(values);
            let (sign, reached) = if *more { ("≥", median >= *goal) } else { ("≤", median <= *goal) };
            let verdict = if reached { "reached" } else { "missed" };
            line(
                &mut text,
                format_args!(
                    "| {what} | {median:.2} | {least:.2} to {most:.2} | {sign} {goal} | {verdict} |"
                ),
            );
        }
        text.push_str(
            "\n| | clients | a second | spread | median | p99 |\n| --- | --- | --- | --- | --- | --- |\n",
        );
        for (what, clients, loads) in &self.loads {
            let of = |field: fn(&Load) -> f64| spread(&loads.iter().map(field).collect::<Vec<_>>());
            let [rate, least, most] = of(|load| load.per_second);
            let ([median, ..], [p99, ..]) = (of(|load| load.median), of(|load| load.p99));
            line(
                &mut text,
                format_args!(
                    "| {what} | {clients} | {rate:.0} | {least:.0} to {most:.0} | {median:.2} ms | {p99:.2} ms |"
                ),
            );
        }
        text
    }
}

fn line(text: &mut String, what: std::fmt::Arguments<'_>) {
    // Writing into a string does not fail.
    writeln!(text, "{what}").unwrap_or_default();
}

/// One line about the machine.
pub(crate) fn machine() -> Result<String> {
    let read = |path: &str| std::fs::read_to_string(path).with_context(|| format!("cannot read {path}"));
    let value = |text: &str, name: &str| {
        let line = text.lines().find(|line| line.starts_with(name))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    };
    let (cpu, memory) = (read("/proc/cpuinfo")?, read("/proc/meminfo")?);
    let cores = cpu.lines().filter(|line| line.starts_with("processor")).count();
    let model = value(&cpu, "model name").unwrap_or_else(|| "a processor without a name".to_owned());
    let kibibytes = value(&memory, "MemTotal").unwrap_or_default();
    let kibibytes: u64 = kibibytes.trim_end_matches("kB").trim().parse().unwrap_or_default();
    Ok(format!("{cores} cores of {model}, {} GiB, Linux.", kibibytes >> 20))
}

/// Puts a new table in the place of the old one.
pub(crate) fn replace(path: &Path, table: &str) -> Result<()> {
    let text = std::fs::read_to_string(path)?;
    let (before, rest) = text.split_once(BEGIN).context("it has no place for the table")?;
    let (_, after) = rest.split_once(END).context("the place for the table has no end")?;
    Ok(std::fs::write(path, format!("{before}{BEGIN}\n{table}\n{END}{after}"))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_got_worse_by_a_third_is_named() {
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
