//! Detects poolers between this server and PostgreSQL, like PgBouncer, that do not give it sessions of its own.
//!
//! The server sets timeouts and prepares statements for a whole session. A pooler that gives a session of PostgreSQL to
//! another client after each transaction would lose these, or apply them to other clients.

use std::pin::pin;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{Connection as _, Executor as _, Row as _};

use super::connection::{CONNECT_TIMEOUT, within};
use crate::store::ConnectError;
use crate::store::failure::DatabaseFailure;

/// How often the sessions are compared, because a busy pooler may assign the same session again by chance.
const ROUNDS: usize = 5;
/// How long a statement may take. With a pooler that has no free session it waits for one.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(3);
/// How much later than the other connection one may be answered.
const SLOW_RESPONSE: Duration = Duration::from_millis(500);
/// How long a statement may take once the session that it waits for is free.
const FREED_SESSION_TIMEOUT: Duration = Duration::from_secs(10);

/// The error code of PgBouncer for `BEGIN` with statement pooling.
const PROTOCOL_VIOLATION: &str = "08P01";

/// Returns an error if a pooler shares sessions between clients, or does not reset a session between two clients. Runs
/// before the server sets or prepares anything.
pub(super) async fn refuse_shared_sessions(
    connection: &mut PgConnection,
    options: &PgConnectOptions,
) -> Result<(), ConnectError> {
    let mut other = connect(options).await?;
    if is_shared(connection, &mut other).await? {
        return Err(ConnectError::TransactionPooling);
    }
    in_time(other.execute("SET ikrypt.probe = 'set'")).await?;
    drop(within(STATEMENT_TIMEOUT, other.close()).await);
    // A pooler assigns the session first that was returned last.
    let mut next = connect(options).await?;
    let probe = "SELECT coalesce(current_setting('ikrypt.probe', true), '')";
    let probe: String = in_time(sqlx::raw_sql(probe).fetch_one(&mut next)).await?.try_get(0)?;
    in_time(next.execute("RESET ikrypt.probe")).await?;
    drop(within(STATEMENT_TIMEOUT, next.close()).await);
    if probe.is_empty() { Ok(()) } else { Err(ConnectError::SessionNotReset) }
}

async fn connect(options: &PgConnectOptions) -> Result<PgConnection, ConnectError> {
    let connection = within(CONNECT_TIMEOUT, PgConnection::connect_with(options)).await;
    Ok(connection.ok_or(ConnectError::NoSecondSession)??)
}

/// Runs a statement, which is not answered in time if a pooler has no session left.
async fn in_time<T, E>(statement: impl Future<Output = Result<T, E>>) -> Result<T, ConnectError>
where
    ConnectError: From<E>,
{
    Ok(within(STATEMENT_TIMEOUT, statement).await.ok_or(ConnectError::NoSecondSession)??)
}

/// Returns whether two connections share sessions of PostgreSQL: one reads its session's process id while the other is
/// in a transaction. It uses the simple protocol, which prepares no statement.
async fn is_shared(one: &mut PgConnection, other: &mut PgConnection) -> Result<bool, ConnectError> {
    let first = session(one).await?.ok_or_else(DatabaseFailure::timed_out)?;
    for _ in 0..ROUNDS {
        let begun =
            within(STATEMENT_TIMEOUT, other.execute("BEGIN")).await.ok_or(ConnectError::NoSecondSession)?;
        if let Err(failure) = begun.map_err(DatabaseFailure::from) {
            return if failure.code() == Some(PROTOCOL_VIOLATION) { Ok(true) } else { Err(failure.into()) };
        }
        let others = session(other).await?.ok_or_else(DatabaseFailure::timed_out)?;
        let Some(now) = session_during(one, other).await? else { return Ok(true) };
        if now != first || others == first {
            return Ok(true);
        }
        in_time(other.execute("COMMIT")).await?;
    }
    Ok(false)
}

/// Reads the process id of one connection's session while the other is in a transaction. Returns `None` if the response
/// waits for the end of that transaction, which has the only session of a pooler. A slow database delays both.
async fn session_during(
    one: &mut PgConnection,
    other: &mut PgConnection,
) -> Result<Option<i32>, ConnectError> {
    let timed_out = || ConnectError::from(DatabaseFailure::timed_out());
    let mut waiting = pin!(sqlx::raw_sql("SELECT pg_backend_pid()").fetch_one(one));
    let mut answered = within(STATEMENT_TIMEOUT, &mut waiting).await;
    if answered.is_none() {
        session(other).await?.ok_or_else(timed_out)?;
        // The other connection was answered, so that a response that was only slow arrives now.
        answered = within(SLOW_RESPONSE, &mut waiting).await;
    }
    if let Some(row) = answered {
        return Ok(Some(row?.try_get(0)?));
    }
    within(STATEMENT_TIMEOUT, other.execute("ROLLBACK")).await.ok_or_else(timed_out)??;
    within(FREED_SESSION_TIMEOUT, waiting).await.ok_or_else(timed_out)??;
    Ok(None)
}

/// Returns the process id of PostgreSQL's session, or `None` if there is no response in time.
async fn session(connection: &mut PgConnection) -> Result<Option<i32>, DatabaseFailure> {
    let row = within(STATEMENT_TIMEOUT, sqlx::raw_sql("SELECT pg_backend_pid()").fetch_one(connection)).await;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(row?.try_get(0)?))
}
