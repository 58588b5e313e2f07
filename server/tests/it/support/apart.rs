//! Runs a test of this binary in a process of its own, where a shell prepares what the process needs.

use std::process::Stdio;

use tokio::process::Command;

/// Runs the ignored test of this name after the shell commands. Panics with its output if it fails.
pub(crate) async fn run_apart(program: &[&str], prepare: &str, test: &str) {
    let script = format!("set -e; {prepare}; exec \"$0\" --exact '{test}' --ignored --nocapture");
    let mut command = Command::new(program[0]);
    command.args(&program[1..]).args(["sh", "-c", &script]).arg(std::env::current_exe().unwrap());
    let output = command.stdin(Stdio::null()).kill_on_drop(true).output().await.unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(
        output.status.success() && said.contains("1 passed"),
        "{test} failed in its own process:\n{said}"
    );
}

/// Allows many open files: the usual limit is 1,024.
pub(crate) const MANY_FILES: &str = "ulimit -n 8192 2>/dev/null || ulimit -n $(ulimit -Hn)";
