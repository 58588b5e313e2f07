//! `cargo xtask bench`: how fast the product is, beside pgbench.

use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::Result;

use crate::pipeline::Pipeline;
use crate::postgres::Postgres;
use crate::process::{cargo, run};
use crate::steps::Step;
use crate::workspace;

/// Builds the product and the load generator, and lets that measure on a PostgreSQL whose commits reach the disk.
pub(crate) fn measure(check: bool, args: &[OsString]) -> Result<ExitCode> {
    Pipeline::new(&[Step::Build]).run()?;
    let (postgres, programs) = Postgres::durable()?;
    let mut bench = cargo();
    bench.args(["run", "--release", "--locked", "--package", "bench", "--"]);
    bench.arg("--server").arg(workspace::server_binary()).arg("--postgres").arg(postgres.url());
    bench.arg("--postgres-programs").arg(programs);
    if check {
        bench.arg("--check");
    } else {
        bench.arg("--out").arg(workspace::root().join("docs/benchmarks.md"));
    }
    run(bench.args(args))?;
    Ok(ExitCode::SUCCESS)
}
