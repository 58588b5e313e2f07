//! Running a test runner: its output goes through, and its closing lines are kept.

use std::io::{self, BufRead as _, BufReader, IsTerminal as _, Write as _};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::{closing, process};

/// Runs it to its end, showing all it says, and returns the lines that say how many tests passed.
///
/// They are returned for a failed run too, since that is when they matter.
pub(crate) fn run(command: &mut Command, closing_lines: &mut Vec<String>) -> Result<()> {
    let (reader, writer) = io::pipe().context("cannot make a pipe")?;
    // One pipe for both, so that their order stays.
    command.stdout(writer.try_clone().context("cannot make a pipe")?).stderr(writer);
    if io::stdout().is_terminal() {
        command.env("CARGO_TERM_COLOR", "always").env("FORCE_COLOR", "1");
    }
    let shown = process::shown(command);
    let mut child = command.spawn().with_context(|| format!("cannot start {shown}"))?;
    // `command` holds the writing ends; while they are open, reading would never end.
    command.stdout(io::stdout()).stderr(io::stderr());

    let mut reader = BufReader::new(reader);
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line)? > 0 {
        io::stdout().write_all(&line)?;
        closing_lines.extend(closing::recognise(&String::from_utf8_lossy(&line)));
        line.clear();
    }
    let status = child.wait()?;
    if !status.success() {
        bail!("{shown} ended with {status}");
    }
    Ok(())
}
