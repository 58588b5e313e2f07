//! What every [`SecretStore`](vault::SecretStore) promises, tried on both databases.
//!
//! Each test is a function over a [`Bed`](crate::support::Bed). `suite!` runs it as `postgres::name` and as
//! `sqlite::name`, and where it stands after `postgres:` or `sqlite:`, on that one only. After each of them the
//! books must balance.

macro_rules! suite {
    ($($test:ident),+ $(; postgres: $($postgres:ident),+)? $(; sqlite: $($sqlite:ident),+)? $(,)?) => {
        suite! { postgres: $($test,)+ $($($postgres),+)? }
        suite! { sqlite: $($test,)+ $($($sqlite),+)? }
    };
    (postgres: $($test:ident),+ $(,)?) => {
        mod postgres { suite! { crate::support::Postgres::fresh().await => $($test)+ } }
    };
    (sqlite: $($test:ident),+ $(,)?) => {
        mod sqlite { suite! { crate::support::Sqlite::fresh() => $($test)+ } }
    };
    ($database:expr => $($test:ident)+) => {$(
        #[tokio::test(flavor = "multi_thread")]
        async fn $test() {
            let bed = crate::support::Bed::make($database).await;
            super::$test(&bed).await;
            bed.close().await;
        }
    )+};
}

mod admin;
mod batches;
pub(crate) mod burn;
pub(crate) mod claims;
pub(crate) mod cleanup;
mod commit;
mod connections;
pub(crate) mod create;
mod expiry;
mod files;
pub(crate) mod guessing;
mod hang_up;
mod migrations;
mod model;
mod old_claims;
pub(crate) mod open;
mod pages;
mod places;
pub(crate) mod races;
pub(crate) mod reveal;
mod row_values;
mod traps;
