//! A PostgreSQL for tests: the one that `DATABASE_URL` names, or a throw-away one.

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

pub(crate) use programs::ensure;

/// A server that tests may create and drop databases in.
pub(crate) struct Postgres {
    url: String,
    /// Ours lives as long as this.
    _cluster: Option<Cluster>,
}

impl Postgres {
    /// The one that `DATABASE_URL` names, else a throw-away one that ends with the value.
    pub(crate) fn given_or_started() -> Result<Self> {
        if let Some(url) = given() {
            eprintln!("PostgreSQL: the one DATABASE_URL names");
            return Ok(Self { url, _cluster: None });
        }
        Self::started()
    }

    /// A throw-away one that ends with the value.
    pub(crate) fn started() -> Result<Self> {
        let cluster = Cluster::start(&programs::ensured()?, false)?;
        Ok(Self { url: cluster.url(), _cluster: Some(cluster) })
    }

    /// One whose commits reach the disk, and the folder of its programs.
    pub(crate) fn durable() -> Result<(Self, PathBuf)> {
        let programs = programs::ensured()?;
        let cluster = Cluster::start(&programs, true)?;
        Ok((Self { url: cluster.url(), _cluster: Some(cluster) }, programs))
    }

    /// `postgres://...`
    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

/// `DATABASE_URL`, if it names a PostgreSQL; a SQLite file is the server's affair, not the tests'.
fn given() -> Option<String> {
    env::var("DATABASE_URL").ok().filter(|url| is_postgres(url))
}

fn is_postgres(url: &str) -> bool {
    url.starts_with("postgres://") || url.starts_with("postgresql://")
}

/// Runs one command, where the user stands, with `DATABASE_URL` set; its exit code is ours.
pub(crate) fn run_with_database(words: &[OsString]) -> Result<ExitCode> {
    let postgres = Postgres::given_or_started()?;
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
    fn a_sqlite_url_does_not_name_a_postgres() {
        assert!(is_postgres("postgres://a@b/c"));
        assert!(is_postgres("postgresql://a@b/c"));
        assert!(!is_postgres("sqlite:data/ikrypt.sqlite"));
        assert!(!is_postgres("postgres"));
    }
}
