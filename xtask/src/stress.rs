//! `cargo xtask stress`: the tests that take too long to run for every change.

use std::process::ExitCode;
use std::{fs, thread};

use anyhow::{Context as _, Result};

use crate::postgres::Postgres;
use crate::process::{capture, cargo, command, run};
use crate::workspace;

/// The programs of `fuzz/`: one for each parser of untrusted input.
const FUZZERS: [&str; 4] = ["link", "envelope", "payload", "api"];
/// Adds libFuzzer's coverage counters, through LLVM, which works with a stable compiler.
const COVERAGE: [&str; 7] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Ccodegen-units=1",
    "--cfg=fuzzing",
];

/// Runs each fuzzer for this many minutes, and then the tests that have a long form.
pub(crate) fn run_all(minutes: u32) -> Result<ExitCode> {
    fuzz(minutes)?;
    // Never the server that DATABASE_URL names: its processes are killed.
    let postgres = Postgres::start_throwaway()?;
    eprintln!("==> kills, random scenarios and the soak test, in their long form");
    run_long_form(&postgres, &["crash::", "store::model::"])?;
    eprintln!("==> PostgreSQL crashes under load");
    run_long_form(&postgres, &["--ignored", "crash::", "--skip", "crash::server_process"])?;
    Ok(ExitCode::SUCCESS)
}

fn run_long_form(postgres: &Postgres, tests: &[&str]) -> Result<()> {
    run(cargo()
        .args(["test", "--release", "--package", "server", "--test", "it", "--", "--nocapture"])
        .args(tests)
        .env("IKRYPT_TORTURE", "1")
        .env("DATABASE_URL", postgres.url()))
}

fn fuzz(minutes: u32) -> Result<()> {
    let fuzz = workspace::root().join("fuzz");
    let host = host_target()?;
    // With an explicit target, cargo applies the flags to the fuzzers only, and not to build scripts.
    run(cargo()
        .args(["build", "--release", "--target", &host])
        .current_dir(&fuzz)
        .env("CARGO_ENCODED_RUSTFLAGS", COVERAGE.join("\u{1f}")))?;
    let jobs = thread::available_parallelism().map_or(1, usize::from);
    for fuzzer in FUZZERS {
        eprintln!("==> fuzzing {fuzzer} for {minutes} minutes on {jobs} cores");
        let corpus = fuzz.join("corpus").join(fuzzer);
        fs::create_dir_all(&corpus)?;
        let program = fuzz.join("target").join(&host).join("release").join(fuzzer);
        run(command(program)
            .arg(&corpus)
            .arg(format!("-max_total_time={}", minutes * 60))
            .arg(format!("-fork={jobs}"))
            .args(["-timeout=5", "-max_len=65536", "-print_final_stats=1"])
            .current_dir(&corpus))?;
    }
    Ok(())
}

/// Returns the target triple of this machine.
fn host_target() -> Result<String> {
    let version = capture(command("rustc").arg("-vV"))?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).context("`rustc -vV` prints no host")
}
