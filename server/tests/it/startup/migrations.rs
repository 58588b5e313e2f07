//! ACCEPTANCE 59: a restricted role, another program's migrations, newer migrations, locks.

use std::time::{Duration, Instant};

use server::store::{ConnectError, PostgresStore, connect, connect_existing};
use sqlx::AssertSqlSafe;
use sqlx::migrate::Migrate as _;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions};
use sqlx::{Connection as _, Executor as _};
use vault::SecretStore as _;

use crate::support::{Bed, Database, LONGEST_WAIT, Postgres, Sample, hex};

suite! {
    another_programs_migrations_are_left_alone,
    newer_migrations_are_tolerated_unless_they_are_breaking,
    rows_of_an_earlier_version_are_adopted;
    postgres: a_role_that_may_not_create_tables_starts_on_a_current_schema,
    a_foreign_table_of_our_name_is_reported,
    a_held_lock_is_waited_for_and_then_reported,
    a_current_schema_needs_no_lock
}

/// What `docs/configure.md` grants to the role of the server.
const GRANTS: &str = "GRANT SELECT, INSERT, UPDATE, DELETE ON secrets, receipts, claims TO ";

fn pool() -> PgPoolOptions {
    PgPoolOptions::new().max_connections(4)
}

async fn start(options: &PgConnectOptions) -> Result<PostgresStore, ConnectError> {
    PostgresStore::connect_with(options.clone(), pool()).await
}

/// The same with a short wait for locks.
async fn start_within(options: &PgConnectOptions, seconds: u64) -> Result<PostgresStore, ConnectError> {
    PostgresStore::connect_within(options.clone(), pool(), Duration::from_secs(seconds)).await
}

fn blob(database: &dyn Database) -> &'static str {
    if database.url().starts_with("sqlite") { "BLOB" } else { "bytea" }
}

/// sqlx's table, as another program has it.
async fn foreign_migrations(database: &dyn Database) {
    let (blob, checksum) = (blob(database), database.bytes(b"foreign"));
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

async fn another_programs_migrations_are_left_alone(bed: &Bed) {
    for shape in ["sqlx's", "another"] {
        let database = bed.database.another().await;
        // Makes the file of SQLite.
        connect(&database.url()).await.unwrap().close().await;
        for table in ["secrets", "receipts", "claims", "_ikrypt_migrations"] {
            database.execute(format!("DROP TABLE {table}")).await.unwrap();
        }
        if shape == "another" {
            let sql = "CREATE TABLE _sqlx_migrations (id INTEGER, success INTEGER)";
            database.execute(sql.to_owned()).await.unwrap();
        } else {
            foreign_migrations(&*database).await;
        }
        assert!(
            matches!(connect_existing(&database.url()).await, Err(ConnectError::SchemaOutdated)),
            "{shape}"
        );
        let store = connect(&database.url()).await.unwrap();
        let sample = Sample::new(1);
        store.create(sample.request()).await.unwrap();
        assert_eq!(store.reveal(sample.attempt()).await.unwrap(), sample.granted(0));
        store.close().await;
        connect_existing(&database.url()).await.unwrap().close().await;
        let foreign = database.number("SELECT count(*) FROM _sqlx_migrations".to_owned()).await;
        assert_eq!(foreign, if shape == "another" { 0 } else { 2 });
        database.remove().await;
    }
}

async fn newer_migrations_are_tolerated_unless_they_are_breaking(bed: &Bed) {
    let row = |version: i64, description: &str| {
        let checksum = bed.database.bytes(b"newer");
        format!(
            "INSERT INTO _ikrypt_migrations (version, description, success, checksum, execution_time)
             VALUES ({version}, '{description}', TRUE, {checksum}, 1)"
        )
    };
    bed.change(row(98, "one more column")).await;
    connect(&bed.database.url()).await.unwrap().close().await;
    connect_existing(&bed.database.url()).await.unwrap().close().await;
    bed.change(row(99, "breaking other tables")).await;
    for refused in [connect(&bed.database.url()).await, connect_existing(&bed.database.url()).await] {
        assert!(matches!(refused, Err(ConnectError::SchemaTooNew(99))));
    }
    bed.change("DELETE FROM _ikrypt_migrations WHERE version > 90".to_owned()).await;
}

async fn rows_of_an_earlier_version_are_adopted(bed: &Bed) {
    bed.change("ALTER TABLE _ikrypt_migrations RENAME TO _sqlx_migrations".to_owned()).await;
    let earlier = bed.rows("_sqlx_migrations").await;
    let secret = bed.secret(2).await;
    // Without a start nothing is written.
    connect_existing(&bed.database.url()).await.unwrap().close().await;
    assert!(bed.database.execute("SELECT version FROM _ikrypt_migrations".to_owned()).await.is_err());
    let url = bed.database.url();
    for _ in 0..2 {
        let (one, two) = tokio::join!(connect(&url), connect(&url));
        one.unwrap().close().await;
        two.unwrap().close().await;
        assert_eq!(bed.rows("_ikrypt_migrations").await, earlier);
    }
    // Servers of the earlier version may still run, and start again.
    assert_eq!(bed.rows("_sqlx_migrations").await, earlier);
    assert_eq!(bed.reveal(secret.attempt()).await, secret.granted(1));
}

async fn a_role_that_may_not_create_tables_starts_on_a_current_schema(bed: &Bed<Postgres>) {
    let role = format!("it_{}", hex(Sample::new(1).id.as_bytes()));
    bed.change(format!("CREATE ROLE {role} LOGIN PASSWORD '{role}'")).await;
    bed.change("REVOKE CREATE ON SCHEMA public FROM PUBLIC".to_owned()).await;
    let restricted = bed.database.options.clone().username(&role).password(&role);

    let error = start(&restricted).await.err().unwrap();
    assert!(matches!(error, ConnectError::MissingPrivilege(_)), "{error}");
    bed.change(format!("GRANT SELECT ON _ikrypt_migrations TO {role}")).await;
    let error = start(&restricted).await.err().unwrap();
    assert!(matches!(error, ConnectError::MissingPrivilege(_)), "{error}");
    assert!(error.to_string().contains("DELETE on secrets"), "{error}");
    bed.change(format!("{GRANTS}{role}")).await;
    let store = start(&restricted).await.unwrap();
    let sample = Sample::new(2);
    store.create(sample.request()).await.unwrap();
    assert_eq!(store.reveal(sample.attempt()).await.unwrap(), sample.granted(1));
    store.burn(&sample.receipt_hash()).await.unwrap().unwrap();
    bed.expire(&bed.secret(1).await).await;
    assert!(!store.delete_expired().await.unwrap().is_empty());
    store.stats().await.unwrap();
    store.close().await;

    // Where the record of an earlier version is all there is.
    bed.change("ALTER TABLE _ikrypt_migrations RENAME TO _sqlx_migrations".to_owned()).await;
    start(&restricted).await.unwrap().close().await;
    start(&bed.database.options).await.unwrap().close().await;
    bed.change(format!("GRANT SELECT ON _ikrypt_migrations TO {role}")).await;
    start(&restricted).await.unwrap().close().await;

    // Where a table is missing the role cannot help, and the message says who can.
    let empty = Postgres::fresh().await;
    empty.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC".to_owned()).await.unwrap();
    let error = start(&empty.options.clone().username(&role).password(&role)).await.err().unwrap();
    assert!(matches!(error, ConnectError::MissingPrivilege(_)), "{error}");
    assert!(error.to_string().contains("admin migrate"), "{error}");
    empty.remove().await;
    bed.change(format!("DROP OWNED BY {role}")).await;
    bed.change(format!("DROP ROLE {role}")).await;
}

async fn a_foreign_table_of_our_name_is_reported(bed: &Bed<Postgres>) {
    for table in ["secrets", "claims"] {
        let database = Postgres::fresh().await;
        database.execute(format!("CREATE TABLE {table} (id integer)")).await.unwrap();
        let error = start(&database.options).await.err().unwrap();
        assert!(
            matches!(error, ConnectError::ForeignTable(_)) && error.to_string().contains(table),
            "{error}"
        );
        database.remove().await;
    }
    bed.secret(1).await;
}

/// A connection that holds the lock which servers take while they migrate.
async fn holding_the_migration_lock(options: &PgConnectOptions) -> PgConnection {
    let mut connection = PgConnection::connect_with(options).await.unwrap();
    connection.lock().await.unwrap();
    connection
}

async fn a_held_lock_is_waited_for_and_then_reported(_: &Bed<Postgres>) {
    let database = Postgres::fresh().await;
    let migrating = holding_the_migration_lock(&database.options).await;
    let asked = Instant::now();
    let error = start_within(&database.options, 1).await.err().unwrap();
    assert!(matches!(error, ConnectError::MigrationLockTimeout(1)), "{error}");
    assert!(asked.elapsed() < LONGEST_WAIT, "{:?}", asked.elapsed());
    let ending = async {
        tokio::time::sleep(Duration::from_secs(3)).await;
        migrating.close().await.unwrap();
    };
    let (started, ()) = tokio::join!(start_within(&database.options, 30), ending);
    started.unwrap().close().await;

    // A lock on a table, as a long transaction holds it.
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

async fn a_current_schema_needs_no_lock(bed: &Bed<Postgres>) {
    let migrating = holding_the_migration_lock(&bed.database.options).await;
    // Another program migrates in the table that the first versions shared with it.
    foreign_migrations(&bed.database).await;
    let mut other = PgConnection::connect_with(&bed.database.options).await.unwrap();
    let mut tx = other.begin().await.unwrap();
    tx.execute("LOCK TABLE _sqlx_migrations IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let read_only = bed.database.options.clone().options([("default_transaction_read_only", "on")]);
    start_within(&read_only, 1).await.unwrap().close().await;
    connect_existing(&bed.database.url()).await.unwrap().close().await;
    tx.rollback().await.unwrap();
    other.close().await.unwrap();
    migrating.close().await.unwrap();
    let sql = AssertSqlSafe("SELECT 1".to_owned());
    bed.database.raw.execute(sql).await.unwrap();
}
