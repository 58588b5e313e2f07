//! A new PostgreSQL database for every test, on the server that `DATABASE_URL` names.

use std::env;
use std::sync::Arc;

use async_trait::async_trait;
use server::store::PostgresStore;
use shared_crypto::SecretId;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection, Executor};
use vault::SecretStore;

use super::database::{Database, RowLock, hex};
use super::eventually;

/// A new database on a server that other tests use too.
pub(crate) struct Postgres {
    pub(crate) options: PgConnectOptions,
    /// Connections of the test, separate from those of the store.
    pub(crate) pool: PgPool,
}

impl Postgres {
    /// Creates an empty database with a random name.
    pub(crate) async fn create() -> Self {
        let name = format!("it_{}", hex(SecretId::generate().unwrap().as_bytes()));
        // No client may connect to `template0`. A connection to a template would block the statement.
        execute_on_server(format!("CREATE DATABASE {name} TEMPLATE template0")).await;
        let options = server().database(&name);
        let pool = PgPoolOptions::new()
            .max_connections(5)
            .connect_lazy_with(options.clone().application_name("test"));
        Self { options, pool }
    }

    /// Returns the password in `DATABASE_URL`, if there is one.
    pub(crate) fn password() -> Option<String> {
        let url: url::Url = env::var("DATABASE_URL").ok()?.parse().ok()?;
        url.password().map(str::to_owned)
    }

    /// Connects a store as a server does, but with fewer connections, since many tests share one PostgreSQL server.
    pub(crate) async fn store(&self) -> PostgresStore {
        let pool = PgPoolOptions::new().max_connections(10);
        PostgresStore::connect_with(self.options.clone(), pool).await.unwrap()
    }

    /// Runs a `PL/pgSQL` statement at the commit of every transaction that inserted or updated a receipt.
    pub(crate) async fn run_at_commit(&self, action: &'static str) {
        let sql = format!(
            "CREATE FUNCTION at_commit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {action}; RETURN NULL; END $$;
             CREATE CONSTRAINT TRIGGER at_commit AFTER INSERT OR UPDATE ON receipts
                    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION at_commit()"
        );
        self.pool.execute(AssertSqlSafe(sql)).await.unwrap();
    }
}

/// Returns the server on which the tests create their databases.
fn server() -> PgConnectOptions {
    let url = env::var("DATABASE_URL").ok().filter(|url| url.starts_with("postgres"));
    let url = url.expect(
        "set DATABASE_URL to a PostgreSQL server's URL, or run `cargo xtask postgres -- cargo nextest run`",
    );
    url.parse().expect("DATABASE_URL must be the URL of a PostgreSQL server")
}

/// Runs a statement on the server, outside the databases of the tests.
async fn execute_on_server(sql: String) {
    let mut connection =
        PgConnection::connect_with(&server()).await.expect("the server of DATABASE_URL must answer");
    connection.execute(AssertSqlSafe(sql)).await.unwrap();
    connection.close().await.unwrap();
}

#[async_trait]
impl Database for Postgres {
    fn url(&self) -> String {
        self.options.to_url_lossy().to_string()
    }

    async fn create_another(&self) -> Box<dyn Database> {
        Box::new(Self::create().await)
    }

    async fn connect(&self) -> Arc<dyn SecretStore> {
        Arc::new(self.store().await)
    }

    async fn connect_with_slow_commits(&self) -> Arc<dyn SecretStore> {
        let store = self.connect().await;
        self.run_at_commit("PERFORM pg_sleep(0.005)").await;
        store
    }

    async fn connect_with_failing_commits(&self) -> Arc<dyn SecretStore> {
        let store = self.connect().await;
        self.run_at_commit("RAISE EXCEPTION 'commit refused by the test'").await;
        store
    }

    async fn allow_commits(&self) {
        self.pool.execute("DROP TRIGGER at_commit ON receipts").await.unwrap();
    }

    async fn execute(&self, sql: String) -> Result<u64, sqlx::Error> {
        Ok(self.pool.execute(AssertSqlSafe(sql)).await?.rows_affected())
    }

    async fn query_number(&self, sql: String) -> i64 {
        sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&self.pool).await.unwrap()
    }

    async fn lock(&self, id: &SecretId) -> RowLock {
        let mut tx = self.pool.begin().await.unwrap();
        // A test searches the statement log for ids. This statement is not the store's, and must not log its parameter.
        tx.execute("SET LOCAL log_parameter_max_length = 0").await.unwrap();
        sqlx::query("UPDATE secrets SET bad_tries = bad_tries WHERE id = $1")
            .bind(id.as_bytes().as_slice())
            .execute(&mut *tx)
            .await
            .unwrap();
        RowLock::Postgres(tx)
    }

    async fn wait_until_blocked(&self, calls: i64) {
        let sql = "SELECT count(*) FROM pg_stat_activity
                    WHERE datname = current_database() AND wait_event_type = 'Lock'";
        eventually(|| async { self.query_number(sql.to_owned()).await >= calls }).await;
    }

    fn sql_time(&self, millis: i64) -> String {
        format!("date_trunc('milliseconds', clock_timestamp()) + {millis} * interval '1 millisecond'")
    }

    fn sql_bytes(&self, bytes: &[u8]) -> String {
        format!("'\\x{}'::bytea", hex(bytes))
    }

    async fn remove(&self) {
        self.pool.close().await;
        execute_on_server(format!("DROP DATABASE {} WITH (FORCE)", self.options.get_database().unwrap()))
            .await;
    }
}
