//! Why the database gave no answer, without any value of a row.

use std::fmt;
use std::io;

use sqlx::error::DatabaseError;
use sqlx::migrate::MigrateError;
use sqlx::postgres::{PgDatabaseError, PgSeverity};
use vault::StoreError;

/// An error of sqlx, reduced to what may be logged and shown.
///
/// A database quotes rows in its errors: PostgreSQL's `DETAIL: Failing row contains (...)` has the id, the hashes and
/// the share. This is the only place that reads such an error. Everything else in this crate holds this type, whose
/// `Debug` and `Display` have nothing to leak; `clippy.toml` forbids to name `sqlx::Error` elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatabaseFailure {
    kind: Kind,
    text: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    /// The database answered with an error.
    Refused {
        code: String,
        is_fatal: bool,
    },
    Io(io::ErrorKind),
    PoolTimedOut,
    PoolClosed,
    /// A row is missing, or holds what it should not.
    Row,
    Other,
}

/// Classes of PostgreSQL's codes whose messages name roles, databases, tables and settings, and never a value:
/// connections, features, transaction states, logins, unknown databases, names and permissions, resources, locks, and
/// an operator who interferes.
const POSTGRES_MESSAGES: [&str; 9] = ["08", "0A", "25", "28", "3D", "42", "53", "55", "57"];

/// SQLite's codes, without their extension, whose messages name files and tables and never a value: PERM, BUSY,
/// LOCKED, READONLY, IOERR, CORRUPT, FULL, CANTOPEN, NOTADB.
const SQLITE_MESSAGES: [u32; 9] = [3, 5, 6, 8, 10, 11, 13, 14, 26];

impl DatabaseFailure {
    /// There is no such row, or there is one too many, or it holds what the checks of the tables exclude.
    pub(super) fn row(text: &'static str) -> Self {
        Self { kind: Kind::Row, text: text.to_owned() }
    }

    /// The database did not answer in time.
    pub(super) fn timed_out() -> Self {
        io::Error::from(io::ErrorKind::TimedOut).into()
    }

    pub(super) fn pool_timed_out() -> Self {
        sqlx::Error::PoolTimedOut.into()
    }

    pub(super) fn is_pool_timed_out(&self) -> bool {
        self.kind == Kind::PoolTimedOut
    }

    /// Whether a row is missing, or cannot be read.
    pub(super) fn is_row(&self) -> bool {
        self.kind == Kind::Row
    }

    pub(super) fn is_pool_closed(&self) -> bool {
        self.kind == Kind::PoolClosed
    }

    /// PostgreSQL's five characters, or SQLite's number.
    pub fn code(&self) -> Option<&str> {
        match &self.kind {
            Kind::Refused { code, .. } => Some(code),
            _ => None,
        }
    }

    /// Whether it may be one caller's own, and the others of a batch would do well without it: the database answers,
    /// and certainly has done nothing.
    pub(super) fn is_request_specific(&self) -> bool {
        match &self.kind {
            Kind::Refused { code, is_fatal } => {
                // PostgreSQL's words for a connection that failed, an end that is not known, and an operator who
                // interferes.
                let unsure = ["08", "40003", "57"].iter().any(|class| code.starts_with(class));
                !is_fatal && (code.len() != 5 || !unsure)
            }
            Kind::Row => true,
            _ => false,
        }
    }

    /// What a caller of the store is told.
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
            sqlx::Error::RowNotFound => (Kind::Row, "a row is missing".to_owned()),
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => {
                (Kind::Row, "a row cannot be read".to_owned())
            }
            // Of the URL and of certificates; no statement was sent yet.
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
        Some(_) => POSTGRES_MESSAGES.iter().any(|class| code.starts_with(class)),
        // SQLITE_ERROR has many meanings; this one names a table.
        None if code == "1" && error.message().ends_with(" already exists") => true,
        None => code.parse::<u32>().is_ok_and(|code| SQLITE_MESSAGES.contains(&(code & 0xff))),
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
            // These name versions.
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
