//! Poolers between this server and PostgreSQL, like PgBouncer.
//!
//! The server needs sessions of its own: it sets time-outs and prepares statements for a whole session. A pooler that gives a
//! session of PostgreSQL to another client after each transaction would lose these, or leak them to others.

use std::pin::pin;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{Connection as _, Executor as _, Row as _};

use super::connection::{CONNECT, within};
use crate::store::ConnectError;
use crate::store::failure::DatabaseFailure;

/// How often the sessions are compared: a busy pooler may give the same one back by chance.
const ROUNDS: usize = 5;
/// How long a statement may take. A pooler that has no free session keeps it waiting.
const ANSWER: Duration = Duration::from_secs(3);

/// How much later one connection may be answered than another one.
const SOON: Duration = Duration::from_millis(500);
/// How long a statement may take once the session that it waits for is free.
const FREED: Duration = Duration::from_secs(10);

/// PgBouncer's error code, in statement pooling upon BEGIN.
const PROTOCOL_VIOLATION: &str = "08P01";

/// Returns an error where a pooler shares sessions between clients, or hands a session on as a client has left it. Runs
/// before anything that matters is set or prepared.
pub(super) async fn refuse_shared_sessions(
    connection: &mut PgConnection,
    options: &PgConnectOptions,
) -> Result<(), ConnectError> {
    let mut other = connect(options).await?;
    if is_shared(connection, &mut other).await? {
        return Err(ConnectError::Pooler);
    }
    answer(other.execute("SET ikrypt.probe = 'set'")).await?;
    drop(within(ANSWER, other.close()).await);
    // A pooler gives out first what came back last.
    let mut next = connect(options).await?;
    let probe = "SELECT coalesce(current_setting('ikrypt.probe', true), '')";
    let probe: String = answer(sqlx::raw_sql(probe).fetch_one(&mut next)).await?.try_get(0)?;
    answer(next.execute("RESET ikrypt.probe")).await?;
    drop(within(ANSWER, next.close()).await);
    if probe.is_empty() { Ok(()) } else { Err(ConnectError::NoReset) }
}

async fn connect(options: &PgConnectOptions) -> Result<PgConnection, ConnectError> {
    let connection = within(CONNECT, PgConnection::connect_with(options)).await;
    Ok(connection.ok_or(ConnectError::Sessions)??)
}

/// Runs a statement. There is no answer in time where a pooler has no session left.
async fn answer<T, E>(statement: impl Future<Output = Result<T, E>>) -> Result<T, ConnectError>
where
    ConnectError: From<E>,
{
    Ok(within(ANSWER, statement).await.ok_or(ConnectError::Sessions)??)
}

/// Whether two connections share sessions of PostgreSQL: one reads its session's number while the other holds a
/// transaction. The simple protocol leaves nothing behind.
async fn is_shared(one: &mut PgConnection, other: &mut PgConnection) -> Result<bool, ConnectError> {
    let first = session(one).await?.ok_or_else(DatabaseFailure::timed_out)?;
    for _ in 0..ROUNDS {
        let begun = within(ANSWER, other.execute("BEGIN")).await.ok_or(ConnectError::Sessions)?;
        if let Err(failure) = begun.map_err(DatabaseFailure::from) {
            return if failure.code() == Some(PROTOCOL_VIOLATION) { Ok(true) } else { Err(failure.into()) };
        }
        let others = session(other).await?.ok_or_else(DatabaseFailure::timed_out)?;
        let Some(now) = session_during(one, other).await? else { return Ok(true) };
        if now != first || others == first {
            return Ok(true);
        }
        answer(other.execute("COMMIT")).await?;
    }
    Ok(false)
}

/// Reads the number of one connection's session while the other holds a transaction. Returns nothing where the answer
/// waits for the end of that transaction, which has the only session of a pooler. A slow database keeps both waiting.
async fn session_during(
    one: &mut PgConnection,
    other: &mut PgConnection,
) -> Result<Option<i32>, ConnectError> {
    let timed_out = || ConnectError::from(DatabaseFailure::timed_out());
    let mut waiting = pin!(sqlx::raw_sql("SELECT pg_backend_pid()").fetch_one(one));
    let mut answered = within(ANSWER, &mut waiting).await;
    if answered.is_none() {
        session(other).await?.ok_or_else(timed_out)?;
        // The other connection is answered: what was only slow has arrived by now.
        answered = within(SOON, &mut waiting).await;
    }
    if let Some(row) = answered {
        return Ok(Some(row?.try_get(0)?));
    }
    within(ANSWER, other.execute("ROLLBACK")).await.ok_or_else(timed_out)??;
    within(FREED, waiting).await.ok_or_else(timed_out)??;
    Ok(None)
}

/// Returns the number of PostgreSQL's session, or nothing where there is no answer in time.
async fn session(connection: &mut PgConnection) -> Result<Option<i32>, DatabaseFailure> {
    let row = within(ANSWER, sqlx::raw_sql("SELECT pg_backend_pid()").fetch_one(connection)).await;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(row?.try_get(0)?))
}
