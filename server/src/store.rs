//! The two databases behind [`SecretStore`], chosen by the scheme of `DATABASE_URL`.
//!
//! # The path of a call
//!
//! [`PostgresStore`] and [`SqliteStore`] implement the trait. A method hands its transaction to one of two functions,
//! both of which run it to completion even if the caller is dropped, and return its final outcome:
//!
//! - `create` and `reveal` to `Batcher::call`, which writes concurrent calls together;
//! - every other call to `retry::transaction`, which repeats it after a transient failure.
//!
//! # Shared by both databases
//!
//! | module | what it does |
//! | --- | --- |
//! | `batcher` | group commit: queue, workers, fallback transactions |
//! | `retry` | protection from cancellation, and retries |
//! | `transaction_error` | why a transaction failed, and whether it may be repeated |
//! | `failure` | errors of the database, without values of rows |
//! | `row`, `match_rows` | from columns to values; from the rows of a batch to its calls |
//! | `migrations` | which migrations a database needs, and the wait for their locks |
//! | `database_url`, `connect_error` | reading `DATABASE_URL`, and what goes wrong at a start |
//!
//! # In each database
//!
//! `postgres/` and `sqlite/` have one file for each operation (`create`, `open`, `reveal`, `receipt` with burning,
//! `cleanup`, `admin`, `migrate`), which holds its SQL, and files for the connections. The decision between reading and
//! writing is [`vault::decide`] in both.
//!
//! # Fast paths
//!
//! Each stands alone, says what it buys, and names the test that compares its decisions with those of the plain path:
//! `postgres/create_new`, `postgres/last_view`, `postgres/batch_connection`, `sqlite/existence_check`,
//! `Writer::release` in `sqlite/writer`, `on_own_thread` in `batcher/worker`, and `run_to_completion`.

mod batcher;
mod connect_error;
mod database_url;
mod failure;
mod match_rows;
mod migrations;
mod postgres;
mod retry;
mod row;
mod sqlite;
mod transaction_error;

use std::sync::Arc;

use vault::SecretStore;

pub use connect_error::ConnectError;
pub use database_url::describe;
pub(crate) use database_url::may_hold_password;
use database_url::{Backend, backend};
pub use failure::DatabaseFailure;
pub use postgres::PostgresStore;
pub(crate) use retry::uncancelled;
pub use sqlite::{ExposedFile, FileSystem, SqliteStore};

/// Connects to `postgres://...` or `sqlite:PATH`, and migrates the schema.
pub async fn connect(database_url: &str) -> Result<Arc<dyn SecretStore>, ConnectError> {
    match backend(database_url)? {
        Backend::Postgres => Ok(Arc::new(PostgresStore::connect(database_url).await?)),
        Backend::Sqlite => Ok(Arc::new(SqliteStore::connect(database_url).await?)),
    }
}

/// Connects to a database that exists. Creates no file, and fails if the schema is out of date.
pub async fn connect_existing(database_url: &str) -> Result<Arc<dyn SecretStore>, ConnectError> {
    match backend(database_url)? {
        Backend::Postgres => Ok(Arc::new(PostgresStore::connect_existing(database_url).await?)),
        Backend::Sqlite => Ok(Arc::new(SqliteStore::connect_existing(database_url).await?)),
    }
}

/// Returns the numbers of busy and of idle connections in the pools.
fn connections<DB: sqlx::Database, const N: usize>(pools: [&sqlx::Pool<DB>; N]) -> (u32, u32) {
    pools.into_iter().fold((0, 0), |(busy, idle), pool| {
        let pool_size = pool.size();
        let pool_idle = u32::try_from(pool.num_idle()).unwrap_or(pool_size);
        (busy + pool_size.saturating_sub(pool_idle), idle + pool_idle)
    })
}
