//! Output to the terminal and input from it.

mod clipboard;
mod format;
mod progress;
mod prompt;
mod qr_code;

use std::io::{self, IsTerminal as _, Write as _};

use crate::error::CommandError;
pub(crate) use clipboard::copy;
pub(crate) use format::{count, duration, escape_control_characters, local_time, times};
pub(crate) use progress::{Progress, spinner, transfer};
pub(crate) use prompt::{confirm, hidden_line, hidden_lines};
pub(crate) use qr_code::qr_code;

/// Prints a line to standard error, and ignores errors: a closed pipe must not end the program after a view was used.
macro_rules! notice {
    ($($text:tt)*) => {{
        use std::io::Write as _;
        drop(writeln!(std::io::stderr(), $($text)*));
    }};
}
pub(crate) use notice;

/// Writes bytes to standard output.
pub(crate) fn print(bytes: &[u8]) -> Result<(), CommandError> {
    let mut out = io::stdout();
    out.write_all(bytes).and_then(|()| out.flush()).map_err(|error| CommandError::standard_output(&error))
}

/// Returns whether a person uses the program interactively. If so, it asks before it uses a view or deletes a secret.
pub(crate) fn is_interactive() -> bool {
    io::stderr().is_terminal() && (io::stdin().is_terminal() || io::stdout().is_terminal())
}
