//! The two databases behind [`SecretStore`], chosen by the URL's scheme.

mod batcher;
mod database_url;
mod decide_batch;
mod failure;
mod migrations;
mod numbered;
mod postgres;
mod retry;
mod row;
mod sqlite;

use std::sync::Arc;

use sqlx::migrate::MigrateError;
use vault::SecretStore;

pub use database_url::describe;
pub(crate) use database_url::may_hold_password;
use database_url::{Backend, backend};
pub use failure::DatabaseFailure;
pub use postgres::PostgresStore;
pub use sqlite::{FileSystem, SqliteStore, WideFile};

/// Connects to `postgres://...` or `sqlite:PATH` and brings its tables up to date.
pub async fn connect(database_url: &str) -> Result<Arc<dyn SecretStore>, ConnectError> {
    match backend(database_url)? {
        Backend::Postgres => Ok(Arc::new(PostgresStore::connect(database_url).await?)),
        Backend::Sqlite => Ok(Arc::new(SqliteStore::connect(database_url).await?)),
    }
}

/// Connects to what is there already: makes no file, and leaves the tables as they are.
pub async fn connect_existing(database_url: &str) -> Result<Arc<dyn SecretStore>, ConnectError> {
    match backend(database_url)? {
        Backend::Postgres => Ok(Arc::new(PostgresStore::connect_existing(database_url).await?)),
        Backend::Sqlite => Ok(Arc::new(SqliteStore::connect_existing(database_url).await?)),
    }
}

/// Why there is no store to begin with.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// Neither of the two databases.
    #[error("DATABASE_URL must begin with postgres:// or sqlite:")]
    Scheme,
    /// The URL cannot be parsed, or can be read in two ways.
    #[error(
        "the URL cannot be read, and is not shown, since any part of it may belong to the password. In the user name \
         and the password, percent-encode everything but letters and digits: `/` is %2F, `?` %3F, `#` %23, `@` %40, \
         `:` %3A, `%` %25, a space %20"
    )]
    Url,
    /// The URL can be read, and a part of it has no meaning.
    #[error(
        "a parameter of the URL (like sslmode or port) has a value that is not allowed, or something in it is \
         percent-encoded wrongly"
    )]
    Parameter,
    /// PostgreSQL does not accept the password.
    #[error(
        "PostgreSQL refused the password. In a URL a password must be percent-encoded: `/` is %2F, `@` %40, `%` %25"
    )]
    Password,
    /// PostgreSQL refused, in words that may hold a part of the URL.
    #[error(
        "PostgreSQL refused with error {0}. Its message is not shown, since the URL has characters that must be \
         percent-encoded"
    )]
    Refused(String),
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
    /// A newer version has changed the tables in a way that this version cannot work with.
    #[error(
        "a newer version has changed the tables (migration {0}), and this version cannot work with them: start the \
         newer version"
    )]
    Newer(i64),
    /// Another server migrates, or a transaction holds a lock, for too long.
    #[error(
        "the tables are to be brought up to date, and a lock that this needs was not free for {0} s: another server \
         is migrating, or a long transaction holds it (in PostgreSQL, pg_stat_activity shows which). Try again when it \
         has ended"
    )]
    Locked(u64),
    /// The role may not do what is needed.
    #[error(
        "the role of DATABASE_URL lacks a right ({0}). Run `ikrypt-server admin migrate` as the owner of the tables, \
         and grant the rights that docs/configure.md lists"
    )]
    Privilege(String),
    /// There are tables with our names that we did not make.
    #[error(
        "the database has a table of another program ({0}): give iKrypt a database or a schema of its own"
    )]
    Foreign(String),
    /// Transactions of several clients share a session.
    #[error(
        "a pooler before PostgreSQL uses transaction pooling: this server needs sessions of its own, since its \
         time-outs and prepared statements hold for a session. Let the pooler use session pooling (in PgBouncer, \
         pool_mode = session), or connect to PostgreSQL directly"
    )]
    Pooler,
    /// A client gets a session with the settings of the client before it.
    #[error(
        "a pooler before PostgreSQL hands sessions on as a client has left them: set server_reset_query = DISCARD ALL \
         in PgBouncer, or connect to PostgreSQL directly"
    )]
    NoReset,
    /// There is one connection, and no second.
    #[error(
        "PostgreSQL, or the pooler before it, gave no second session in time: this server needs up to 20 \
         (max_connections in PostgreSQL, default_pool_size in PgBouncer)"
    )]
    Sessions,
    /// The folder or file of a SQLite database cannot be made.
    #[error("the database file cannot be made: {0}")]
    File(#[from] std::io::Error),
    /// The database did not accept a connection in time.
    #[error(
        "the database cannot be reached: no connection within {0} s. Does it run there, and does the network let it through?"
    )]
    Unreachable(u64),
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

impl ConnectError {
    /// Removes PostgreSQL's message where it may hold a part of the password.
    fn without_password(self, database_url: &str) -> Self {
        match self.code() {
            Some("28P01") => Self::Password,
            Some(code) if !database_url::is_strict(database_url) => Self::Refused(code.to_owned()),
            _ => self,
        }
    }

    /// Returns the failure of the database, if that is the reason.
    fn failure(&self) -> Option<&DatabaseFailure> {
        match self {
            Self::Database(failure) | Self::Migration(failure) => Some(failure),
            _ => None,
        }
    }

    /// Returns the code of the error that the database reported.
    fn code(&self) -> Option<&str> {
        self.failure()?.code()
    }
}

/// How many of their connections are busy, and how many idle.
fn connections<DB: sqlx::Database, const N: usize>(pools: [&sqlx::Pool<DB>; N]) -> (u32, u32) {
    pools.into_iter().fold((0, 0), |(busy, idle), pool| {
        let all = pool.size();
        let waiting = u32::try_from(pool.num_idle()).unwrap_or(all);
        (busy + all.saturating_sub(waiting), idle + waiting)
    })
}
