//! PostgreSQL: a database of its own for every test, on the server that `DATABASE_URL` names.

use std::env;
use std::sync::Arc;

use async_trait::async_trait;
use server::store::PostgresStore;
use shared_crypto::SecretId;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection, Executor};
use vault::SecretStore;

use super::database::{Database, Lock, hex};
use super::eventually;

/// A fresh database on a server that others use too.
pub(crate) struct Postgres {
    pub(crate) options: PgConnectOptions,
    /// Connections that the store knows nothing of.
    pub(crate) raw: PgPool,
}

impl Postgres {
    pub(crate) async fn fresh() -> Self {
        let name = format!("it_{}", hex(SecretId::generate().unwrap().as_bytes()));
        // `template0` has never a visitor, who would be in the way.
        admin(format!("CREATE DATABASE {name} TEMPLATE template0")).await;
        let options = server().database(&name);
        let raw = PgPoolOptions::new()
            .max_connections(5)
            .connect_lazy_with(options.clone().application_name("raw"));
        Self { options, raw }
    }

    /// The password in `DATABASE_URL`, if there is one.
    pub(crate) fn password() -> Option<String> {
        let url: url::Url = env::var("DATABASE_URL").ok()?.parse().ok()?;
        url.password().map(str::to_owned)
    }

    /// As a server connects, but with fewer connections: many tests share the one server.
    pub(crate) async fn store(&self) -> PostgresStore {
        let pool = PgPoolOptions::new().max_connections(10);
        PostgresStore::connect_with(self.options.clone(), pool).await.unwrap()
    }

    /// What happens to every transaction that touched a receipt, at the moment of its commit.
    pub(crate) async fn at_commit(&self, action: &'static str) {
        let sql = format!(
            "CREATE FUNCTION at_commit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {action}; RETURN NULL; END $$;
             CREATE CONSTRAINT TRIGGER at_commit AFTER INSERT OR UPDATE ON receipts
                    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION at_commit()"
        );
        self.raw.execute(AssertSqlSafe(sql)).await.unwrap();
    }
}

/// The server that the tests may create databases on.
fn server() -> PgConnectOptions {
    let url = env::var("DATABASE_URL").ok().filter(|url| url.starts_with("postgres"));
    let url = url.expect(
        "set DATABASE_URL to a PostgreSQL server's URL, or run `cargo xtask postgres -- cargo nextest run`",
    );
    url.parse().expect("DATABASE_URL is a PostgreSQL server's URL")
}

async fn admin(sql: String) {
    let mut connection =
        PgConnection::connect_with(&server()).await.expect("the server of DATABASE_URL answers");
    connection.execute(AssertSqlSafe(sql)).await.unwrap();
    connection.close().await.unwrap();
}

#[async_trait]
impl Database for Postgres {
    fn url(&self) -> String {
        self.options.to_url_lossy().to_string()
    }

    async fn another(&self) -> Box<dyn Database> {
        Box::new(Self::fresh().await)
    }

    async fn connect(&self) -> Arc<dyn SecretStore> {
        Arc::new(self.store().await)
    }

    async fn connect_slow(&self) -> Arc<dyn SecretStore> {
        let store = self.connect().await;
        self.at_commit("PERFORM pg_sleep(0.005)").await;
        store
    }

    async fn connect_broken(&self) -> Arc<dyn SecretStore> {
        let store = self.connect().await;
        self.at_commit("RAISE EXCEPTION 'no commit today'").await;
        store
    }

    async fn repair(&self) {
        self.raw.execute("DROP TRIGGER at_commit ON receipts").await.unwrap();
    }

    async fn execute(&self, sql: String) -> Result<u64, sqlx::Error> {
        Ok(self.raw.execute(AssertSqlSafe(sql)).await?.rows_affected())
    }

    async fn number(&self, sql: String) -> i64 {
        sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&self.raw).await.unwrap()
    }

    async fn lock(&self, id: &SecretId) -> Lock {
        let mut tx = self.raw.begin().await.unwrap();
        // A test looks for ids in the log of statements: this one is not the store's.
        tx.execute("SET LOCAL log_parameter_max_length = 0").await.unwrap();
        sqlx::query("UPDATE secrets SET bad_tries = bad_tries WHERE id = $1")
            .bind(id.as_bytes().as_slice())
            .execute(&mut *tx)
            .await
            .unwrap();
        Lock::Postgres(tx)
    }

    async fn until_waiting(&self, callers: i64) {
        let sql = "SELECT count(*) FROM pg_stat_activity
                    WHERE datname = current_database() AND wait_event_type = 'Lock'";
        eventually(|| async { self.number(sql.to_owned()).await >= callers }).await;
    }

    fn moment(&self, millis: i64) -> String {
        format!("date_trunc('milliseconds', clock_timestamp()) + {millis} * interval '1 millisecond'")
    }

    fn bytes(&self, bytes: &[u8]) -> String {
        format!("'\\x{}'::bytea", hex(bytes))
    }

    async fn remove(&self) {
        self.raw.close().await;
        admin(format!("DROP DATABASE {} WITH (FORCE)", self.options.get_database().unwrap())).await;
    }
}
