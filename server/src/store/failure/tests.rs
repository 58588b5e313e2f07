//! Checks that no value of a row survives in a failure.

use std::borrow::Cow;
use std::error::Error as StdError;

use sqlx::error::ErrorKind;

use super::*;

/// An error as SQLite reports it, with this code and a message that quotes a row.
#[derive(Debug)]
struct QuotingError(&'static str);

const QUOTED: &str = "Failing row contains (\\x00fdee6162637fff)";

impl fmt::Display for QuotingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(QUOTED)
    }
}

impl StdError for QuotingError {}

impl DatabaseError for QuotingError {
    fn message(&self) -> &str {
        QUOTED
    }

    fn code(&self) -> Option<Cow<'_, str>> {
        Some(self.0.into())
    }

    fn as_error(&self) -> &(dyn StdError + Send + Sync + 'static) {
        self
    }

    fn as_error_mut(&mut self) -> &mut (dyn StdError + Send + Sync + 'static) {
        self
    }

    fn into_error(self: Box<Self>) -> Box<dyn StdError + Send + Sync + 'static> {
        self
    }

    fn kind(&self) -> ErrorKind {
        ErrorKind::Other
    }
}

/// Returns all texts that can be shown for a failure.
fn shown(failure: &DatabaseFailure) -> String {
    let store = failure.to_store_error();
    format!("{failure} {failure:?} {store} {store:?}")
}

#[test]
fn refusal_that_may_quote_a_row_is_reduced_to_its_code() {
    for code in ["19", "275", "1299", "1811", "2067", "1", "4", "20", "23514", "23505", "22P02", "P0001", ""]
    {
        let failure = DatabaseFailure::from(sqlx::Error::Database(Box::new(QuotingError(code))));
        let text = shown(&failure);
        assert!(text.contains(code) && !text.contains("00fdee"), "{text}");
        assert_eq!(failure.code(), Some(code));
    }
}

#[test]
fn refusal_that_names_files_keeps_its_message() {
    for code in ["14", "526", "8", "26", "11"] {
        let failure = DatabaseFailure::from(sqlx::Error::Database(Box::new(QuotingError(code))));
        assert_eq!(failure.to_string(), format!("{QUOTED} (code {code})"));
        // A caller of the store gets the code alone.
        assert!(!failure.to_store_error().to_string().contains("Failing"));
    }
}

#[test]
fn error_that_may_hold_a_value_is_reduced_to_its_kind() {
    let quoted = || QUOTED.into();
    for error in [
        sqlx::Error::Decode(quoted()),
        sqlx::Error::ColumnDecode { index: "share".to_owned(), source: quoted() },
        sqlx::Error::Protocol(QUOTED.to_owned()),
        sqlx::Error::Encode(quoted()),
        sqlx::Error::AnyDriverError(quoted()),
        sqlx::Error::ColumnNotFound(QUOTED.to_owned()),
        sqlx::Error::TypeNotFound { type_name: QUOTED.to_owned() },
    ] {
        let migration = MigrateError::ExecuteMigration(sqlx::Error::Protocol(QUOTED.to_owned()), 2);
        for failure in [DatabaseFailure::from(error), migration.into()] {
            let text = shown(&failure);
            assert!(!text.contains("00fdee"), "{text}");
        }
    }
}

#[test]
fn full_disk_is_distinguished_from_other_refusals() {
    for (code, is_full) in [("13", true), ("53100", true), ("53200", false), ("5", false)] {
        let failure = DatabaseFailure::from(sqlx::Error::Database(Box::new(QuotingError(code))));
        assert_eq!(matches!(failure.to_store_error(), StoreError::Full), is_full, "{code}");
    }
}
