//! Migrations at start: restricted roles, migrations of other programs, newer migrations, locks.

use std::time::{Duration, Instant};

use server::store::{ConnectError, PostgresStore, connect, connect_existing};
use sqlx::AssertSqlSafe;
use sqlx::migrate::Migrate as _;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions};
use sqlx::{Connection as _, Executor as _};
use vault::SecretStore as _;

use crate::support::{Database, LONGEST_WAIT, Postgres, TestSecret, TestStore, hex};

suite! {
    migrations_of_another_program_are_left_unchanged,
    newer_migrations_are_accepted_unless_breaking,
    migration_records_of_an_earlier_version_are_adopted;
    postgres: role_without_create_privilege_starts_on_a_current_schema,
    foreign_table_with_our_name_is_reported,
    held_migration_lock_is_waited_for_and_then_reported,
    start_on_a_current_schema_needs_no_lock
}

/// The privileges that `docs/configure.md` grants to the role of the server.
const GRANTS: &str = "GRANT SELECT, INSERT, UPDATE, DELETE ON secrets, receipts, claims TO ";

fn pool() -> PgPoolOptions {
    PgPoolOptions::new().max_connections(4)
}

async fn start(options: &PgConnectOptions) -> Result<PostgresStore, ConnectError> {
    PostgresStore::connect_with(options.clone(), pool()).await
}

/// Starts a store that waits for locks for this many seconds.
async fn start_within(options: &PgConnectOptions, seconds: u64) -> Result<PostgresStore, ConnectError> {
    PostgresStore::connect_within(options.clone(), pool(), Duration::from_secs(seconds)).await
}

/// Returns the type of byte strings.
fn blob_type(database: &dyn Database) -> &'static str {
    if database.url().starts_with("sqlite") { "BLOB" } else { "bytea" }
}

/// Creates the migrations table of sqlx with rows of another program.
async fn create_foreign_migrations(database: &dyn Database) {
    let (blob, checksum) = (blob_type(database), database.sql_bytes(b"foreign"));
    for sql in [
        format!(
            "CREATE TABLE _sqlx_migrations (version BIGINT PRIMARY KEY, description TEXT NOT NULL,
               installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, success BOOLEAN NOT NULL,
               checksum {blob} NOT NULL, execution_time BIGINT NOT NULL)"
        ),
        format!(
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
             VALUES (1, 'users', TRUE, {checksum}, 1), (20240101, 'posts', TRUE, {checksum}, 1)"
        ),
    ] {
        database.execute(sql).await.unwrap();
    }
}

async fn migrations_of_another_program_are_left_unchanged(test: &TestStore) {
    for columns in ["of sqlx", "of another tool"] {
        let database = test.database.create_another().await;
        // Creates the file of SQLite.
        connect(&database.url()).await.unwrap().close().await;
        for table in ["secrets", "receipts", "claims", "_ikrypt_migrations"] {
            database.execute(format!("DROP TABLE {table}")).await.unwrap();
        }
        if columns == "of another tool" {
            let sql = "CREATE TABLE _sqlx_migrations (id INTEGER, success INTEGER)";
            database.execute(sql.to_owned()).await.unwrap();
        } else {
            create_foreign_migrations(&*database).await;
        }
        assert!(
            matches!(connect_existing(&database.url()).await, Err(ConnectError::SchemaOutdated)),
            "{columns}"
        );
        let store = connect(&database.url()).await.unwrap();
        let secret = TestSecret::new(1);
        store.create(secret.create_request()).await.unwrap();
        assert_eq!(store.reveal(secret.attempt()).await.unwrap(), secret.granted(0));
        store.close().await;
        connect_existing(&database.url()).await.unwrap().close().await;
        let foreign = database.query_number("SELECT count(*) FROM _sqlx_migrations".to_owned()).await;
        assert_eq!(foreign, if columns == "of another tool" { 0 } else { 2 });
        database.remove().await;
    }
}

async fn newer_migrations_are_accepted_unless_breaking(test: &TestStore) {
    let row = |version: i64, description: &str| {
        let checksum = test.database.sql_bytes(b"newer");
        format!(
            "INSERT INTO _ikrypt_migrations (version, description, success, checksum, execution_time)
             VALUES ({version}, '{description}', TRUE, {checksum}, 1)"
        )
    };
    test.change(row(98, "one more column")).await;
    connect(&test.database.url()).await.unwrap().close().await;
    connect_existing(&test.database.url()).await.unwrap().close().await;
    test.change(row(99, "breaking other tables")).await;
    for refused in [connect(&test.database.url()).await, connect_existing(&test.database.url()).await] {
        assert!(matches!(refused, Err(ConnectError::SchemaTooNew(99))));
    }
    test.change("DELETE FROM _ikrypt_migrations WHERE version > 90".to_owned()).await;
}

async fn migration_records_of_an_earlier_version_are_adopted(test: &TestStore) {
    test.change("ALTER TABLE _ikrypt_migrations RENAME TO _sqlx_migrations".to_owned()).await;
    let earlier = test.rows("_sqlx_migrations").await;
    let secret = test.secret(2).await;
    // A connection for a command writes nothing.
    connect_existing(&test.database.url()).await.unwrap().close().await;
    assert!(test.database.execute("SELECT version FROM _ikrypt_migrations".to_owned()).await.is_err());
    let url = test.database.url();
    for _ in 0..2 {
        let (one, two) = tokio::join!(connect(&url), connect(&url));
        one.unwrap().close().await;
        two.unwrap().close().await;
        assert_eq!(test.rows("_ikrypt_migrations").await, earlier);
    }
    // The old table stays, since servers of the earlier version may still run and restart.
    assert_eq!(test.rows("_sqlx_migrations").await, earlier);
    assert_eq!(test.reveal(secret.attempt()).await, secret.granted(1));
}

async fn role_without_create_privilege_starts_on_a_current_schema(test: &TestStore<Postgres>) {
    let role = format!("it_{}", hex(TestSecret::new(1).id.as_bytes()));
    test.change(format!("CREATE ROLE {role} LOGIN PASSWORD '{role}'")).await;
    test.change("REVOKE CREATE ON SCHEMA public FROM PUBLIC".to_owned()).await;
    let restricted = test.database.options.clone().username(&role).password(&role);

    let error = start(&restricted).await.err().unwrap();
    assert!(matches!(error, ConnectError::MissingPrivilege(_)), "{error}");
    test.change(format!("GRANT SELECT ON _ikrypt_migrations TO {role}")).await;
    let error = start(&restricted).await.err().unwrap();
    assert!(matches!(error, ConnectError::MissingPrivilege(_)), "{error}");
    assert!(error.to_string().contains("DELETE on secrets"), "{error}");
    test.change(format!("{GRANTS}{role}")).await;
    let store = start(&restricted).await.unwrap();
    let secret = TestSecret::new(2);
    store.create(secret.create_request()).await.unwrap();
    assert_eq!(store.reveal(secret.attempt()).await.unwrap(), secret.granted(1));
    store.burn(&secret.receipt_hash()).await.unwrap().unwrap();
    test.expire(&test.secret(1).await).await;
    assert!(!store.delete_expired().await.unwrap().is_empty());
    store.stats().await.unwrap();
    store.close().await;

    // Only the migration records of an earlier version exist.
    test.change("ALTER TABLE _ikrypt_migrations RENAME TO _sqlx_migrations".to_owned()).await;
    start(&restricted).await.unwrap().close().await;
    start(&test.database.options).await.unwrap().close().await;
    test.change(format!("GRANT SELECT ON _ikrypt_migrations TO {role}")).await;
    start(&restricted).await.unwrap().close().await;

    // A missing table cannot be created by this role, and the error names the command to run.
    let empty = Postgres::create().await;
    empty.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC".to_owned()).await.unwrap();
    let error = start(&empty.options.clone().username(&role).password(&role)).await.err().unwrap();
    assert!(matches!(error, ConnectError::MissingPrivilege(_)), "{error}");
    assert!(error.to_string().contains("admin migrate"), "{error}");
    empty.remove().await;
    test.change(format!("DROP OWNED BY {role}")).await;
    test.change(format!("DROP ROLE {role}")).await;
}

async fn foreign_table_with_our_name_is_reported(test: &TestStore<Postgres>) {
    for table in ["secrets", "claims"] {
        let database = Postgres::create().await;
        database.execute(format!("CREATE TABLE {table} (id integer)")).await.unwrap();
        let error = start(&database.options).await.err().unwrap();
        assert!(
            matches!(error, ConnectError::ForeignTable(_)) && error.to_string().contains(table),
            "{error}"
        );
        database.remove().await;
    }
    test.secret(1).await;
}

/// Opens a connection that holds the migration lock of servers.
async fn lock_migrations(options: &PgConnectOptions) -> PgConnection {
    let mut connection = PgConnection::connect_with(options).await.unwrap();
    connection.lock().await.unwrap();
    connection
}

async fn held_migration_lock_is_waited_for_and_then_reported(_: &TestStore<Postgres>) {
    let database = Postgres::create().await;
    let migrating = lock_migrations(&database.options).await;
    let started_at = Instant::now();
    let error = start_within(&database.options, 1).await.err().unwrap();
    assert!(matches!(error, ConnectError::MigrationLockTimeout(1)), "{error}");
    assert!(started_at.elapsed() < LONGEST_WAIT, "{:?}", started_at.elapsed());
    let ending = async {
        tokio::time::sleep(Duration::from_secs(3)).await;
        migrating.close().await.unwrap();
    };
    let (started, ()) = tokio::join!(start_within(&database.options, 30), ending);
    started.unwrap().close().await;

    // A lock on a table, which a long transaction would hold.
    let mut other = PgConnection::connect_with(&database.options).await.unwrap();
    let mut tx = other.begin().await.unwrap();
    tx.execute("LOCK TABLE _ikrypt_migrations IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let error = start_within(&database.options, 1).await.err().unwrap();
    assert!(matches!(error, ConnectError::MigrationLockTimeout(1)), "{error}");
    tx.rollback().await.unwrap();
    start_within(&database.options, 1).await.unwrap().close().await;
    other.close().await.unwrap();
    database.remove().await;
}

async fn start_on_a_current_schema_needs_no_lock(test: &TestStore<Postgres>) {
    let migrating = lock_migrations(&test.database.options).await;
    // Another program runs migrations in the table that the first versions shared with it.
    create_foreign_migrations(&test.database).await;
    let mut other = PgConnection::connect_with(&test.database.options).await.unwrap();
    let mut tx = other.begin().await.unwrap();
    tx.execute("LOCK TABLE _sqlx_migrations IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let read_only = test.database.options.clone().options([("default_transaction_read_only", "on")]);
    start_within(&read_only, 1).await.unwrap().close().await;
    connect_existing(&test.database.url()).await.unwrap().close().await;
    tx.rollback().await.unwrap();
    other.close().await.unwrap();
    migrating.close().await.unwrap();
    let sql = AssertSqlSafe("SELECT 1".to_owned());
    test.database.pool.execute(sql).await.unwrap();
}
