//! Brings PostgreSQL's tables up to date, or finds that they are.

use std::pin::pin;
use std::time::{Duration, Instant};

use sqlx::migrate::{Migrate as _, MigrateError, Migrator};
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _};

use super::connection::{CONNECT, within};
use crate::store::ConnectError;
use crate::store::failure::DatabaseFailure;
use crate::store::migrations::{ATTEMPT, Applied, PAUSE, Plan, SHARED_TABLE, Step, TABLE};

static MIGRATIONS: Migrator = sqlx::migrate!("migrations/postgres");

/// How long the server waits for a database that is still starting.
const STARTING: Duration = Duration::from_secs(10);
/// How long a statement that waits for no lock may take before the connection counts as dead.
const ANSWER: Duration = Duration::from_secs(10);

/// How often a start that migrates reports that it goes on. Migrations have no time limit.
const WARN_EVERY: Duration = Duration::from_mins(1);

// PostgreSQL's error codes.
const NO_PRIVILEGE: &str = "42501";
const DUPLICATE_TABLE: &str = "42P07";
const UNDEFINED_COLUMN: &str = "42703";
const LOCKED: &str = "55P03";

/// Runs the migrations that the database lacks. Where it lacks none, nothing is written, so that the role needs no right
/// to do so. Waits for another server that migrates, and for locks, for `limit` at most.
pub(super) async fn migrate(options: &PgConnectOptions, limit: Duration) -> Result<(), ConnectError> {
    let mut connection = connect(options, STARTING).await?;
    // A migration may take longer than a statement of a request.
    let settings = format!(
        "SET lock_timeout = {}; SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0",
        ATTEMPT.as_millis()
    );
    answer(connection.execute(AssertSqlSafe(settings))).await?;
    let started = Instant::now();
    let mut is_told = false;
    loop {
        match attempt(&mut connection).await {
            Err(error) if error.code() == Some(LOCKED) => {
                if started.elapsed() >= limit {
                    return Err(ConnectError::Locked(limit.as_secs()));
                }
                if !is_told {
                    tracing::warn!(
                        seconds = limit.as_secs(),
                        "waiting for the migrations: another server is migrating, or a transaction holds a lock on a table"
                    );
                    is_told = true;
                }
                tokio::time::sleep(PAUSE).await;
            }
            done => {
                let done = match done {
                    Ok(()) => require_rights(&mut connection).await,
                    failed => failed,
                };
                // An open transaction and the lock end with the connection.
                drop(within(ANSWER, connection.close()).await);
                return done.map_err(explain);
            }
        }
    }
}

/// Whether the tables are those of this version, or of a newer one.
pub(super) async fn is_current(options: &PgConnectOptions) -> Result<bool, ConnectError> {
    let mut connection = connect(options, CONNECT).await?;
    let plan = plan(&mut connection).await.map_err(explain)?;
    drop(within(ANSWER, connection.close()).await);
    Ok(plan.is_current())
}

/// Connects, and makes sure that the session belongs to this connection.
async fn connect(options: &PgConnectOptions, limit: Duration) -> Result<PgConnection, ConnectError> {
    // A pool, since it tries again while PostgreSQL starts.
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
    // sqlx's own lock, which versions before this one take too.
    within(ATTEMPT + ANSWER, connection.lock()).await.ok_or_else(DatabaseFailure::timed_out)??;
    let done = warn_while_running(WARN_EVERY, locked(connection), |seconds| {
        tracing::warn!(seconds, "the migrations are still running: do not stop the server");
    });
    let done = done.await;
    within(ANSWER, connection.unlock()).await.ok_or_else(DatabaseFailure::timed_out)??;
    match done {
        // The tables are current, and only the record of that is where older versions keep it.
        Err(error) if plan.is_current() && error.code() == Some(NO_PRIVILEGE) => {
            tracing::info!(
                "migrations are recorded in {SHARED_TABLE}: `ikrypt-server admin migrate` as the owner moves them to {TABLE}"
            );
            Ok(())
        }
        done => done,
    }
}

/// Does what is left to do, which may have become less while the lock was waited for.
async fn locked(connection: &mut PgConnection) -> Result<(), ConnectError> {
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

/// Reports the seconds since the start again and again, until the work is done.
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
    // The shared table may be another program's, and locked: it is only read for what our own does not record.
    if plan.is_done() {
        return Ok(plan);
    }
    let shared = match rows(connection, SHARED_TABLE).await {
        // Another program's, which has it to itself.
        Err(ConnectError::Database(failure)) if failure.is_row() => Vec::new(),
        Err(error) if matches!(error.code(), Some(NO_PRIVILEGE | UNDEFINED_COLUMN)) => Vec::new(),
        shared => shared?,
    };
    Plan::new(&MIGRATIONS, &recorded, &shared)
}

async fn rows(connection: &mut PgConnection, table: &str) -> Result<Vec<Applied>, ConnectError> {
    let exists = sqlx::query_scalar("SELECT to_regclass($1) IS NOT NULL").bind(table);
    if !answer(exists.fetch_one(&mut *connection)).await? {
        return Ok(Vec::new());
    }
    let sql = format!("SELECT version, description, checksum FROM {table} WHERE success");
    let rows = sqlx::query_as(AssertSqlSafe(sql));
    let rows = within(ATTEMPT + ANSWER, rows.fetch_all(connection)).await;
    Ok(rows.ok_or_else(DatabaseFailure::timed_out)??)
}

/// Returns an error if the role may not do what requests do: without this each of them would fail.
async fn require_rights(connection: &mut PgConnection) -> Result<(), ConnectError> {
    let lacking = sqlx::query_scalar(
        "SELECT string_agg(right_ || ' on ' || table_, ', ' ORDER BY table_, right_)
           FROM unnest(ARRAY['secrets', 'receipts', 'claims']) AS table_,
                unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS right_
          WHERE NOT has_table_privilege(table_, right_)",
    );
    match answer(lacking.fetch_one(connection)).await? {
        Some(lacking) => Err(ConnectError::Privilege(lacking)),
        None => Ok(()),
    }
}

async fn answer<T, E>(statement: impl Future<Output = Result<T, E>>) -> Result<T, ConnectError>
where
    DatabaseFailure: From<E>,
{
    let answered = within(ANSWER, statement).await.ok_or_else(DatabaseFailure::timed_out)?;
    Ok(answered.map_err(DatabaseFailure::from)?)
}

fn explain(error: ConnectError) -> ConnectError {
    let Some(failure) = error.failure() else { return error };
    match failure.code() {
        Some(NO_PRIVILEGE) => ConnectError::Privilege(failure.to_string()),
        Some(DUPLICATE_TABLE) => ConnectError::Foreign(failure.to_string()),
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
