//! Copies text to the clipboard with the program that the system provides. A clipboard library would need the libraries
//! of X11 and Wayland, and its content would disappear when this program ends.

use std::env;
use std::io::{self, IsTerminal as _, Write as _};
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use crate::error::CommandError;

/// Copies text to the clipboard. Passes it to programs through standard input, because other users of the machine can
/// see arguments.
pub(crate) fn copy(text: &str) -> Result<(), CommandError> {
    let is_set = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
    let mut commands: Vec<&[&str]> = vec![&["pbcopy"], &["clip.exe"]];
    if is_set("DISPLAY") {
        commands.splice(
            0..0,
            [&["xclip", "-selection", "clipboard"] as &[_], &["xsel", "--clipboard", "--input"]],
        );
    }
    if is_set("WAYLAND_DISPLAY") {
        commands.insert(0, &["wl-copy"]);
    }
    if commands.into_iter().any(|command| pipe_into(command, text).is_ok()) {
        return Ok(());
    }
    // OSC 52 asks the terminal itself, and also works over ssh.
    let mut terminal = io::stderr();
    if terminal.is_terminal() {
        let sequence = format!("\x1b]52;c;{}\x07", BASE64_STANDARD.encode(text));
        return terminal
            .write_all(sequence.as_bytes())
            .map_err(|error| CommandError::Local(error.to_string()));
    }
    Err(CommandError::Local(
        "the link was created, but no clipboard was found: install wl-copy, xclip or xsel".to_owned(),
    ))
}

/// Runs a program with its arguments, and writes the text to its standard input.
fn pipe_into(command: &[&str], text: &str) -> io::Result<()> {
    let (program, args) = command.split_first().ok_or(io::ErrorKind::NotFound)?;
    let mut child = Command::new(program)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(text.as_bytes())?;
    }
    if child.wait()?.success() { Ok(()) } else { Err(io::ErrorKind::Other.into()) }
}
