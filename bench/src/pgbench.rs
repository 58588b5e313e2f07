//! Measures PostgreSQL with pgbench: one row of a secret's size per transaction.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use crate::load::Measurement;

/// The duration of one measurement in seconds.
const SECONDS: &str = "3";
const TABLE: &str =
    "CREATE TABLE rows (id bytea PRIMARY KEY, access_hash bytea, reveal_hash bytea, share bytea,
    envelope bytea, views_left smallint, expires_at timestamptz);
    ALTER TABLE rows ALTER COLUMN envelope SET STORAGE EXTERNAL;
    CREATE INDEX ON rows (expires_at);";
const INSERT: &str = "INSERT INTO rows SELECT uuid_send(gen_random_uuid()), sha256(b), sha256(b), sha256(b),
    decode(repeat('00', 1056), 'hex'), 1, now() + interval '1 hour' FROM (SELECT uuid_send(gen_random_uuid()) AS b) AS x;\n";

const WITHOUT_INDEXES: &str = "
    ALTER TABLE secrets DROP CONSTRAINT secrets_pkey;
    ALTER TABLE receipts DROP CONSTRAINT receipts_pkey, DROP CONSTRAINT receipts_access_hash_key,
                         DROP CONSTRAINT receipts_receipt_hash_key;
    DROP INDEX secrets_expires_at, receipts_expires_at;
    SET maintenance_work_mem = '1GB';";
const WITH_INDEXES: &str = "
    ALTER TABLE secrets ADD PRIMARY KEY (id);
    ALTER TABLE receipts ADD PRIMARY KEY (id), ADD UNIQUE (access_hash), ADD UNIQUE (receipt_hash);
    CREATE INDEX secrets_expires_at ON secrets (expires_at);
    CREATE INDEX receipts_expires_at ON receipts (expires_at);";

/// Returns the SQL that inserts secrets as the server does, except for a short envelope: the measurements concern the
/// indexes.
fn insert_secrets_sql(rows: u64, ttl: &str) -> String {
    format!(
        "WITH x AS MATERIALIZED (
           SELECT substring(b for 12) AS id, b, sha256(b) AS c, now() + interval '{ttl}' + n * interval '1 microsecond' AS t
             FROM (SELECT n, sha256(uuid_send(gen_random_uuid())) AS b FROM generate_series(1, {rows}) n) r
         ), y AS (
           INSERT INTO receipts (id, access_hash, receipt_hash, request_hash, max_views, created_at, expires_at)
           SELECT id, b, c, c, 1, now(), t FROM x
         )
         INSERT INTO secrets (id, access_hash, reveal_hash, share, envelope, views_left, expires_at)
         SELECT id, b, c, c, b, 1, t FROM x;"
    )
}

/// A database for one round.
pub(crate) struct Database {
    programs: PathBuf,
    url: String,
}

impl Database {
    /// Creates a database on the server, and checks that commits reach the disk.
    pub(crate) fn create(programs: &Path, server: &str) -> Result<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("bench_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let base = server.rsplit_once('/').context("the URL contains no database")?.0;
        let database = Self { programs: programs.to_owned(), url: format!("{base}/{name}") };
        database.psql(server, &format!("CREATE DATABASE {name}"))?;
        let settings = database
            .psql(server, "SELECT current_setting('fsync') || current_setting('synchronous_commit')")?;
        if settings.trim() != "onon" {
            bail!("this PostgreSQL does not write commits to the disk: turn on fsync and synchronous_commit");
        }
        database.psql(&database.url, TABLE)?;
        Ok(database)
    }

    /// Returns the URL of the database.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Measures inserts by this number of clients.
    pub(crate) fn run_pgbench(&self, clients: usize) -> Result<Measurement> {
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
        let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
        if !output.status.success() {
            bail!("pgbench: {}", String::from_utf8_lossy(&output.stderr));
        }
        let tps =
            stdout.lines().find_map(|line| line.strip_prefix("tps = ")).context("pgbench printed no tps")?;
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
        Ok(Measurement { per_second, ..Measurement::new(latencies, Duration::from_secs(1)) })
    }

    /// Inserts secrets that no client requests and that expire after `ttl`. Drops the indexes first and creates them again,
    /// which is faster for many rows.
    pub(crate) fn insert_secrets(&self, rows: u64, ttl: &str) -> Result<()> {
        self.psql(&self.url, &format!("{WITHOUT_INDEXES} {} {WITH_INDEXES}", insert_secrets_sql(rows, ttl)))?;
        self.psql(&self.url, "VACUUM ANALYZE")?;
        self.checkpoint()
    }

    /// Writes everything to the disk.
    pub(crate) fn checkpoint(&self) -> Result<()> {
        self.psql(&self.url, "CHECKPOINT").map(|_| ())
    }

    /// Returns the number of expired secrets that are not deleted yet.
    pub(crate) fn expired_secrets(&self) -> Result<u64> {
        let count = self.psql(&self.url, "SELECT count(*) FROM secrets WHERE expires_at <= now()")?;
        Ok(count.trim().parse()?)
    }

    /// Runs SQL, and returns the output.
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
