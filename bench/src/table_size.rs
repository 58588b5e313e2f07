//! Measures reveals in small and large tables, and while a million expired rows are deleted.

use anyhow::Result;

use crate::Args;
use crate::load::Measurement;
use crate::pgbench::Database;
use crate::report::Table;
use crate::secret_batch::SecretBatch;
use crate::server::Server;

/// How many secrets are revealed for each measurement.
const REVEALED: usize = 10_000;
/// Few enough not to saturate the machine: with queueing, the latency would say nothing about the tables.
const CLIENTS: usize = 8;
/// The rows of the first measurement: 10,000 that stay, and those that are revealed.
const SMALL: u64 = 10_000 + 3 * REVEALED as u64;
const EXPIRED: u64 = 1_000_000;

/// Adds the latency of reveals in tables of `rows` rows relative to [`SMALL`] rows, and during a cleanup.
pub(crate) async fn measure(args: &Args, rows: u64, table: &mut Table) -> Result<()> {
    let database = Database::create(&args.postgres_programs, &args.postgres)?;
    // The server creates the tables. Its cleanup is off until there are expired rows.
    let server = Server::start(&args.server, database.url(), &["--sweep-interval", "0"]).await?;
    database.insert_secrets(10_000, "1 hour")?;
    let small = measure_reveals(&server, &database).await?;
    table.add_measurement(&format!("reveal among {SMALL} rows"), CLIENTS, &small);
    database.insert_secrets(rows.saturating_sub(SMALL), "1 hour")?;
    let large = measure_reveals(&server, &database).await?;
    table.add_measurement(&format!("reveal among {rows} rows"), CLIENTS, &large);
    let name = format!("reveal among {rows} rows: p99 relative to {SMALL} rows");
    table.at_most(&name, 1.5, large.p99_ms / small.p99_ms);
    server.stop().await?;

    database.insert_secrets(EXPIRED, "-1 second")?;
    let server = Server::start(&args.server, database.url(), &["--sweep-interval", "1"]).await?;
    let during_cleanup = measure_reveals(&server, &database).await?;
    let remaining = database.expired_secrets()?;
    table.add_measurement(
        &format!("reveal while {EXPIRED} expired rows are deleted"),
        CLIENTS,
        &during_cleanup,
    );
    table.at_most(
        "reveal while a million expired rows are deleted: p99 relative to none deleted",
        2.0,
        during_cleanup.p99_ms / large.p99_ms,
    );
    anyhow::ensure!(
        remaining > 0 && remaining < EXPIRED,
        "the cleanup did not run during the measurement: {remaining} expired rows remain"
    );
    server.stop().await
}

/// Returns the run with the median p99, of three.
async fn measure_reveals(server: &Server, database: &Database) -> Result<Measurement> {
    let mut batches = Vec::new();
    for _ in 0..3 {
        let mut batch = SecretBatch::seal(REVEALED, crate::SECRET_BYTES)?;
        batch.create(server.address, CLIENTS).await?;
        batches.push(batch);
    }
    // Writes the new rows to the disk now, and not during the measurement.
    database.checkpoint()?;
    let mut runs = Vec::new();
    for batch in batches {
        runs.push(batch.reveal(server.address, CLIENTS).await?);
    }
    runs.sort_by(|one, other| one.p99_ms.total_cmp(&other.p99_ms));
    Ok(runs[1])
}
