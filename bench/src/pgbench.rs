//! PostgreSQL's own measure: one row of a secret's size a transaction.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use crate::client::Load;

/// Seconds of one measurement.
const SECONDS: &str = "3";
const TABLE: &str =
    "CREATE TABLE rows (id bytea PRIMARY KEY, access_hash bytea, reveal_hash bytea, share bytea,
    envelope bytea, views_left smallint, expires_at timestamptz);
    ALTER TABLE rows ALTER COLUMN envelope SET STORAGE EXTERNAL;
    CREATE INDEX ON rows (expires_at);";
const INSERT: &str = "INSERT INTO rows SELECT uuid_send(gen_random_uuid()), sha256(b), sha256(b), sha256(b),
    decode(repeat('00', 1056), 'hex'), 1, now() + interval '1 hour' FROM (SELECT uuid_send(gen_random_uuid()) AS b) AS x;\n";

/// A database of one round.
pub(crate) struct Database {
    programs: PathBuf,
    url: String,
}

impl Database {
    pub(crate) fn make(programs: &Path, server: &str) -> Result<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("bench_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let base = server.rsplit_once('/').context("the address names no database")?.0;
        let database = Self { programs: programs.to_owned(), url: format!("{base}/{name}") };
        database.psql(server, &format!("CREATE DATABASE {name}"))?;
        let durable = database
            .psql(server, "SELECT current_setting('fsync') || current_setting('synchronous_commit')")?;
        if durable.trim() != "onon" {
            bail!("this PostgreSQL does not commit to the disk: fsync and synchronous_commit must be on");
        }
        database.psql(&database.url, TABLE)?;
        Ok(database)
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// So many clients insert for a few seconds.
    pub(crate) fn inserts(&self, clients: usize) -> Result<Load> {
        let folder = tempfile::tempdir()?;
        let script = folder.path().join("insert.sql");
        std::fs::write(&script, INSERT)?;
        let mut pgbench = Command::new(self.programs.join("pgbench"));
        pgbench.args([
            "--no-vacuum",
            "--protocol",
            "prepared",
            "--time",
            SECONDS,
            "--log",
            "--jobs",
            "2",
            "--client",
        ]);
        pgbench.arg(clients.to_string()).arg("--file").arg(&script).arg(&self.url).current_dir(folder.path());
        let output = pgbench.output().context("cannot start pgbench")?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        if !output.status.success() {
            bail!("pgbench: {}", String::from_utf8_lossy(&output.stderr));
        }
        let tps = said.lines().find_map(|line| line.strip_prefix("tps = ")).context("pgbench says no tps")?;
        let per_second: f64 = tps.split_whitespace().next().unwrap_or_default().parse()?;
        // The third column of its log is the latency of a transaction, in microseconds.
        let mut latencies = Vec::new();
        for entry in std::fs::read_dir(folder.path())? {
            let path = entry?.path();
            if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("pgbench_log")) {
                let text = std::fs::read_to_string(&path)?;
                let micros = text.lines().filter_map(|line| line.split(' ').nth(2)?.parse().ok());
                latencies.extend(micros.map(Duration::from_micros));
            }
        }
        Ok(Load { per_second, ..Load::of(latencies, Duration::from_secs(1)) })
    }

    fn psql(&self, url: &str, sql: &str) -> Result<String> {
        let mut psql = Command::new(self.programs.join("psql"));
        psql.args([
            "--no-psqlrc",
            "--quiet",
            "--tuples-only",
            "--no-align",
            "--set",
            "ON_ERROR_STOP=1",
            "--command",
            sql,
            url,
        ]);
        let output = psql.output().context("cannot start psql")?;
        if !output.status.success() {
            bail!("psql: {}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}
