//! Decides which migrations a database still needs, from the rows that record the ones it has had.
//!
//! The rows are in a table of their own. `_sqlx_migrations`, which the first versions used, may belong to another
//! program in the same database. Rows there with the numbers and checksums of iKrypt's migrations are copied, and left in
//! place for servers of those versions that still run.
//!
//! Rows of newer versions are tolerated, because migrations only add. A migration that older versions cannot work with
//! has a description that begins with `breaking` (`0007_breaking_drop_claims.sql`): a version that does not know it
//! refuses to start.

use std::time::{Duration, Instant};

use sqlx::migrate::{MigrateError, Migration, Migrator};

use super::ConnectError;

/// The table that records the migrations.
pub(super) const TABLE: &str = "_ikrypt_migrations";
/// The table that recorded them in the first versions: sqlx's default, which other programs use as well.
pub(super) const SHARED_TABLE: &str = "_sqlx_migrations";
/// The first word in the description of a migration that older versions cannot work with.
const BREAKING: &str = "breaking";

/// How long a start waits for the locks that migrations need.
pub(super) const LOCK_WAIT_TIMEOUT: Duration = Duration::from_mins(1);
/// How long one attempt waits for a lock.
pub(super) const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(2);
/// The pause between two attempts.
const PAUSE: Duration = Duration::from_millis(250);

/// Paces the attempts to migrate while another process holds a lock.
pub(super) struct LockWait {
    started: Instant,
    limit: Duration,
    is_logged: bool,
}

impl LockWait {
    pub(super) fn new(limit: Duration) -> Self {
        Self { started: Instant::now(), limit, is_logged: false }
    }

    /// Pauses before the next attempt. Logs at the first time who may hold the lock, and fails when the limit is over.
    pub(super) async fn pause(&mut self, holders: &str) -> Result<(), ConnectError> {
        let seconds = self.limit.as_secs();
        if self.started.elapsed() >= self.limit {
            return Err(ConnectError::MigrationLockTimeout(seconds));
        }
        if !self.is_logged {
            tracing::warn!(seconds, "waiting for the migrations: {holders}");
            self.is_logged = true;
        }
        tokio::time::sleep(PAUSE).await;
        Ok(())
    }
}

/// A row that records a migration.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(super) struct Applied {
    version: i64,
    description: String,
    checksum: Vec<u8>,
}

/// The steps that bring a database to the schema of this version.
#[derive(Debug)]
pub(super) struct Plan {
    /// Migrations that are recorded in the shared table only.
    adopt: Vec<i64>,
    /// Migrations that are recorded in neither table.
    missing: Vec<i64>,
}

/// The step for one migration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Do nothing: it is recorded.
    Nothing,
    /// Record it: the shared table says that it has run.
    Record,
    /// Run it and record it.
    Run,
}

impl Plan {
    /// Compares the recorded migrations with those of this version.
    pub(super) fn new(
        migrator: &Migrator,
        recorded: &[Applied],
        shared: &[Applied],
    ) -> Result<Self, ConnectError> {
        for row in recorded {
            match migrator.iter().find(|known| known.version == row.version) {
                Some(known) if *known.checksum != *row.checksum => {
                    return Err(MigrateError::VersionMismatch(row.version).into());
                }
                None if is_breaking(&row.description) => return Err(ConnectError::SchemaTooNew(row.version)),
                _ => {}
            }
        }
        let unrecorded = migrator.iter().filter(|known| !has(recorded, known));
        let (adopt, missing): (Vec<_>, Vec<_>) = unrecorded.partition(|known| has(shared, known));
        let versions = |migrations: Vec<&Migration>| migrations.iter().map(|known| known.version).collect();
        Ok(Self { adopt: versions(adopt), missing: versions(missing) })
    }

    /// Returns whether the schema is that of this version, or of a newer one.
    pub(super) fn is_current(&self) -> bool {
        self.missing.is_empty()
    }

    /// Returns whether there is nothing to run and nothing to record.
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

fn has(rows: &[Applied], known: &Migration) -> bool {
    rows.iter().any(|row| row.version == known.version && *row.checksum == *known.checksum)
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
            let all = migrator.iter().map(|known| row(known.version, "x", &known.checksum));
            all.chain([row(3, description, b"three")]).collect()
        };
        for additive in ["more", "not breaking", "breakingly fast", ""] {
            assert!(Plan::new(&migrator, &rows(additive), &[]).unwrap().is_done(), "{additive}");
        }
        for breaking in ["breaking", "breaking drop claims"] {
            let error = Plan::new(&migrator, &rows(breaking), &[]).unwrap_err();
            assert!(matches!(error, ConnectError::SchemaTooNew(3)), "{error}");
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
