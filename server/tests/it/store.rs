//! Tests of the contract of [`SecretStore`](vault::SecretStore), on both databases.
//!
//! Each test is a function that takes a [`TestStore`](crate::support::TestStore). `suite!` runs it as `postgres::name` and
//! as `sqlite::name`; a name after `postgres:` or `sqlite:` runs on that database only. After each test,
//! [`TestStore::close`](crate::support::TestStore::close) checks that the tables are consistent.

macro_rules! suite {
    ($($test:ident),+ $(; postgres: $($postgres:ident),+)? $(; sqlite: $($sqlite:ident),+)? $(,)?) => {
        suite! { postgres: $($test,)+ $($($postgres),+)? }
        suite! { sqlite: $($test,)+ $($($sqlite),+)? }
    };
    (postgres: $($test:ident),+ $(,)?) => {
        mod postgres { suite! { crate::support::Postgres::create().await => $($test)+ } }
    };
    (sqlite: $($test:ident),+ $(,)?) => {
        mod sqlite { suite! { crate::support::Sqlite::create() => $($test)+ } }
    };
    ($database:expr => $($test:ident)+) => {$(
        #[tokio::test(flavor = "multi_thread")]
        async fn $test() {
            let test = crate::support::TestStore::connect($database).await;
            super::$test(&test).await;
            test.close().await;
        }
    )+};
}

mod admin;
mod anomalies;
mod batches;
pub(crate) mod brute_force;
pub(crate) mod burn;
pub(crate) mod claims;
pub(crate) mod cleanup;
mod commit;
mod connection_settings;
pub(crate) mod create;
mod database_file;
mod disconnect;
mod erasure;
mod expiry;
mod legacy_claims;
mod migrations;
mod model;
pub(crate) mod open;
mod overflow_pages;
pub(crate) mod races;
mod redaction;
pub(crate) mod reveal;
