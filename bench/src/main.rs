//! `cargo xtask bench`: measures creates, opens, reveals and pages, and compares them with pgbench.
//!
//! Speed varies between machines and over time. Only ratios within one round are meaningful, so each round measures
//! everything once, and the table contains the median of the rounds and their spread.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command-line program prints its results")]

mod compare;
mod external_results;
mod load;
mod other_product;
mod page_weight;
mod pgbench;
mod report;
mod secret_batch;
mod server;
mod stats;
mod table_size;

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use clap::Parser;

use compare::{Candidate, PostgresServer};
use load::Measurement;
use other_product::OtherProduct;
use report::Table;
use secret_batch::SecretBatch;
use server::Server;

/// Measures the server under load, and prints a table of results.
#[derive(Debug, Parser)]
struct Args {
    /// Path of `ikrypt-server`
    #[arg(long)]
    server: PathBuf,
    /// URL of a PostgreSQL that writes commits to the disk, and in which databases can be created
    #[arg(long)]
    postgres: String,
    /// Folder of psql, createdb and pgbench
    #[arg(long)]
    postgres_programs: PathBuf,
    /// How often everything is measured
    #[arg(long, default_value_t = 3)]
    rounds: u32,
    /// Requests of one measurement with many clients
    #[arg(long, default_value_t = 30_000)]
    requests: usize,
    /// Rows among which reveals are measured, in addition to forty thousand; 0 for none. Ten million take a quarter of
    /// an hour and 12 GB
    #[arg(long, default_value_t = 0)]
    growth: u64,
    /// Folder of criterion's results
    #[arg(long = "natively", requires = "browser_output")]
    criterion_dir: Option<PathBuf>,
    /// File with the output of the measurements in a browser
    #[arg(long = "browser", requires = "criterion_dir")]
    browser_output: Option<PathBuf>,
    /// Another running product to measure: `cryptgeon=http://127.0.0.1:8000`
    #[arg(long, value_name = "NAME=URL")]
    peer: Vec<OtherProduct>,
    /// Another server: only compare the two, in alternating pairs
    #[arg(long, value_name = "PROGRAM")]
    compare: Option<PathBuf>,
    /// A variable for the environment of the other server
    #[arg(long, requires = "compare", value_name = "NAME=VALUE", value_parser = parse_variable)]
    compare_env: Vec<(String, String)>,
    /// The number of such pairs
    #[arg(long, default_value_t = 11)]
    pairs: u32,
    /// Document whose table is replaced
    #[arg(long)]
    out: Option<PathBuf>,
    /// Fail if a figure is a third worse than in this document
    #[arg(long, value_name = "DOCUMENT")]
    check: Option<PathBuf>,
}

/// Splits `NAME=VALUE`.
fn parse_variable(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("the form is NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

/// The number of clients in the goals.
const CLIENTS: usize = 64;
/// How many requests a single client sends, where latency is measured.
const SINGLE_CLIENT_REQUESTS: usize = 1500;
/// The size of a secret in the goals, which gives an envelope of 1 KiB.
const SECRET_BYTES: usize = 1000;
const MEBIBYTE: usize = 1 << 20;
/// The page of a recipient: the same for every id.
const RECIPIENT_PAGE: &str = "/s/AAAAAAAAAAAAAAAA";

// A single thread, since the load generator competes with the server for the cores.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<ExitCode> {
    let args = Args::parse();
    if let Some(program) = args.compare {
        let first = Candidate { program: args.server, environment: Vec::new() };
        let second = Candidate { program, environment: args.compare_env };
        let postgres = PostgresServer { url: &args.postgres, programs: &args.postgres_programs };
        compare::run(&first, &second, args.pairs, &postgres).await?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut table = Table::default();
    if let (Some(criterion_dir), Some(browser_output)) = (&args.criterion_dir, &args.browser_output) {
        external_results::add(&mut table, criterion_dir, &fs::read_to_string(browser_output)?)?;
    }
    for round in 1..=args.rounds {
        eprintln!("round {round} of {}", args.rounds);
        run_round(&args, &mut table).await?;
    }
    if args.growth > 0 {
        table_size::measure(&args, args.growth, &mut table).await?;
    }
    let text = format!("{}\n\n{}", report::machine()?, table.markdown());
    println!("{text}");
    if let Some(path) = &args.out {
        report::replace(path, &text).with_context(|| format!("cannot update {}", path.display()))?;
    }
    if let Some(path) = &args.check {
        let published =
            fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let worse = table.worse_than(&published)?;
        if !worse.is_empty() {
            eprintln!("a third worse than in {}: {}", path.display(), worse.join(", "));
            return Ok(ExitCode::FAILURE);
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn run_round(args: &Args, table: &mut Table) -> Result<()> {
    let database = pgbench::Database::create(&args.postgres_programs, &args.postgres)?;
    // pgbench runs before and after the server, so that a machine that slows down affects both.
    let before = [database.run_pgbench(CLIENTS)?, database.run_pgbench(1)?];
    let postgres = measure_server(args, database.url(), table, "PostgreSQL").await?;
    let after = [database.run_pgbench(CLIENTS)?, database.run_pgbench(1)?];
    let pgbench = Measurement::mean(&before[0], &after[0]);
    let pgbench_single = Measurement::mean(&before[1], &after[1]);
    table.add_measurement("pgbench: one row per transaction", CLIENTS, &pgbench);
    table.add_measurement("pgbench: one row per transaction", 1, &pgbench_single);

    let folder = tempfile::tempdir()?;
    let sqlite_url = format!("sqlite:{}", folder.path().join("bench.sqlite").display());
    let sqlite = measure_server(args, &sqlite_url, table, "SQLite").await?;
    for (call, database, goal, measured) in [
        ("create", "PostgreSQL", 1.0, &postgres.create),
        ("reveal", "PostgreSQL", 0.8, &postgres.reveal),
        ("create", "SQLite", 1.0, &sqlite.create),
        ("reveal", "SQLite", 0.8, &sqlite.reveal),
    ] {
        let name = format!("{call}, {database}, {CLIENTS} clients: rate relative to pgbench");
        table.at_least(&name, goal, measured.per_second / pgbench.per_second);
    }
    for (call, measured) in [("create", &postgres.create_single), ("reveal", &postgres.reveal_single)] {
        let name = format!("{call}, PostgreSQL, 1 client: latency relative to pgbench");
        table.at_most(&name, 1.5, measured.median_ms / pgbench_single.median_ms);
    }
    table.at_most(
        "create, 1 MiB: memory per request relative to its body",
        3.0,
        postgres.memory_per_body_byte,
    );
    for product in &args.peer {
        let measurement = product.create(CLIENTS, args.requests).await?;
        table.add_measurement(&format!("{}: create", product.name), CLIENTS, &measurement);
    }
    Ok(())
}

/// The measurements of a server on one database that the ratios need.
struct ServerResults {
    create: Measurement,
    reveal: Measurement,
    /// With a single client.
    create_single: Measurement,
    /// With a single client.
    reveal_single: Measurement,
    /// Memory of a request in flight, in bytes for each byte of its body.
    memory_per_body_byte: f64,
}

async fn measure_server(
    args: &Args,
    database_url: &str,
    table: &mut Table,
    database: &str,
) -> Result<ServerResults> {
    let server = Server::start(&args.server, database_url, &[]).await?;
    let health = load::get(server.address, CLIENTS, args.requests, "/health/live").await?;
    let page = load::get(server.address, CLIENTS, args.requests / 3, RECIPIENT_PAGE).await?;
    table.add_measurement(&format!("{database}: empty response"), CLIENTS, &health);
    table.add_measurement(&format!("{database}: recipient's page"), CLIENTS, &page);
    let kilobytes = page_weight::kilobytes(server.address, RECIPIENT_PAGE).await?;
    table.at_most("first visit of a recipient, kB", 140.0, kilobytes);

    let mut batch = SecretBatch::seal(args.requests, SECRET_BYTES)?;
    let create = batch.create(server.address, CLIENTS).await?;
    let open = batch.open(server.address, CLIENTS).await?;
    let reveal = batch.reveal(server.address, CLIENTS).await?;
    let mut single_batch = SecretBatch::seal(SINGLE_CLIENT_REQUESTS, SECRET_BYTES)?;
    let create_single = single_batch.create(server.address, 1).await?;
    let reveal_single = single_batch.reveal(server.address, 1).await?;
    for (call, clients, measurement) in [
        ("create", CLIENTS, &create),
        ("open", CLIENTS, &open),
        ("reveal", CLIENTS, &reveal),
        ("create", 1, &create_single),
        ("reveal", 1, &reveal_single),
    ] {
        table.add_measurement(&format!("{database}: {call}"), clients, measurement);
    }

    let memory_per_body_byte = measure_large_bodies(&server, table, database).await?;
    server.stop().await?;
    Ok(ServerResults { create, reveal, create_single, reveal_single, memory_per_body_byte })
}

/// Creates secrets of 1 MiB, and returns the peak memory per request in flight, in bytes for each byte of its body.
async fn measure_large_bodies(server: &Server, table: &mut Table, database: &str) -> Result<f64> {
    const LARGE_CLIENTS: usize = 32;
    let mut batch = SecretBatch::seal(160, MEBIBYTE)?;
    let body = batch.largest_body();
    if body == 0 {
        bail!("the request body is empty");
    }
    let before = server.resident_memory()?;
    server.reset_peak_memory()?;
    let measurement = batch.create(server.address, LARGE_CLIENTS).await?;
    table.add_measurement(&format!("{database}: create, 1 MiB"), LARGE_CLIENTS, &measurement);
    let peak = server.peak_memory()?;
    #[expect(clippy::cast_precision_loss, reason = "megabytes")]
    let ratio = peak.saturating_sub(before) as f64 / LARGE_CLIENTS as f64 / body as f64;
    Ok(ratio)
}
