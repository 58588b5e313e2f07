//! `cargo xtask bench`: creates, looks and reveals beside pgbench and beside an empty answer, in one run, in turns.
//!
//! The machine is shared by everything that runs: only ratios of one round mean something, so each round measures
//! all of it once, and the table has the median of the rounds and their spread.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "it is a terminal program")]

mod client;
mod crypto;
mod growth;
mod peer;
mod pgbench;
mod report;
mod secrets;
mod server;
mod stats;
mod weight;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use clap::Parser;

use client::Load;
use peer::Peer;
use report::Table;
use secrets::Batch;
use server::Server;

/// Loads the server, and writes a table of what it did.
#[derive(Debug, Parser)]
struct Args {
    /// `ikrypt-server`
    #[arg(long)]
    server: PathBuf,
    /// A PostgreSQL that commits to the disk, and in which databases can be made
    #[arg(long)]
    postgres: String,
    /// The folder of psql, createdb and pgbench
    #[arg(long)]
    postgres_programs: PathBuf,
    /// How often all of it is measured
    #[arg(long, default_value_t = 3)]
    rounds: u32,
    /// Requests of one measurement with many clients
    #[arg(long, default_value_t = 30_000)]
    requests: usize,
    /// Rows among which reveals are measured, beside forty thousand: 0 for none; ten million take a quarter of an hour and
    /// 12 GB
    #[arg(long, default_value_t = 0)]
    growth: u64,
    /// The folder of criterion's results
    #[arg(long, requires = "browser")]
    natively: Option<PathBuf>,
    /// What a browser has said of its speed
    #[arg(long, requires = "natively")]
    browser: Option<PathBuf>,
    /// Another product, to be measured beside this one: `cryptgeon=http://127.0.0.1:8000`
    #[arg(long, value_name = "NAME=URL")]
    peer: Vec<Peer>,
    /// Where the table goes
    #[arg(long)]
    out: Option<PathBuf>,
    /// Fail where a figure is worse by a third than in this document
    #[arg(long, value_name = "DOCUMENT")]
    check: Option<PathBuf>,
}

/// As many as the goals speak of.
const CLIENTS: usize = 64;
/// What one client asks, where latency is what is measured.
const ALONE: usize = 1500;
/// A secret of 1 KiB, as the goals say.
const SECRET: usize = 1000;
const MEBIBYTE: usize = 1 << 20;

// One thread: what it takes from the machine the server lacks.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<ExitCode> {
    let args = Args::parse();
    let mut table = Table::default();
    if let (Some(natively), Some(browser)) = (&args.natively, &args.browser) {
        crypto::add(&mut table, natively, &std::fs::read_to_string(browser)?)?;
    }
    for round in 1..=args.rounds {
        eprintln!("round {round} of {}", args.rounds);
        one_round(&args, &mut table).await?;
    }
    if args.growth > 0 {
        growth::measure(&args, args.growth, &mut table).await?;
    }
    let text = format!("{}\n\n{}", report::machine()?, table.markdown());
    println!("{text}");
    if let Some(path) = &args.out {
        report::replace(path, &text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    if let Some(path) = &args.check {
        let published =
            std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let worse = table.worse_than(&published)?;
        if !worse.is_empty() {
            eprintln!("worse by a third than in {}: {}", path.display(), worse.join(", "));
            return Ok(ExitCode::FAILURE);
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn one_round(args: &Args, table: &mut Table) -> Result<()> {
    let database = pgbench::Database::make(&args.postgres_programs, &args.postgres)?;
    // In turns: pgbench before and after, so that a machine that slows down does so for all.
    let before = [database.inserts(CLIENTS)?, database.inserts(1)?];
    let on_postgres = stories(args, database.url(), table, "PostgreSQL").await?;
    let after = [database.inserts(CLIENTS)?, database.inserts(1)?];
    let inserts = Load::between(&before[0], &after[0]);
    let insert = Load::between(&before[1], &after[1]);
    table.load("pgbench: one row a transaction", CLIENTS, &inserts);
    table.load("pgbench: one row a transaction", 1, &insert);

    let folder = tempfile::tempdir()?;
    let on_sqlite =
        stories(args, &format!("sqlite:{}", folder.path().join("bench.sqlite").display()), table, "SQLite")
            .await?;
    table.at_least(
        "create, PostgreSQL, 64 clients, to pgbench",
        1.0,
        on_postgres.create.per_second / inserts.per_second,
    );
    table.at_least(
        "reveal, PostgreSQL, 64 clients, to pgbench",
        0.8,
        on_postgres.reveal.per_second / inserts.per_second,
    );
    table.at_least(
        "create, SQLite, 64 clients, to pgbench",
        1.0,
        on_sqlite.create.per_second / inserts.per_second,
    );
    table.at_least(
        "reveal, SQLite, 64 clients, to pgbench",
        0.8,
        on_sqlite.reveal.per_second / inserts.per_second,
    );
    table.at_most(
        "create, PostgreSQL, 1 client, latency, to pgbench",
        1.5,
        on_postgres.create_alone.median / insert.median,
    );
    table.at_most(
        "reveal, PostgreSQL, 1 client, latency, to pgbench",
        1.5,
        on_postgres.reveal_alone.median / insert.median,
    );
    table.at_most("1 MiB: memory of a request in flight, in bodies", 3.0, on_postgres.memory);
    for peer in &args.peer {
        let load = peer.create(CLIENTS, args.requests).await?;
        table.load(&format!("{}: create", peer.name), CLIENTS, &load);
    }
    Ok(())
}

/// What a round finds out about one server.
struct RevealSnapshot {
    create: Load,
    reveal: Load,
    create_alone: Load,
    reveal_alone: Load,
    /// Bytes of memory for each request in flight, as a multiple of its body.
    memory: f64,
}

async fn stories(args: &Args, database_url: &str, table: &mut Table, name: &str) -> Result<RevealSnapshot> {
    let server = Server::start(&args.server, database_url, &[]).await?;
    let empty = client::get(server.address, CLIENTS, args.requests, "/health/live").await?;
    let page = client::get(server.address, CLIENTS, args.requests / 3, "/s/AAAAAAAAAAAAAAAA").await?;
    table.load(&format!("{name}: an empty answer"), CLIENTS, &empty);
    table.load(&format!("{name}: the recipient's page"), CLIENTS, &page);
    let weight = weight::of_page(server.address, "/s/AAAAAAAAAAAAAAAA").await?;
    table.at_most("first visit of a recipient, kB", 140.0, weight);

    let mut many = Batch::sealed(args.requests, SECRET)?;
    let create = many.create(server.address, CLIENTS).await?;
    let open = many.open(server.address, CLIENTS).await?;
    let reveal = many.reveal(server.address, CLIENTS).await?;
    let mut few = Batch::sealed(ALONE, SECRET)?;
    let create_alone = few.create(server.address, 1).await?;
    let reveal_alone = few.reveal(server.address, 1).await?;
    for (what, clients, load) in [
        ("create", CLIENTS, &create),
        ("open", CLIENTS, &open),
        ("reveal", CLIENTS, &reveal),
        ("create", 1, &create_alone),
        ("reveal", 1, &reveal_alone),
    ] {
        table.load(&format!("{name}: {what}"), clients, load);
    }

    let mut large = Batch::sealed(160, MEBIBYTE)?;
    let body = large.largest_body();
    let (base, ()) = (server.resident()?, server.forget_peak()?);
    let load = large.create(server.address, 32).await?;
    table.load(&format!("{name}: create, 1 MiB"), 32, &load);
    let peak = server.peak()?;
    if body == 0 {
        bail!("there is no body");
    }
    #[expect(clippy::cast_precision_loss, reason = "megabytes")]
    let memory = peak.saturating_sub(base) as f64 / 32.0 / body as f64;
    server.stop().await?;
    Ok(RevealSnapshot { create, reveal, create_alone, reveal_alone, memory })
}
