//! `cargo xtask bench`: measures the product, and compares it with pgbench.

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;

use crate::pipeline::Pipeline;
use crate::postgres::Postgres;
use crate::process::{capture, cargo, run};
use crate::steps::{Step, e2e, wasm};
use crate::{tools, workspace};

/// Builds the product and the load generator, and runs the load generator with a PostgreSQL that writes each commit
/// to the disk. With `check`, compares the results with docs/benchmarks.md; otherwise updates that document.
pub(crate) fn measure(check: bool, args: &[OsString]) -> Result<ExitCode> {
    let needed = [Step::Wasm, Step::E2e].iter().flat_map(|step| step.tools()).copied();
    tools::ensure_installed(needed)?;
    Pipeline::new(&[Step::Build]).run()?;
    run(cargo().args(["bench", "--locked", "--package", "shared-crypto", "--bench", "crypto"]))?;
    let browser_results = workspace::target_dir().join("bench-browser.txt");
    let (postgres, programs) = Postgres::start_durable()?;
    fs::write(&browser_results, measure_in_browser(postgres.url())?)?;
    let mut bench = cargo();
    bench.args(["run", "--release", "--locked", "--package", "bench", "--"]);
    bench.arg("--server").arg(workspace::server_binary()).arg("--postgres").arg(postgres.url());
    bench.arg("--postgres-programs").arg(programs);
    bench.arg("--natively").arg(workspace::target_dir().join("criterion"));
    bench.arg("--browser").arg(browser_results);
    bench.arg(if check { "--check" } else { "--out" }).arg(workspace::root().join("docs/benchmarks.md"));
    run(bench.args(args))?;
    Ok(ExitCode::SUCCESS)
}

/// Builds the product and the load generator, and compares the product with another server in alternating pairs.
pub(crate) fn compare(other_server: &Path, args: &[OsString]) -> Result<ExitCode> {
    Pipeline::new(&[Step::Build]).run()?;
    let (postgres, programs) = Postgres::start_durable()?;
    let mut bench = cargo();
    bench.args(["run", "--release", "--locked", "--package", "bench", "--"]);
    bench.arg("--server").arg(workspace::server_binary()).arg("--postgres").arg(postgres.url());
    bench.arg("--postgres-programs").arg(programs);
    bench.arg("--compare").arg(std::path::absolute(other_server)?);
    run(bench.args(args))?;
    Ok(ExitCode::SUCCESS)
}

/// Returns the output of the browser's measurements: the cryptography, and the time from a click to the link.
fn measure_in_browser(database_url: &str) -> Result<String> {
    let cryptography =
        ["--profile", "wasm-release", "--package", "shared-crypto", "--test", "speed", "--", "--nocapture"];
    let mut output = capture(wasm::in_browser().args(cryptography))?;
    let click_to_link =
        ["--project", "sqlite", "--workers", "1", "performance", "--grep", "link appears within"];
    output.push_str(&capture(e2e::playwright(database_url)?.args(click_to_link))?);
    Ok(output)
}
