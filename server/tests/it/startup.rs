//! Runs the program `ikrypt-server` as an operator does: environment, messages, signals.

mod environment;
mod migrations;
mod password;
mod signals;
mod slow_database;

use std::ffi::OsStr;
use std::process::{Command, Output, Stdio};

/// Returns a command for the program with only these variables in its environment. Without `DATABASE_URL` it creates a file.
pub(crate) fn server_command<V: AsRef<OsStr>>(variables: &[(&str, V)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ikrypt-server"));
    command.env_clear().env("IKRYPT_LISTEN", "127.0.0.1:0");
    for (name, value) in variables {
        command.env(name, value);
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Returns standard output and standard error.
pub(crate) fn combined_output(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}
