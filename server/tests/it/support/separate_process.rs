//! Runs a test of this binary in a separate process, after shell commands that prepare the environment.

use std::process::Stdio;

use tokio::process::Command;

/// Runs the ignored test `test` after the shell commands `prepare`. Panics with its output if it fails.
///
/// `program` starts the shell, for example `unshare --net`, or `env` for none.
pub(crate) async fn run_in_separate_process(program: &[&str], prepare: &str, test: &str) {
    let script = format!("set -e; {prepare}; exec \"$0\" --exact '{test}' --ignored --nocapture");
    let mut command = Command::new(program[0]);
    command.args(&program[1..]).args(["sh", "-c", &script]).arg(std::env::current_exe().unwrap());
    let output = command.stdin(Stdio::null()).kill_on_drop(true).output().await.unwrap();
    let printed = [output.stdout, output.stderr].concat();
    let printed = String::from_utf8_lossy(&printed);
    assert!(
        output.status.success() && printed.contains("1 passed"),
        "{test} failed in its separate process:\n{printed}"
    );
}

/// Shell command that raises the limit of open files, which is usually 1,024.
pub(crate) const RAISE_FILE_LIMIT: &str = "ulimit -n 8192 2>/dev/null || ulimit -n $(ulimit -Hn)";
