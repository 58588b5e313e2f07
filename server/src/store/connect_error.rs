//! The errors of a start: the URL, the connection, the schema.

use sqlx::migrate::MigrateError;

use super::database_url;
use super::failure::DatabaseFailure;

/// Why a store could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The scheme of the URL names neither of the two databases.
    #[error("DATABASE_URL must begin with postgres:// or sqlite:")]
    Scheme,
    /// The URL cannot be parsed, or can be read in two ways.
    #[error(
        "the URL is ambiguous or malformed. It is not shown, because any part of it may belong to the password. In the \
         user name and the password, percent-encode everything but letters and digits: `/` is %2F, `?` %3F, `#` %23, \
         `@` %40, `:` %3A, `%` %25, a space %20"
    )]
    Url,
    /// A part of the URL has an invalid value.
    #[error(
        "a parameter of the URL (like sslmode or port) has an invalid value, or a part of the URL is percent-encoded \
         wrongly"
    )]
    Parameter,
    /// PostgreSQL refused the password.
    #[error(
        "PostgreSQL refused the password. In a URL a password must be percent-encoded: `/` is %2F, `@` %40, `%` %25"
    )]
    Password,
    /// PostgreSQL refused the connection with a message that may contain a part of the URL.
    #[error(
        "PostgreSQL refused the connection with error {0}. Its message is not shown, because the URL has characters that \
         must be percent-encoded"
    )]
    Refused(String),
    /// The database file does not exist, and this command does not create it.
    #[error("the database does not exist yet: the first start of the server creates it")]
    DatabaseMissing,
    /// Migrations are missing, and this command does not run them.
    #[error("the database schema is out of date: start the server, or run `ikrypt-server admin migrate`")]
    SchemaOutdated,
    /// The SQLite URL names no permanent file.
    #[error("{0}: name a file, like sqlite:data/ikrypt.sqlite")]
    NotAFile(&'static str),
    /// The SQLite URL has a parameter that would change how the database is stored.
    #[error(
        "the parameter `{0}` of the URL is not supported: give only the path, like sqlite:data/ikrypt.sqlite"
    )]
    UrlParameter(String),
    /// The SQLite file is on a network file system.
    #[error(
        "the database is on a network file system ({0}), whose locks and shared memory SQLite cannot rely on: views \
         could be granted twice, and the file damaged. Keep it on a local disk, or use PostgreSQL"
    )]
    NetworkFileSystem(&'static str),
    /// A newer version has run a migration that this version cannot work with.
    #[error(
        "the database schema is too new for this version (migration {0}): start the newer version that has migrated it"
    )]
    SchemaTooNew(i64),
    /// Another server is migrating, or a transaction holds a lock on a table, for too long.
    #[error(
        "the database schema must be migrated, and a lock that this needs was held for {0} s: another server is \
         migrating, or a long transaction holds the lock (in PostgreSQL, pg_stat_activity shows which). Try again when \
         it has ended"
    )]
    MigrationLockTimeout(u64),
    /// The role lacks a privilege.
    #[error(
        "the role of DATABASE_URL lacks a privilege ({0}). Run `ikrypt-server admin migrate` as the owner of the \
         tables, and grant the privileges that docs/configure.md lists"
    )]
    MissingPrivilege(String),
    /// A table of another program has the name of one of iKrypt's tables.
    #[error(
        "the database has a table of another program ({0}): give iKrypt a database or a schema of its own"
    )]
    ForeignTable(String),
    /// A pooler shares sessions of PostgreSQL between clients.
    #[error(
        "a pooler in front of PostgreSQL uses transaction pooling: this server needs sessions of its own, because its \
         timeouts and prepared statements hold for a session. Configure session pooling (in PgBouncer, \
         pool_mode = session), or connect to PostgreSQL directly"
    )]
    TransactionPooling,
    /// A pooler passes on a session with the settings of the client before.
    #[error(
        "a pooler in front of PostgreSQL does not reset sessions between clients: set server_reset_query = DISCARD ALL \
         in PgBouncer, or connect to PostgreSQL directly"
    )]
    SessionNotReset,
    /// The database accepts one connection, and no second one.
    #[error(
        "PostgreSQL, or the pooler in front of it, opened no second session in time: this server needs up to 20 \
         (max_connections in PostgreSQL, default_pool_size in PgBouncer)"
    )]
    NoSecondSession,
    /// The folder or the file of a SQLite database cannot be created.
    #[error("the database file cannot be created: {0}")]
    File(#[from] std::io::Error),
    /// The database did not accept a connection in time.
    #[error(
        "the database cannot be reached: no connection within {0} s. Check that it runs there, and that the network \
         allows the connection"
    )]
    Unreachable(u64),
    /// The database refused the connection, or did not answer.
    #[error("the database cannot be reached: {0}")]
    Database(#[from] DatabaseFailure),
    /// A migration failed.
    #[error("the database schema cannot be migrated: {0}")]
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
    /// Removes PostgreSQL's message if it may contain a part of the password.
    pub(super) fn without_password(self, database_url: &str) -> Self {
        match self.code() {
            Some("28P01") => Self::Password,
            Some(code) if !database_url::is_strict(database_url) => Self::Refused(code.to_owned()),
            _ => self,
        }
    }

    /// Returns the failure of the database, if that is the reason.
    pub(super) fn failure(&self) -> Option<&DatabaseFailure> {
        match self {
            Self::Database(failure) | Self::Migration(failure) => Some(failure),
            _ => None,
        }
    }

    /// Returns the code of the error that the database reported.
    pub(super) fn code(&self) -> Option<&str> {
        self.failure()?.code()
    }
}
