//! Decides which migrations a database still needs, from the rows that record those it has had.
//!
//! The rows stand in a table of their own: `_sqlx_migrations`, which the first versions used, may belong to another
//! program in the same database. Rows there with our numbers and checksums are ours and are copied; they are left where
//! they are, for servers of those versions that still run.
//!
//! Rows of newer versions are tolerated, since migrations only add. A migration that older versions cannot work with
//! has a description that begins with `breaking` (`0007_breaking_drop_claims.sql`): a version that does not know it
//! refuses to start.

use std::time::Duration;

use sqlx::migrate::{MigrateError, Migration, Migrator};

use super::ConnectError;

/// Records the migrations that a database has had.
pub(super) const TABLE: &str = "_ikrypt_migrations";
/// Recorded them in the first versions; sqlx's own default, and that of other programs.
pub(super) const SHARED_TABLE: &str = "_sqlx_migrations";
/// Begins the description of a migration that older versions cannot work with.
const BREAKING: &str = "breaking";

/// How long a start waits for the locks that migrations need.
pub(super) const LOCK_WAIT: Duration = Duration::from_mins(1);
/// How long one attempt waits, and the pause between two.
pub(super) const ATTEMPT: Duration = Duration::from_secs(2);
pub(super) const PAUSE: Duration = Duration::from_millis(250);

/// A row that records a migration.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(super) struct Applied {
    version: i64,
    description: String,
    checksum: Vec<u8>,
}

/// What a database needs until it has all migrations of this version.
#[derive(Debug)]
pub(super) struct Plan {
    /// Recorded in the shared table only.
    adopt: Vec<i64>,
    /// Recorded nowhere.
    missing: Vec<i64>,
}

/// What to do for one migration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// It is recorded in our table.
    Nothing,
    /// Record it: the tables have it.
    Record,
    /// Run it and record it.
    Run,
}

impl Plan {
    /// Compares what is recorded with what this version wants.
    pub(super) fn new(
        migrator: &Migrator,
        recorded: &[Applied],
        shared: &[Applied],
    ) -> Result<Self, ConnectError> {
        for row in recorded {
            match migrator.iter().find(|wanted| wanted.version == row.version) {
                Some(wanted) if *wanted.checksum != *row.checksum => {
                    return Err(MigrateError::VersionMismatch(row.version).into());
                }
                None if is_breaking(&row.description) => return Err(ConnectError::Newer(row.version)),
                _ => {}
            }
        }
        let unrecorded = migrator.iter().filter(|wanted| !has(recorded, wanted));
        let (adopt, missing): (Vec<_>, Vec<_>) = unrecorded.partition(|wanted| has(shared, wanted));
        let versions = |migrations: Vec<&Migration>| migrations.iter().map(|wanted| wanted.version).collect();
        Ok(Self { adopt: versions(adopt), missing: versions(missing) })
    }

    /// Whether the tables are those of this version, or of a newer one.
    pub(super) fn is_current(&self) -> bool {
        self.missing.is_empty()
    }

    /// Whether there is nothing to write at all.
    pub(super) fn is_done(&self) -> bool {
        self.missing.is_empty() && self.adopt.is_empty()
    }

    pub(super) fn step(&self, migration: &Migration) -> Step {
        if self.missing.contains(&migration.version) {
            Step::Run
        } else if self.adopt.contains(&migration.version) {
            Step::Record
        } else {
            Step::Nothing
        }
    }
}

fn has(rows: &[Applied], wanted: &Migration) -> bool {
    rows.iter().any(|row| row.version == wanted.version && *row.checksum == *wanted.checksum)
}

fn is_breaking(description: &str) -> bool {
    description.split(' ').next() == Some(BREAKING)
}

#[cfg(test)]
mod tests {
    use std::slice::from_ref;

    use sqlx::SqlSafeStr as _;
    use sqlx::migrate::MigrationType;

    use super::*;

    fn migrator() -> Migrator {
        let migration = |version, sql: &'static str| {
            Migration::new(version, "x".into(), MigrationType::Simple, sql.into_sql_str(), false)
        };
        Migrator::with_migrations(vec![migration(1, "one"), migration(2, "two")])
    }

    fn row(version: i64, description: &str, checksum: &[u8]) -> Applied {
        Applied { version, description: description.to_owned(), checksum: checksum.to_owned() }
    }

    #[test]
    fn steps_follow_from_both_tables() {
        let migrator = migrator();
        let [one, two] = [0, 1].map(|at| migrator.iter().nth(at).unwrap().clone());
        let (row_one, row_two) = (row(1, "x", &one.checksum), row(2, "x", &two.checksum));
        let foreign = [row(1, "users", b"foreign"), row(20_240_101, "posts", b"foreign")];
        for (recorded, shared, steps) in [
            (&[] as &[Applied], &[] as &[Applied], [Step::Run, Step::Run]),
            (&[], &foreign, [Step::Run, Step::Run]),
            (&[], from_ref(&row_one), [Step::Record, Step::Run]),
            (&[], &[row_one.clone(), row_two.clone(), foreign[1].clone()], [Step::Record, Step::Record]),
            (from_ref(&row_one), from_ref(&row_two), [Step::Nothing, Step::Record]),
            (&[row_one.clone(), row_two.clone()], &foreign, [Step::Nothing, Step::Nothing]),
        ] {
            let plan = Plan::new(&migrator, recorded, shared).unwrap();
            assert_eq!([plan.step(&one), plan.step(&two)], steps, "{recorded:?} {shared:?}");
            assert_eq!(plan.is_current(), !steps.contains(&Step::Run), "{steps:?}");
            assert_eq!(plan.is_done(), steps == [Step::Nothing; 2], "{steps:?}");
        }
    }

    #[test]
    fn newer_migrations_are_tolerated_unless_they_are_breaking() {
        let migrator = migrator();
        let rows = |description: &str| -> Vec<_> {
            let known = migrator.iter().map(|known| row(known.version, "x", &known.checksum));
            known.chain([row(3, description, b"three")]).collect()
        };
        for additive in ["more", "not breaking", "breakingly fast", ""] {
            assert!(Plan::new(&migrator, &rows(additive), &[]).unwrap().is_done(), "{additive}");
        }
        for breaking in ["breaking", "breaking drop claims"] {
            let error = Plan::new(&migrator, &rows(breaking), &[]).unwrap_err();
            assert!(matches!(error, ConnectError::Newer(3)), "{error}");
        }
    }

    #[test]
    fn changed_migration_is_refused() {
        let error = Plan::new(&migrator(), &[row(1, "x", b"other")], &[]).unwrap_err();
        assert!(
            matches!(error, ConnectError::Migration(_)) && error.to_string().contains("migration 1"),
            "{error}"
        );
    }
}
