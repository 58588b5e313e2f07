//! The failure of a database call, without any value of a row.

use std::fmt;
use std::io;

use sqlx::error::DatabaseError;
use sqlx::migrate::MigrateError;
use sqlx::postgres::{PgDatabaseError, PgSeverity};
use vault::StoreError;

/// An error of sqlx, reduced to what may be logged and shown.
///
/// A database quotes rows in its errors: PostgreSQL's `DETAIL: Failing row contains (...)` has the id, the hashes and
/// the share. Only this module reads such errors. All other code holds this type, whose `Debug` and `Display` contain
/// no row; a lint in `clippy.toml` forbids naming `sqlx::Error` elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatabaseFailure {
    kind: Kind,
    text: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    /// The database reported an error.
    Refused {
        code: String,
        is_fatal: bool,
    },
    Io(io::ErrorKind),
    PoolTimedOut,
    PoolClosed,
    /// A row is missing, surplus, or has an unexpected value.
    InvalidRow,
    Other,
}

/// Classes of PostgreSQL's error codes whose messages name roles, databases, tables and settings, and never a value:
/// connections, features, transaction states, logins, unknown databases, names and permissions, resources, locks, and
/// operator intervention.
const POSTGRES_CODES_WITHOUT_VALUES: [&str; 9] = ["08", "0A", "25", "28", "3D", "42", "53", "55", "57"];

/// SQLite's primary error codes whose messages name files and tables, and never a value: PERM, BUSY, LOCKED, READONLY,
/// IOERR, CORRUPT, FULL, CANTOPEN, NOTADB.
const SQLITE_CODES_WITHOUT_VALUES: [u32; 9] = [3, 5, 6, 8, 10, 11, 13, 14, 26];

impl DatabaseFailure {
    /// Creates the failure for a row that is missing or surplus, or has a value that the constraints of the tables
    /// exclude.
    pub(super) fn invalid_row(text: &'static str) -> Self {
        Self { kind: Kind::InvalidRow, text: text.to_owned() }
    }

    /// Creates the failure for a database that did not answer in time.
    pub(super) fn timed_out() -> Self {
        io::Error::from(io::ErrorKind::TimedOut).into()
    }

    /// Creates the failure for a pool with no free connection in time.
    pub(super) fn pool_timed_out() -> Self {
        sqlx::Error::PoolTimedOut.into()
    }

    pub(super) fn is_pool_timed_out(&self) -> bool {
        self.kind == Kind::PoolTimedOut
    }

    /// Returns whether a row is missing or cannot be read.
    pub(super) fn is_invalid_row(&self) -> bool {
        self.kind == Kind::InvalidRow
    }

    pub(super) fn is_pool_closed(&self) -> bool {
        self.kind == Kind::PoolClosed
    }

    /// Returns the code of the database's error: PostgreSQL's five characters, or SQLite's number.
    pub fn code(&self) -> Option<&str> {
        match &self.kind {
            Kind::Refused { code, .. } => Some(code),
            _ => None,
        }
    }

    /// Returns whether one call of a batch may have caused the failure, so that the others may succeed without it: the
    /// database answered, and certainly wrote nothing.
    pub(super) fn is_request_specific(&self) -> bool {
        match &self.kind {
            Kind::Refused { code, is_fatal } => {
                // In PostgreSQL: connection failures, an unknown outcome, and operator intervention.
                let is_unknown = ["08", "40003", "57"].iter().any(|class| code.starts_with(class));
                !is_fatal && (code.len() != 5 || !is_unknown)
            }
            Kind::InvalidRow => true,
            _ => false,
        }
    }

    /// Reduces the failure to what a caller of the store receives.
    pub(super) fn to_store_error(&self) -> StoreError {
        match &self.kind {
            // PostgreSQL's disk_full, SQLite's SQLITE_FULL.
            Kind::Refused { code, .. } if matches!(code.as_str(), "53100" | "13") => StoreError::Full,
            Kind::Refused { code, .. } => StoreError::Unavailable(format!("database error {code}")),
            Kind::Io(kind) => StoreError::Unavailable(format!("connection: {kind}")),
            _ => StoreError::Unavailable(self.text.clone()),
        }
    }
}

impl fmt::Display for DatabaseFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for DatabaseFailure {}

#[expect(clippy::disallowed_types, reason = "it is reduced here")]
impl From<sqlx::Error> for DatabaseFailure {
    fn from(error: sqlx::Error) -> Self {
        let (kind, text) = match error {
            sqlx::Error::Database(error) => refused(&*error),
            sqlx::Error::Io(error) => return error.into(),
            sqlx::Error::PoolTimedOut => (Kind::PoolTimedOut, "no connection became free in time".to_owned()),
            sqlx::Error::PoolClosed => (Kind::PoolClosed, "the pool is closed".to_owned()),
            sqlx::Error::RowNotFound => (Kind::InvalidRow, "a row is missing".to_owned()),
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => {
                (Kind::InvalidRow, "a row cannot be read".to_owned())
            }
            // About the URL or certificates: no statement was sent yet.
            sqlx::Error::Configuration(error) => (Kind::Other, format!("configuration: {error}")),
            sqlx::Error::Tls(error) => (Kind::Other, format!("TLS: {error}")),
            sqlx::Error::Protocol(_) => (Kind::Other, "protocol".to_owned()),
            sqlx::Error::WorkerCrashed => (Kind::Other, "a worker crashed".to_owned()),
            _ => (Kind::Other, "unexpected".to_owned()),
        };
        Self { kind, text }
    }
}

impl From<io::Error> for DatabaseFailure {
    fn from(error: io::Error) -> Self {
        Self { text: format!("connection: {error}"), kind: Kind::Io(error.kind()) }
    }
}

fn refused(error: &dyn DatabaseError) -> (Kind, String) {
    let code = error.code().unwrap_or_default().into_owned();
    let postgres = error.try_downcast_ref::<PgDatabaseError>();
    let is_fatal =
        postgres.is_some_and(|error| matches!(error.severity(), PgSeverity::Fatal | PgSeverity::Panic));
    let names_no_value = match postgres {
        Some(_) => POSTGRES_CODES_WITHOUT_VALUES.iter().any(|class| code.starts_with(class)),
        // SQLITE_ERROR has many meanings; this message names a table.
        None if code == "1" && error.message().ends_with(" already exists") => true,
        None => code.parse::<u32>().is_ok_and(|code| SQLITE_CODES_WITHOUT_VALUES.contains(&(code & 0xff))),
    };
    let text = if names_no_value {
        format!("{} (code {code})", error.message())
    } else {
        format!("database error {code}")
    };
    (Kind::Refused { code, is_fatal }, text)
}

impl From<MigrateError> for DatabaseFailure {
    fn from(error: MigrateError) -> Self {
        match error {
            MigrateError::Execute(error) => error.into(),
            MigrateError::ExecuteMigration(error, version) => {
                let Self { kind, text } = error.into();
                Self { kind, text: format!("migration {version}: {text}") }
            }
            // The messages name versions.
            MigrateError::VersionMissing(_)
            | MigrateError::VersionMismatch(_)
            | MigrateError::VersionNotPresent(_)
            | MigrateError::VersionTooOld(..)
            | MigrateError::VersionTooNew(..)
            | MigrateError::Dirty(_) => Self { kind: Kind::Other, text: error.to_string() },
            _ => Self { kind: Kind::Other, text: "unexpected".to_owned() },
        }
    }
}

#[cfg(test)]
mod tests;
