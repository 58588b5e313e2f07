//! The two databases behind [`SecretStore`], chosen by the URL's scheme.

mod docket;
mod failure;
mod gather;
mod numbered;
mod postgres;
mod rows;
mod sqlite;
mod unit;

use std::sync::Arc;

use app::store::SecretStore;
use sqlx::migrate::{Migrate, MigrateError, Migrator};
use url::Url;

pub use failure::DatabaseFailure;
pub use postgres::PostgresStore;
pub use sqlite::{FileSystem, SqliteStore, WideFile};

/// Connects to `postgres://...` or `sqlite:PATH` and brings its tables up to date.
pub async fn connect(database_url: &str) -> Result<Arc<dyn SecretStore>, ConnectError> {
    match scheme(database_url) {
        Some("postgres" | "postgresql") => Ok(Arc::new(PostgresStore::connect(database_url).await?)),
        Some("sqlite") => Ok(Arc::new(SqliteStore::connect(database_url).await?)),
        _ => Err(ConnectError::Scheme),
    }
}

/// Connects to what is there already: makes no file, and leaves the tables as they are.
pub async fn attach(database_url: &str) -> Result<Arc<dyn SecretStore>, ConnectError> {
    match scheme(database_url) {
        Some("postgres" | "postgresql") => Ok(Arc::new(PostgresStore::attach(database_url).await?)),
        Some("sqlite") => Ok(Arc::new(SqliteStore::attach(database_url).await?)),
        _ => Err(ConnectError::Scheme),
    }
}

/// The URL as it may be shown: without name, password and parameters.
pub fn describe(database_url: &str) -> String {
    match (scheme(database_url), Url::parse(database_url)) {
        (Some("sqlite"), _) => database_url.to_owned(),
        (Some(scheme), Ok(url)) => {
            format!("{scheme}://{}{}", url.host_str().unwrap_or("(socket)"), url.path())
        }
        _ => "an unknown database".to_owned(),
    }
}

fn scheme(database_url: &str) -> Option<&str> {
    database_url.split_once(':').map(|(scheme, _)| scheme)
}

/// Why there is no store to begin with.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// Neither of the two databases.
    #[error("DATABASE_URL must begin with postgres:// or sqlite:")]
    Scheme,
    /// There is no such file, and none is made here.
    #[error("there is no database yet: the first start of the server makes it")]
    Missing,
    /// There are tables to be made or changed, and none is here.
    #[error(
        "its tables are not those of this version yet: the next start of the server brings them up to date, or `ikrypt-server admin migrate`"
    )]
    Older,
    /// A SQLite URL that names no file which keeps its content.
    #[error("{0}: name a file, like sqlite:data/ikrypt.sqlite")]
    NoFile(&'static str),
    /// A SQLite URL with a parameter that would change how the database is kept.
    #[error(
        "the parameter `{0}` of the URL is not supported: give only the path, like sqlite:data/ikrypt.sqlite"
    )]
    UrlParameter(String),
    /// SQLite on a network file system.
    #[error(
        "the database is on a network file system ({0}), whose locks and shared memory SQLite cannot rely on: views could be granted twice, and the file damaged. Keep it on a local disk, or use PostgreSQL"
    )]
    NetworkFileSystem(&'static str),
    /// The folder or file of a SQLite database cannot be made.
    #[error("the database file cannot be made: {0}")]
    File(#[from] std::io::Error),
    /// The database refuses, or does not answer.
    #[error("the database cannot be reached: {0}")]
    Database(#[from] DatabaseFailure),
    /// The tables cannot be brought up to date.
    #[error("the tables cannot be brought up to date: {0}")]
    Migration(DatabaseFailure),
}

#[expect(clippy::disallowed_types, reason = "it is reduced here")]
impl From<sqlx::Error> for ConnectError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error.into())
    }
}

impl From<MigrateError> for ConnectError {
    fn from(error: MigrateError) -> Self {
        Self::Migration(error.into())
    }
}

/// Whether the tables have come as far as this version's.
async fn are_current(connection: &mut impl Migrate, migrator: &Migrator) -> Result<bool, ConnectError> {
    let applied = match connection.list_applied_migrations(&migrator.table_name).await {
        // PostgreSQL's undefined_table, and SQLite's word for that and other things that are no table of ours.
        Err(MigrateError::Execute(sqlx::Error::Database(error)))
            if matches!(error.code().as_deref(), Some("42P01" | "1")) =>
        {
            return Ok(false);
        }
        applied => applied?,
    };
    Ok(migrator.iter().all(|wanted| applied.iter().any(|applied| applied.version == wanted.version)))
}

/// How many of their connections are busy, and how many idle.
fn connections<DB: sqlx::Database, const N: usize>(pools: [&sqlx::Pool<DB>; N]) -> (u32, u32) {
    pools.into_iter().fold((0, 0), |(busy, idle), pool| {
        let all = pool.size();
        let waiting = u32::try_from(pool.num_idle()).unwrap_or(all);
        (busy + all.saturating_sub(waiting), idle + waiting)
    })
}
