//! What the tests share: fresh databases, secrets to put into them, and crowds of callers.

mod apart;
mod bed;
mod crowd;
mod database;
mod first_schema;
mod log;
mod pgbouncer;
mod postgres;
mod proxy;
mod sample;
mod sqlite;

pub(crate) use apart::{MANY_FILES, run_apart};
pub(crate) use bed::Bed;
pub(crate) use crowd::{LONGEST_WAIT, eventually, eventually_some, inline_repoll, random};
pub(crate) use database::{Database, hex};
pub(crate) use first_schema::FirstSchema;
pub(crate) use log::{Log, shown};
pub(crate) use pgbouncer::PgBouncer;
pub(crate) use postgres::Postgres;
pub(crate) use proxy::{Line, Proxy};
pub(crate) use sample::Sample;
pub(crate) use sqlite::Sqlite;
