//! Migrates the schema of a SQLite file, or checks that it is current.

use std::time::Duration;

use sqlx::migrate::{Migrate as _, MigrateError, Migrator};
use sqlx::sqlite::{SqliteConnection, SqlitePool};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _};

use super::writer::{BEGIN, is_busy};
use crate::store::ConnectError;
use crate::store::migrations::{Applied, LockWait, Plan, SHARED_TABLE, Step, TABLE};

static MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");

/// Runs the missing migrations, each in a transaction that has the write lock before it checks what is missing. Waits for
/// other processes that write, for `limit` at most.
pub(super) async fn migrate(writer: &SqlitePool, limit: Duration) -> Result<(), ConnectError> {
    let mut connection = writer.acquire().await?;
    let mut lock_wait = LockWait::new(limit);
    loop {
        match attempt(&mut connection).await {
            Err(error) if is_locked(&error) => {
                lock_wait.pause("another process writes to the database").await?;
            }
            ended => return ended.map_err(explain),
        }
    }
}

/// Returns whether the schema is that of this version, or of a newer one.
pub(super) async fn is_current(connection: &mut SqliteConnection) -> Result<bool, ConnectError> {
    Ok(plan(connection).await?.is_current())
}

async fn attempt(connection: &mut SqliteConnection) -> Result<(), ConnectError> {
    if plan(connection).await?.is_done() {
        return Ok(());
    }
    for migration in MIGRATIONS.iter() {
        let mut tx = connection.begin_with(BEGIN).await?;
        let step = plan(&mut tx).await?.step(migration);
        if step != Step::Nothing {
            tx.ensure_migrations_table(TABLE).await?;
            if step == Step::Run {
                tracing::info!(version = migration.version, "running a migration");
                let ran = tx.execute(migration.sql.clone()).await;
                ran.map_err(|error| MigrateError::ExecuteMigration(error, migration.version))?;
            }
            tx.skip(TABLE, migration).await?;
        }
        tx.commit().await?;
    }
    Ok(())
}

async fn plan(connection: &mut SqliteConnection) -> Result<Plan, ConnectError> {
    let recorded = rows(connection, TABLE).await?;
    let plan = Plan::new(&MIGRATIONS, &recorded, &[])?;
    // The shared table may belong to another program: it is read only if migrations are not recorded in iKrypt's own table.
    if plan.is_done() {
        return Ok(plan);
    }
    let shared = match rows(connection, SHARED_TABLE).await {
        // The table belongs to another program, and has other columns.
        Err(error) if !is_locked(&error) => Vec::new(),
        shared => shared?,
    };
    Plan::new(&MIGRATIONS, &recorded, &shared)
}

async fn rows(connection: &mut SqliteConnection, table: &str) -> Result<Vec<Applied>, ConnectError> {
    let exists = "SELECT count(*) > 0 FROM sqlite_schema WHERE type = 'table' AND name = ?";
    if !sqlx::query_scalar(exists).bind(table).fetch_one(&mut *connection).await? {
        return Ok(Vec::new());
    }
    let sql = format!("SELECT version, description, checksum FROM {table} WHERE success");
    Ok(sqlx::query_as(AssertSqlSafe(sql)).fetch_all(connection).await?)
}

/// Replaces a failure by the error that names its cause, for which SQLite has a message and no code.
fn explain(error: ConnectError) -> ConnectError {
    let message = error.failure().map(ToString::to_string).unwrap_or_default();
    if message.contains(" already exists") { ConnectError::ForeignTable(message) } else { error }
}

fn is_locked(error: &ConnectError) -> bool {
    error.failure().is_some_and(is_busy)
}
