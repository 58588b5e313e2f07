//! Connections of the pool, and the time limits of all connections.

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions};
use sqlx::{Connection as _, Executor as _};

use crate::store::failure::DatabaseFailure;
use crate::store::transaction_error::{TransactionError, TransactionFuture};

/// How long opening a connection, or waiting for a free one, may take.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a store call may take. Statements have shorter limits of their own, set in the session; this one is for a
/// connection that was lost without notice, for which the operating system would wait a quarter of an hour.
pub(super) const CALL_TIMEOUT: Duration = Duration::from_secs(20);
/// A connection that was used this recently is taken for working, without a ping.
pub(super) const IDLE_WITHOUT_PING: Duration = Duration::from_secs(1);
/// How long a ping may take.
pub(super) const PING_TIMEOUT: Duration = Duration::from_secs(1);

/// Settings of every session, whatever the settings of the server are.
pub(super) const SESSION: &str = "SET synchronous_commit = on;
    SET default_transaction_isolation = 'read committed';
    SET lock_timeout = '5s';
    SET statement_timeout = '10s';
    SET idle_in_transaction_session_timeout = '15s';
    -- Keeps values of rows out of the log of PostgreSQL, those of statements and those that a constraint refuses, if the
    -- role may change these settings.
    DO $$ BEGIN SET log_parameter_max_length = 0; EXCEPTION WHEN insufficient_privilege THEN NULL; END $$;
    DO $$ BEGIN SET log_error_verbosity = terse; EXCEPTION WHEN insufficient_privilege THEN NULL; END $$";

/// Opens the pool, whose connections have the settings of [`SESSION`].
pub(super) async fn open_pool(
    options: PgConnectOptions,
    pool: PgPoolOptions,
) -> Result<PgPool, DatabaseFailure> {
    let pool = pool
        .acquire_timeout(CONNECT_TIMEOUT)
        .after_connect(|connection, _| Box::pin(async move { connection.execute(SESSION).await.map(|_| ()) }))
        .test_before_acquire(false)
        .before_acquire(|connection, about| {
            Box::pin(async move {
                if about.idle_for > IDLE_WITHOUT_PING {
                    ping(connection).await.map_err(|_| sqlx::Error::WorkerCrashed)?;
                }
                Ok(true)
            })
        });
    Ok(pool.connect_with(options).await?)
}

/// Runs a transaction on a connection of the pool. After a timeout the connection is closed, and not given back: the
/// pool would wait for its response to a ping.
pub(super) async fn on_pool<T>(
    pool: &PgPool,
    limit: Duration,
    work: impl for<'c> FnOnce(&'c mut PgConnection) -> TransactionFuture<'c, T> + Send,
) -> Result<T, TransactionError> {
    let mut connection = pool.acquire().await?;
    let Some(result) = within(limit, work(&mut connection)).await else {
        drop(connection.detach());
        return Err(DatabaseFailure::timed_out().into());
    };
    // sqlx pings the connection before it goes back to the pool, and would wait without limit.
    tokio::spawn(async move { within(PING_TIMEOUT, connection.return_to_pool()).await });
    result
}

/// Sends a ping, and reports an error if the server does not answer in time.
pub(super) async fn ping(connection: &mut PgConnection) -> Result<(), DatabaseFailure> {
    let answered = within(PING_TIMEOUT, connection.ping()).await;
    answered.map_or_else(|| Err(DatabaseFailure::timed_out()), |answered| Ok(answered?))
}

/// Runs a future for `limit` at most, and returns `None` if it has not ended by then.
#[expect(clippy::disallowed_methods, reason = "a cancelled connection is closed, and goes back to no pool")]
pub(super) async fn within<T>(limit: Duration, future: impl Future<Output = T>) -> Option<T> {
    tokio::time::timeout(limit, future).await.ok()
}
