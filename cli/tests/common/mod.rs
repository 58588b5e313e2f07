//! Runs `ikrypt`, and a stub of the server for it.
#![allow(dead_code, reason = "each test uses only some of these helpers")]
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a failure in a test may panic")]

pub(crate) mod stub_server;

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// Runs `ikrypt` in a folder, without a terminal and without a configuration file.
pub(crate) fn ikrypt(folder: &Path, args: &[&str], input: &str) -> Output {
    ikrypt_with(folder, args, input, &[])
}

/// Runs `ikrypt` with additional environment variables.
pub(crate) fn ikrypt_with(folder: &Path, args: &[&str], input: &str, variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ikrypt"));
    command.args(args).current_dir(folder);
    command.env("HOME", "/nonexistent").env("XDG_CONFIG_HOME", "/nonexistent").env("TZ", "UTC");
    for variable in ["IKRYPT_SERVER", "IKRYPT_TOKEN"] {
        command.env_remove(variable);
    }
    command.envs(variables.iter().copied());
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut stdin = child.stdin.take().unwrap();
    // A program that ends early does not read its input.
    drop(stdin.write_all(input.as_bytes()));
    drop(stdin);
    child.wait_with_output().unwrap()
}

/// Sends files of a folder with `ikrypt`, and returns the link.
pub(crate) fn send(origin: &str, folder: &Path, files: &[&str]) -> String {
    let args: Vec<&str> = ["send", "--server", origin, "--"].iter().chain(files).copied().collect();
    let sent = ikrypt(folder, &args, "");
    assert!(sent.status.success(), "{}", stderr(&sent));
    String::from_utf8(sent.stdout).unwrap().trim().to_owned()
}

/// Returns what a program wrote to standard error.
pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
