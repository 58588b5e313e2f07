//! The program `ikrypt-server` itself, as an operator starts it: environment, messages, signals.

mod environment;
mod migrations;
mod password;
mod slow_database;
mod stop;

use std::ffi::OsStr;
use std::process::{Command, Output, Stdio};

/// The program with an empty environment but for these variables. Without `DATABASE_URL` it would make a file.
pub(crate) fn program<V: AsRef<OsStr>>(variables: &[(&str, V)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ikrypt-server"));
    command.env_clear().env("IKRYPT_LISTEN", "127.0.0.1:0");
    for (name, value) in variables {
        command.env(name, value);
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Standard output and standard error, after the program has ended.
pub(crate) fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}
