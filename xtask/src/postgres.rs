//! A PostgreSQL for tests: the server in `DATABASE_URL`, or a throw-away one.

mod cluster;
mod folder;
mod programs;
mod settings;

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result};

use crate::process;
use cluster::Cluster;
use settings::Durability;

/// A server in which tests may create and drop databases.
pub(crate) struct Postgres {
    url: String,
    /// Stops the throw-away server when it is dropped.
    _cluster: Option<Cluster>,
}

impl Postgres {
    /// Uses the server in `DATABASE_URL`, or starts a throw-away one.
    pub(crate) fn from_env_or_start() -> Result<Self> {
        if let Some(url) = url_from_env() {
            eprintln!("PostgreSQL: from DATABASE_URL");
            return Ok(Self { url, _cluster: None });
        }
        Self::start_throwaway()
    }

    /// Starts a server that is stopped and deleted when the value is dropped.
    pub(crate) fn start_throwaway() -> Result<Self> {
        let cluster = Cluster::start(&programs::find_or_install()?, Durability::None)?;
        Ok(Self { url: cluster.url(), _cluster: Some(cluster) })
    }

    /// Starts such a server that writes each commit to the disk. Also returns the folder of PostgreSQL's programs.
    pub(crate) fn start_durable() -> Result<(Self, PathBuf)> {
        let programs = programs::find_or_install()?;
        let cluster = Cluster::start(&programs, Durability::Fsync)?;
        Ok((Self { url: cluster.url(), _cluster: Some(cluster) }, programs))
    }

    /// Returns the address, `postgres://...`.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

/// Installs PostgreSQL's programs if they are missing, unless `DATABASE_URL` contains a server.
pub(crate) fn ensure_installed() -> Result<()> {
    if url_from_env().is_none() {
        programs::find_or_install()?;
    }
    Ok(())
}

/// Returns `DATABASE_URL` if it is the address of a PostgreSQL, and not of a SQLite file for `cargo xtask run`.
fn url_from_env() -> Option<String> {
    env::var("DATABASE_URL").ok().filter(|url| is_postgres_url(url))
}

fn is_postgres_url(url: &str) -> bool {
    url.starts_with("postgres://") || url.starts_with("postgresql://")
}

/// Runs a command in the current folder with `DATABASE_URL` set, and returns its exit code.
pub(crate) fn run_with_database(words: &[OsString]) -> Result<ExitCode> {
    let postgres = Postgres::from_env_or_start()?;
    let (program, args) = words.split_first().context("no command")?;
    let status = process::command(program)
        .args(args)
        .current_dir(env::current_dir()?)
        .env("DATABASE_URL", postgres.url())
        .status()
        .with_context(|| format!("cannot start {}", program.display()))?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sqlite_url_is_not_a_postgres_url() {
        assert!(is_postgres_url("postgres://a@b/c"));
        assert!(is_postgres_url("postgresql://a@b/c"));
        assert!(!is_postgres_url("sqlite:data/ikrypt.sqlite"));
        assert!(!is_postgres_url("postgres"));
    }
}
