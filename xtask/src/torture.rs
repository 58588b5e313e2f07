//! `cargo xtask torture`: what takes too long for every change.

use std::process::ExitCode;
use std::thread;

use anyhow::Result;

use crate::postgres::Postgres;
use crate::process::{cargo, command, run};
use crate::workspace;

/// Everything that reads what a stranger wrote: the programs of `fuzz/`.
const TARGETS: [&str; 4] = ["link", "envelope", "payload", "api"];
/// What libFuzzer needs to see where an input leads, as LLVM adds it with a stable compiler too.
const COVERAGE: [&str; 7] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Ccodegen-units=1",
    "--cfg=fuzzing",
];

/// Fuzzes for so many minutes each, and then runs the tests that know a long form.
pub(crate) fn run_all(minutes: u32) -> Result<ExitCode> {
    fuzz(minutes)?;
    // One of our own: its processes are killed.
    let postgres = Postgres::started()?;
    eprintln!("==> kills, random stories and the soak, in their long form");
    long_form(&postgres, &["crash::", "store::model::"])?;
    eprintln!("==> PostgreSQL crashes under load");
    long_form(&postgres, &["--ignored", "crash::crashed_database"])?;
    Ok(ExitCode::SUCCESS)
}

fn long_form(postgres: &Postgres, tests: &[&str]) -> Result<()> {
    run(cargo()
        .args(["test", "--release", "--package", "server", "--test", "it", "--", "--nocapture"])
        .args(tests)
        .env("IKRYPT_TORTURE", "1")
        .env("DATABASE_URL", postgres.url()))
}

fn fuzz(minutes: u32) -> Result<()> {
    let fuzz = workspace::root().join("fuzz");
    let host = host()?;
    // With a target of its own the flags are for what is fuzzed, and not for what builds it.
    run(cargo()
        .args(["build", "--release", "--target", &host])
        .current_dir(&fuzz)
        .env("CARGO_ENCODED_RUSTFLAGS", COVERAGE.join("\u{1f}")))?;
    let jobs = thread::available_parallelism().map_or(1, usize::from);
    for target in TARGETS {
        eprintln!("==> fuzzing {target} for {minutes} minutes on {jobs} cores");
        let corpus = fuzz.join("corpus").join(target);
        std::fs::create_dir_all(&corpus)?;
        let program = fuzz.join("target").join(&host).join("release").join(target);
        run(command(program)
            .arg(&corpus)
            .arg(format!("-max_total_time={}", minutes * 60))
            .arg(format!("-fork={jobs}"))
            .args(["-timeout=5", "-max_len=65536", "-print_final_stats=1"])
            .current_dir(&corpus))?;
    }
    Ok(())
}

/// The machine's own target.
fn host() -> Result<String> {
    let said = crate::process::capture(command("rustc").arg("-vV"))?;
    let host = said.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).ok_or_else(|| anyhow::anyhow!("rustc names no host"))
}
