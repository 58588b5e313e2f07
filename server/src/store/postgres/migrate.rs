//! Migrates PostgreSQL's schema, or checks that it is current.

use std::pin::pin;
use std::time::{Duration, Instant};

use sqlx::migrate::{Migrate as _, MigrateError, Migrator};
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _};

use super::connection::{CONNECT_TIMEOUT, within};
use crate::store::ConnectError;
use crate::store::failure::DatabaseFailure;
use crate::store::migrations::{ATTEMPT_TIMEOUT, Applied, LockWait, Plan, SHARED_TABLE, Step, TABLE};

static MIGRATIONS: Migrator = sqlx::migrate!("migrations/postgres");

/// How long a start waits for a database that is itself still starting.
const STARTUP_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a statement that waits for no lock may take before the connection counts as lost.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(10);
/// How often a running migration is logged. Migrations have no time limit.
const WARN_EVERY: Duration = Duration::from_mins(1);

// PostgreSQL's error codes.
const INSUFFICIENT_PRIVILEGE: &str = "42501";
const DUPLICATE_TABLE: &str = "42P07";
const UNDEFINED_COLUMN: &str = "42703";
const LOCK_NOT_AVAILABLE: &str = "55P03";

/// Runs the missing migrations. Writes nothing if none is missing, so that the role then needs no privilege to do so.
/// Waits for another server that migrates, and for locks, for `limit` at most.
pub(super) async fn migrate(options: &PgConnectOptions, limit: Duration) -> Result<(), ConnectError> {
    let mut connection = connect(options, STARTUP_TIMEOUT).await?;
    // A migration may take longer than a statement of a request.
    let settings = format!(
        "SET lock_timeout = {}; SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0",
        ATTEMPT_TIMEOUT.as_millis()
    );
    in_time(connection.execute(AssertSqlSafe(settings))).await?;
    let mut lock_wait = LockWait::new(limit);
    let mut migrated = loop {
        match attempt(&mut connection).await {
            Err(error) if error.code() == Some(LOCK_NOT_AVAILABLE) => {
                lock_wait
                    .pause("another server is migrating, or a transaction holds a lock on a table")
                    .await?;
            }
            ended => break ended,
        }
    };
    if migrated.is_ok() {
        migrated = require_privileges(&mut connection).await;
    }
    // An open transaction and the lock end with the connection.
    drop(within(STATEMENT_TIMEOUT, connection.close()).await);
    migrated.map_err(explain)
}

/// Returns whether the schema is that of this version, or of a newer one.
pub(super) async fn is_current(options: &PgConnectOptions) -> Result<bool, ConnectError> {
    let mut connection = connect(options, CONNECT_TIMEOUT).await?;
    let plan = plan(&mut connection).await.map_err(explain)?;
    drop(within(STATEMENT_TIMEOUT, connection.close()).await);
    Ok(plan.is_current())
}

/// Connects, and checks that the session belongs to this connection alone.
async fn connect(options: &PgConnectOptions, limit: Duration) -> Result<PgConnection, ConnectError> {
    // A pool retries while PostgreSQL is starting.
    let pool = PgPoolOptions::new().max_connections(1).acquire_timeout(limit);
    let pool = match pool.connect_with(options.clone()).await.map_err(DatabaseFailure::from) {
        Err(failure) if failure.is_pool_timed_out() => {
            return Err(ConnectError::Unreachable(limit.as_secs()));
        }
        pool => pool?,
    };
    let mut connection = pool.acquire().await?.detach();
    super::pooler::refuse_shared_sessions(&mut connection, options).await?;
    Ok(connection)
}

async fn attempt(connection: &mut PgConnection) -> Result<(), ConnectError> {
    let plan = plan(connection).await?;
    if plan.is_done() {
        return Ok(());
    }
    // sqlx's advisory lock, which older versions take too.
    within(ATTEMPT_TIMEOUT + STATEMENT_TIMEOUT, connection.lock())
        .await
        .ok_or_else(DatabaseFailure::timed_out)??;
    let migrated = warn_while_running(WARN_EVERY, run_migrations(connection), |seconds| {
        tracing::warn!(seconds, "the migrations are still running: do not stop the server");
    });
    let migrated = migrated.await;
    within(STATEMENT_TIMEOUT, connection.unlock()).await.ok_or_else(DatabaseFailure::timed_out)??;
    match migrated {
        // The schema is current; only the copy of the records to the new table is missing.
        Err(error) if plan.is_current() && error.code() == Some(INSUFFICIENT_PRIVILEGE) => {
            tracing::info!(
                "migrations are recorded in {SHARED_TABLE}: `ikrypt-server admin migrate` as the owner copies them to {TABLE}"
            );
            Ok(())
        }
        migrated => migrated,
    }
}

/// Runs and records the missing migrations, while the connection holds the lock. Another server may have run some of
/// them during the wait for the lock.
async fn run_migrations(connection: &mut PgConnection) -> Result<(), ConnectError> {
    let plan = plan(connection).await?;
    if plan.is_done() {
        return Ok(());
    }
    connection.ensure_migrations_table(TABLE).await?;
    for migration in MIGRATIONS.iter() {
        let step = plan.step(migration);
        if step == Step::Nothing {
            continue;
        }
        let mut tx = connection.begin().await?;
        if step == Step::Run {
            tracing::info!(version = migration.version, "running a migration");
            let ran = tx.execute(migration.sql.clone()).await;
            ran.map_err(|error| MigrateError::ExecuteMigration(error, migration.version))?;
        }
        tx.skip(TABLE, migration).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// Calls `warn` with the seconds since the start at every interval, until the work is done.
async fn warn_while_running<T>(every: Duration, work: impl Future<Output = T>, warn: impl Fn(u64)) -> T {
    let mut work = pin!(work);
    let started = Instant::now();
    loop {
        match within(every, &mut work).await {
            Some(done) => return done,
            None => warn(started.elapsed().as_secs()),
        }
    }
}

async fn plan(connection: &mut PgConnection) -> Result<Plan, ConnectError> {
    let recorded = rows(connection, TABLE).await?;
    let plan = Plan::new(&MIGRATIONS, &recorded, &[])?;
    // The shared table may belong to another program, and be locked: it is read only if migrations are not recorded in
    // iKrypt's own table.
    if plan.is_done() {
        return Ok(plan);
    }
    let shared = match rows(connection, SHARED_TABLE).await {
        // The table belongs to another program, and has other columns or privileges.
        Err(ConnectError::Database(failure)) if failure.is_invalid_row() => Vec::new(),
        Err(error) if matches!(error.code(), Some(INSUFFICIENT_PRIVILEGE | UNDEFINED_COLUMN)) => Vec::new(),
        shared => shared?,
    };
    Plan::new(&MIGRATIONS, &recorded, &shared)
}

async fn rows(connection: &mut PgConnection, table: &str) -> Result<Vec<Applied>, ConnectError> {
    let exists = sqlx::query_scalar("SELECT to_regclass($1) IS NOT NULL").bind(table);
    if !in_time(exists.fetch_one(&mut *connection)).await? {
        return Ok(Vec::new());
    }
    let sql = format!("SELECT version, description, checksum FROM {table} WHERE success");
    let rows = sqlx::query_as(AssertSqlSafe(sql));
    let rows = within(ATTEMPT_TIMEOUT + STATEMENT_TIMEOUT, rows.fetch_all(connection)).await;
    Ok(rows.ok_or_else(DatabaseFailure::timed_out)??)
}

/// Returns an error if the role lacks a privilege that store calls need, before every one of them fails.
async fn require_privileges(connection: &mut PgConnection) -> Result<(), ConnectError> {
    let missing = sqlx::query_scalar(
        "SELECT string_agg(privilege || ' on ' || table_, ', ' ORDER BY table_, privilege)
           FROM unnest(ARRAY['secrets', 'receipts', 'claims']) AS table_,
                unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS privilege
          WHERE NOT has_table_privilege(table_, privilege)",
    );
    match in_time(missing.fetch_one(connection)).await? {
        Some(missing) => Err(ConnectError::MissingPrivilege(missing)),
        None => Ok(()),
    }
}

/// Runs a statement, and fails if it takes longer than [`STATEMENT_TIMEOUT`].
async fn in_time<T, E>(statement: impl Future<Output = Result<T, E>>) -> Result<T, ConnectError>
where
    DatabaseFailure: From<E>,
{
    let answered = within(STATEMENT_TIMEOUT, statement).await.ok_or_else(DatabaseFailure::timed_out)?;
    Ok(answered.map_err(DatabaseFailure::from)?)
}

/// Replaces a failure of the database by the error that names its cause.
fn explain(error: ConnectError) -> ConnectError {
    let Some(failure) = error.failure() else { return error };
    match failure.code() {
        Some(INSUFFICIENT_PRIVILEGE) => ConnectError::MissingPrivilege(failure.to_string()),
        Some(DUPLICATE_TABLE) => ConnectError::ForeignTable(failure.to_string()),
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[tokio::test]
    async fn long_migration_is_reported_and_not_interrupted() {
        for (parts, is_reported) in [(0, false), (4, true)] {
            let reports = Cell::new(0);
            let work = async {
                for _ in 0..parts {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                "done"
            };
            let done =
                warn_while_running(Duration::from_millis(40), work, |_| reports.set(reports.get() + 1));
            assert_eq!(done.await, "done");
            assert_eq!(reports.get() > 0, is_reported, "{} reports", reports.get());
        }
    }
}
