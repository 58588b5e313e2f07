//! `cargo xtask bench`: how fast the product is, beside pgbench.

use std::ffi::OsString;
use std::fs;
use std::process::ExitCode;

use anyhow::Result;

use crate::pipeline::Pipeline;
use crate::postgres::Postgres;
use crate::process::{capture, cargo, run};
use crate::steps::{Step, e2e, wasm};
use crate::{tools, workspace};

/// Builds the product and the load generator, and lets that measure on a PostgreSQL whose commits reach the disk.
pub(crate) fn measure(check: bool, args: &[OsString]) -> Result<ExitCode> {
    tools::ensure(&[Step::Wasm, Step::E2e])?;
    Pipeline::new(&[Step::Build]).run()?;
    run(cargo().args(["bench", "--locked", "--package", "shared-crypto", "--bench", "crypto"]))?;
    let browser = workspace::target_dir().join("bench-browser.txt");
    let (postgres, programs) = Postgres::durable()?;
    fs::write(&browser, in_a_browser(postgres.url())?)?;
    let mut bench = cargo();
    bench.args(["run", "--release", "--locked", "--package", "bench", "--"]);
    bench.arg("--server").arg(workspace::server_binary()).arg("--postgres").arg(postgres.url());
    bench.arg("--postgres-programs").arg(programs);
    bench.arg("--natively").arg(workspace::target_dir().join("criterion")).arg("--browser").arg(browser);
    bench.arg(if check { "--check" } else { "--out" }).arg(workspace::root().join("docs/benchmarks.md"));
    run(bench.args(args))?;
    Ok(ExitCode::SUCCESS)
}

/// What a browser says of the cryptography, and of the time from a click to the link.
fn in_a_browser(database_url: &str) -> Result<String> {
    let speed =
        ["--profile", "wasm-release", "--package", "shared-crypto", "--test", "speed", "--", "--nocapture"];
    let mut said = capture(wasm::in_browser().args(speed))?;
    let link = ["--project", "sqlite", "--workers", "1", "speed-and-weight", "--grep", "a link is there"];
    said.push_str(&capture(e2e::playwright(database_url)?.args(link))?);
    Ok(said)
}
