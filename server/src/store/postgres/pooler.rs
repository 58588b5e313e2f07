//! Poolers between this server and PostgreSQL, like PgBouncer.
//!
//! The server needs sessions of its own: it sets time-outs and prepares statements for a whole session. A pooler that gives a
//! session of PostgreSQL to another client after each transaction would lose these, or leak them to others.

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{Connection as _, Executor as _, Row as _};

use super::line::{CONNECT, within};
use crate::store::ConnectError;
use crate::store::failure::DatabaseFailure;

/// How often the sessions are compared: a busy pooler may give the same one back by chance.
const ROUNDS: usize = 5;
/// How long a statement may take. A pooler whose only session is taken keeps it waiting.
const ANSWER: Duration = Duration::from_secs(3);

/// PgBouncer's error code, in statement pooling upon BEGIN.
const PROTOCOL_VIOLATION: &str = "08P01";

/// Returns an error where two connections share sessions of PostgreSQL: one reads its session's number while the other
/// holds a transaction. Runs before anything is set or prepared, with the simple protocol, which leaves nothing behind.
pub(super) async fn refuse_shared_sessions(
    connection: &mut PgConnection,
    options: &PgConnectOptions,
) -> Result<(), ConnectError> {
    let other = within(CONNECT, PgConnection::connect_with(options)).await;
    let mut other = other.ok_or(ConnectError::Sessions)??;
    let is_shared = is_shared(connection, &mut other).await;
    drop(within(ANSWER, other.close()).await);
    if is_shared? { Err(ConnectError::Pooler) } else { Ok(()) }
}

async fn is_shared(one: &mut PgConnection, other: &mut PgConnection) -> Result<bool, ConnectError> {
    let first = session(one).await?.ok_or_else(DatabaseFailure::timed_out)?;
    for _ in 0..ROUNDS {
        let begun = within(ANSWER, other.execute("BEGIN")).await.ok_or(ConnectError::Sessions)?;
        if let Err(failure) = begun.map_err(DatabaseFailure::from) {
            return if failure.code() == Some(PROTOCOL_VIOLATION) { Ok(true) } else { Err(failure.into()) };
        }
        let others = session(other).await?.ok_or_else(DatabaseFailure::timed_out)?;
        // The other transaction may have the only session.
        let Some(now) = session(one).await? else { return Ok(true) };
        if now != first || others == first {
            return Ok(true);
        }
        within(ANSWER, other.execute("COMMIT")).await.ok_or_else(DatabaseFailure::timed_out)??;
    }
    Ok(false)
}

/// Returns the number of PostgreSQL's session, or nothing where there is no answer in time.
async fn session(connection: &mut PgConnection) -> Result<Option<i32>, DatabaseFailure> {
    let row = within(ANSWER, sqlx::raw_sql("SELECT pg_backend_pid()").fetch_one(connection)).await;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(row?.try_get(0)?))
}
