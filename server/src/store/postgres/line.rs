//! Connections that are given up when they say nothing for too long.

use std::pin::Pin;
use std::time::{Duration, Instant};

use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool};
use sqlx::{Connection as _, Executor as _};

use super::SESSION;
use crate::store::unit::{PATIENCE, Trouble};

/// Longer than this without work, and a connection is asked whether it is still there.
pub(super) const FRESH: Duration = Duration::from_secs(1);
/// How long it has for that.
const ALIVE: Duration = Duration::from_secs(1);
/// How long a new connection is waited for.
pub(super) const CONNECT: Duration = Duration::from_secs(5);

/// For batches: each row of one is looked up by its key. A plan that was made while the tables were small would
/// read them whole, and is kept when they have grown.
const BY_KEY: &str = "SET enable_seqscan = off;
    SET enable_hashjoin = off;
    SET enable_mergejoin = off;
    SET jit = off;
    SET plan_cache_mode = force_generic_plan";

/// What is done on a connection.
pub(super) type Work<'c, T> = Pin<Box<dyn Future<Output = Result<T, Trouble>> + Send + 'c>>;

/// Works on a connection of the pool. One that died without a word is closed and not given back: a pool that waits
/// for it would wait for as long as the operating system does, a quarter of an hour.
pub(super) async fn pooled<T>(
    pool: &PgPool,
    work: impl for<'c> FnOnce(&'c mut PgConnection) -> Work<'c, T> + Send,
) -> Result<T, Trouble> {
    let mut connection = pool.acquire().await?;
    let ended = within(PATIENCE, work(&mut connection)).await;
    ended.unwrap_or_else(|| {
        drop(connection.detach());
        Err(silence().into())
    })
}

/// Whether somebody is there.
pub(super) async fn alive(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    within(ALIVE, connection.ping()).await.unwrap_or_else(|| Err(silence()))
}

/// A connection of its own for one batch after the other. The pool would ask it whether it is still there before and
/// after each: two round trips more.
pub(super) struct Line {
    options: PgConnectOptions,
    kept: Option<(PgConnection, Instant)>,
}

impl Line {
    pub(super) const fn to(options: PgConnectOptions) -> Self {
        Self { options, kept: None }
    }

    /// Works on it. Whatever may leave it in the middle of something closes it, and the next gets another.
    pub(super) async fn work<T>(
        &mut self,
        work: impl for<'c> FnOnce(&'c mut PgConnection) -> Work<'c, T> + Send,
    ) -> Result<T, Trouble> {
        let mut connection = self.ready().await?;
        let ended = within(PATIENCE, work(&mut connection)).await;
        let ended = ended.unwrap_or_else(|| Err(silence().into()));
        if ended.as_ref().err().is_none_or(Trouble::may_be_of_one) {
            self.kept = Some((connection, Instant::now()));
        }
        ended
    }

    async fn ready(&mut self) -> Result<PgConnection, sqlx::Error> {
        if let Some((mut connection, used)) = self.kept.take()
            && (used.elapsed() < FRESH || alive(&mut connection).await.is_ok())
        {
            return Ok(connection);
        }
        let connect = async {
            let mut connection = PgConnection::connect_with(&self.options).await?;
            connection.execute(SESSION).await?;
            connection.execute(BY_KEY).await?;
            Ok(connection)
        };
        within(CONNECT, connect).await.unwrap_or_else(|| Err(silence()))
    }
}

#[expect(clippy::disallowed_methods, reason = "what is cancelled here is closed, and goes back to no pool")]
async fn within<T>(limit: Duration, work: impl Future<Output = T>) -> Option<T> {
    tokio::time::timeout(limit, work).await.ok()
}

fn silence() -> sqlx::Error {
    sqlx::Error::Io(std::io::ErrorKind::TimedOut.into())
}
