//! Shared by the tests: new databases, secrets to store in them, concurrent calls, proxies and captured logs.

mod captured_log;
mod concurrency;
mod database;
mod initial_schema;
mod pgbouncer;
mod postgres;
mod proxy;
mod separate_process;
mod sqlite;
mod test_secret;
mod test_store;

pub(crate) use captured_log::{CapturedLog, find_encoded};
pub(crate) use concurrency::{
    LONGEST_WAIT, eventually, eventually_some, is_stress, random, run_concurrently,
};
pub(crate) use database::{Database, RowLock, hex};
pub(crate) use initial_schema::InitialSchema;
pub(crate) use pgbouncer::PgBouncer;
pub(crate) use postgres::Postgres;
pub(crate) use proxy::{Proxy, ProxyMode};
pub(crate) use separate_process::{RAISE_FILE_LIMIT, run_in_separate_process};
pub(crate) use sqlite::Sqlite;
pub(crate) use test_secret::TestSecret;
pub(crate) use test_store::TestStore;
