//! Compares two servers in alternating pairs.
//!
//! The speed of a machine drifts. So the two servers are measured in turn, the order changes from pair to pair, and each
//! figure is a ratio within one pair. The table contains the median of the ratios and their quartiles.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::pgbench::Database;
use crate::secret_batch::SecretBatch;
use crate::server::Server;
use crate::{CLIENTS, MEBIBYTE, SECRET_BYTES, stats};

/// Requests of one measurement with many clients.
const REQUESTS: usize = 8_000;
/// Requests of one measurement with a single client.
const SINGLE_CLIENT_REQUESTS: usize = 800;
/// Secrets of 1 MiB, and clients that create them.
const LARGE_SECRETS: usize = 64;
const LARGE_CLIENTS: usize = 32;

/// A server to measure.
#[derive(Debug)]
pub(crate) struct Candidate {
    pub(crate) program: PathBuf,
    /// Variables added to its environment.
    pub(crate) environment: Vec<(String, String)>,
}

/// A PostgreSQL server, and the folder of its client programs.
pub(crate) struct PostgresServer<'a> {
    pub(crate) url: &'a str,
    pub(crate) programs: &'a Path,
}

/// The ratios of one figure, a ratio for each pair. Above 1 the first server is the better one.
struct Ratios {
    figure: String,
    values: Vec<f64>,
}

/// Measures both servers in this many pairs, and prints by how much the first one is better.
pub(crate) async fn run(
    first: &Candidate,
    second: &Candidate,
    pairs: u32,
    postgres: &PostgresServer<'_>,
) -> Result<()> {
    let mut all: Vec<Ratios> = Vec::new();
    for pair in 0..pairs {
        eprintln!("pair {} of {pairs}", pair + 1);
        let (a, b) = if pair % 2 == 0 {
            let a = measure(first, postgres).await?;
            (a, measure(second, postgres).await?)
        } else {
            let b = measure(second, postgres).await?;
            (measure(first, postgres).await?, b)
        };
        for ((figure, a), (_, b)) in a.into_iter().zip(b) {
            match all.iter_mut().find(|ratios| ratios.figure == figure) {
                Some(ratios) => ratios.values.push(a / b),
                None => all.push(Ratios { figure, values: vec![a / b] }),
            }
        }
    }
    println!("| figure | median of the ratios | quartiles |\n| --- | --- | --- |");
    for Ratios { figure, mut values } in all {
        values.sort_unstable_by(f64::total_cmp);
        let quartile = |number: usize| values.get(values.len() * number / 4).copied().unwrap_or(f64::NAN);
        let [median, ..] = stats::spread(&values);
        println!("| {figure} | {median:.3} | {:.3} to {:.3} |", quartile(1), quartile(3));
    }
    Ok(())
}

/// Returns every figure of one server on new databases: rates, and inverse latencies, so that more is better.
async fn measure(candidate: &Candidate, postgres: &PostgresServer<'_>) -> Result<Vec<(String, f64)>> {
    let database = Database::create(postgres.programs, postgres.url)?;
    let folder = tempfile::tempdir()?;
    let file = format!("sqlite:{}", folder.path().join("bench.sqlite").display());
    let mut figures = measure_on(candidate, database.url(), "PostgreSQL").await?;
    figures.extend(measure_on(candidate, &file, "SQLite").await?);
    Ok(figures)
}

async fn measure_on(candidate: &Candidate, database_url: &str, name: &str) -> Result<Vec<(String, f64)>> {
    let server = Server::start_with_env(&candidate.program, database_url, &candidate.environment)
        .await
        .with_context(|| format!("cannot measure {}", candidate.program.display()))?;
    let mut many = SecretBatch::seal(REQUESTS, SECRET_BYTES)?;
    let create = many.create(server.address, CLIENTS).await?;
    let open = many.open(server.address, CLIENTS).await?;
    let reveal = many.reveal(server.address, CLIENTS).await?;
    let mut few = SecretBatch::seal(SINGLE_CLIENT_REQUESTS, SECRET_BYTES)?;
    let single_create = few.create(server.address, 1).await?;
    let single_reveal = few.reveal(server.address, 1).await?;
    let mut large = SecretBatch::seal(LARGE_SECRETS, MEBIBYTE)?;
    let large_create = large.create(server.address, LARGE_CLIENTS).await?;
    server.stop().await?;
    Ok(vec![
        (format!("create, {name}, {CLIENTS} clients: rate"), create.per_second),
        (format!("open, {name}, {CLIENTS} clients: rate"), open.per_second),
        (format!("reveal, {name}, {CLIENTS} clients: rate"), reveal.per_second),
        (format!("create, {name}, 1 client: inverse latency"), 1.0 / single_create.median_ms),
        (format!("reveal, {name}, 1 client: inverse latency"), 1.0 / single_reveal.median_ms),
        (format!("create of 1 MiB, {name}, {LARGE_CLIENTS} clients: rate"), large_create.per_second),
    ])
}
