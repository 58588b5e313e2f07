//! Reveals among few rows and among many, and while a million of them are swept.

use anyhow::Result;

use crate::Args;
use crate::client::Load;
use crate::pgbench::Database;
use crate::report::Table;
use crate::secrets::Batch;
use crate::server::Server;

/// What is revealed among them, for each measurement.
const REVEALED: usize = 10_000;
/// Fewer than could keep the machine busy: of a queue nothing could be learned about the rows.
const CLIENTS: usize = 8;
/// What is filled in for the first measurement, and what is going to be revealed in it.
const FEW: u64 = 10_000 + 3 * REVEALED as u64;
const SWEPT: u64 = 1_000_000;

/// Adds the 99th percentile of reveals among `rows` and more, to that among [`FEW`], and while a million are swept.
pub(crate) async fn measure(args: &Args, rows: u64, table: &mut Table) -> Result<()> {
    let database = Database::make(&args.postgres_programs, &args.postgres)?;
    // The server makes the tables; the sweeper stays off until there is something to sweep.
    let server = Server::start(&args.server, database.url(), &["--sweep-interval", "0"]).await?;
    database.fill(10_000, "1 hour")?;
    let few = reveals(&server, &database).await?;
    table.load(&format!("reveal among {FEW} rows"), CLIENTS, &few);
    database.fill(rows.saturating_sub(FEW), "1 hour")?;
    let many = reveals(&server, &database).await?;
    table.load(&format!("reveal among {rows} rows"), CLIENTS, &many);
    table.at_most(&format!("reveal among {rows} rows: p99, to that among {FEW}"), 1.5, many.p99 / few.p99);
    server.stop().await?;

    database.fill(SWEPT, "-1 second")?;
    let server = Server::start(&args.server, database.url(), &["--sweep-interval", "1"]).await?;
    let sweeping = reveals(&server, &database).await?;
    let left = database.expired()?;
    table.load(&format!("reveal while {SWEPT} rows are swept"), CLIENTS, &sweeping);
    table.at_most(
        "reveal while a million rows are swept: p99, to that without",
        2.0,
        sweeping.p99 / many.p99,
    );
    anyhow::ensure!(left > 0 && left < SWEPT, "the sweeper was not at it: {left} rows are left");
    server.stop().await
}

/// The middle of three.
async fn reveals(server: &Server, database: &Database) -> Result<Load> {
    let mut batches = Vec::new();
    for _ in 0..3 {
        let mut batch = Batch::sealed(REVEALED, crate::SECRET)?;
        batch.create(server.address, CLIENTS).await?;
        batches.push(batch);
    }
    // What was written for this is not to reach the disk while it is measured.
    database.checkpoint()?;
    let mut loads = Vec::new();
    for batch in batches {
        loads.push(batch.reveal(server.address, CLIENTS).await?);
    }
    loads.sort_by(|one, other| one.p99.total_cmp(&other.p99));
    Ok(loads[1])
}
