//! Writes the fixtures. This ran once, with the code of `ae3794c`, and documents how they were made.

use sqlx::AssertSqlSafe;
use sqlx::migrate::Migrator;
use sqlx::sqlite::SqlitePool;

use super::fixture::{Call, FIXTURE_TIME, Fixture, load_postgres, load_sqlite, path, replay};
use super::secrets::Secret;
use crate::support::{Database, Postgres, Sqlite, TestStore};

const MINUTE: i64 = 60_000;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "not a test: it overwrites the fixtures, and must run with the code of their version only"]
async fn write_fixtures() {
    let secrets = Secret::all();
    let (sqlite, postgres) = (Sqlite::create(), Postgres::create().await);
    fill(&sqlite, &secrets, |millis| millis.to_string()).await;
    fill(&postgres, &secrets, |millis| format!("to_timestamp({millis} / 1000.0)")).await;
    sqlite.pool.close().await;
    std::fs::copy(sqlite.folder.path().join("ikrypt.db"), path("ae3794c.db")).unwrap();
    dump(&postgres);
    postgres.remove().await;
    write_initial_schema(&secrets).await;

    let calls: Vec<Call> = secrets.iter().flat_map(Secret::calls).collect();
    let (sqlite, shift) = load_sqlite(Sqlite::create(), "ae3794c.db").await;
    let test = TestStore::connect(sqlite).await;
    let responses = replay(&test, shift, &calls).await;
    test.close().await;
    let (postgres, shift) = load_postgres(Postgres::create().await, "ae3794c.postgres.sql").await;
    let test = TestStore::connect(postgres).await;
    for (one, other) in responses.iter().zip(replay(&test, shift, &calls).await) {
        assert_eq!((one.status, &one.response), (other.status, &other.response), "{}", one.about);
    }
    test.close().await;
    let fixture = Fixture { secrets: secrets.iter().map(Secret::for_fixture).collect(), calls: responses };
    let json = serde_json::to_string_pretty(&fixture).unwrap();
    std::fs::write(path("ae3794c.json"), json + "\n").unwrap();
}

/// Stores the secrets, and sets every time relative to [`FIXTURE_TIME`].
async fn fill(database: &impl Database, secrets: &[Secret], at: fn(i64) -> String) {
    let store = database.connect().await;
    for secret in secrets {
        secret.store(&*store).await;
    }
    store.close().await;
    let (viewed, claim_valid, claim_expired, locked) = (
        at(FIXTURE_TIME - 10 * MINUTE),
        at(FIXTURE_TIME + 4 * MINUTE),
        at(FIXTURE_TIME - MINUTE),
        at(FIXTURE_TIME + 10 * MINUTE),
    );
    // The databases store lists of times differently.
    let is_sqlite = database.sql_bytes(&[]).starts_with('x');
    let views = if is_sqlite { format!("'[{viewed}]'") } else { format!("ARRAY[{viewed}]") };
    let mut sql = vec![
        format!("UPDATE secrets SET locked_until = {locked} WHERE locked_until IS NOT NULL"),
        format!("UPDATE claims SET expires_at = {claim_valid}"),
        format!("UPDATE receipts SET viewed_at = {views} WHERE views_used = 1"),
        format!("UPDATE receipts SET ended_at = {viewed} WHERE ended_at IS NOT NULL"),
    ];
    for secret in secrets {
        let id = database.sql_bytes(secret.id.as_bytes());
        let created = FIXTURE_TIME - 60 * MINUTE;
        let (created, expires) = (at(created), at(created + i64::from(secret.ttl_seconds) * 1000));
        sql.push(format!(
            "UPDATE receipts SET created_at = {created}, expires_at = {expires} WHERE id = {id}"
        ));
        sql.push(format!("UPDATE secrets SET expires_at = {expires} WHERE id = {id}"));
        if secret.name == "claim is over" {
            let hash = database.sql_bytes(&secret.attempt(secret.sealed.keys().reveal()).claim_hash);
            sql.push(format!("UPDATE claims SET expires_at = {claim_expired} WHERE claim_hash = {hash}"));
        }
    }
    for sql in sql {
        database.execute(sql).await.unwrap();
    }
}

/// Dumps the PostgreSQL database into its fixture.
fn dump(postgres: &Postgres) {
    // `pg_dump` does not know the parameters of sqlx.
    let url = postgres.url().split('?').next().unwrap().to_owned();
    let dumped = std::process::Command::new("pg_dump")
        .args(["--inserts", "--no-owner", "--no-privileges", "--dbname", &url])
        .output()
        .unwrap();
    assert!(dumped.status.success(), "{}", String::from_utf8_lossy(&dumped.stderr));
    std::fs::write(path("ae3794c.postgres.sql"), dumped.stdout).unwrap();
}

/// Writes the same rows into the tables of migration 0001, in which a claim contains the share and refers to no receipt.
async fn write_initial_schema(secrets: &[Secret]) {
    let old = Sqlite::create();
    // Half of the usual page size, to keep the file small.
    let options = old.options().create_if_missing(true).page_size(2048);
    let pool = SqlitePool::connect_with(options).await.unwrap();
    let first = sqlx::migrate!("migrations/sqlite").iter().next().unwrap().clone();
    Migrator::with_migrations(vec![first]).run(&pool).await.unwrap();
    let mut sql = vec![
        format!("ATTACH '{}' AS new", path("ae3794c.db").display()),
        "INSERT INTO receipts
         SELECT id, access_hash, receipt_hash, request_hash, state, max_views, views_used, viewed_at, wrong_passphrases,
                created_at, expires_at, ended_at FROM new.receipts ORDER BY number"
            .to_owned(),
        "INSERT INTO secrets
           (id, access_hash, reveal_hash, views_left, bad_tries, locked_until, expires_at, share, envelope)
         SELECT s.id, r.access_hash, s.reveal_hash, s.views_left, s.bad_tries, s.locked_until, s.expires_at, s.share,
                s.envelope FROM new.secrets s JOIN new.receipts r ON r.number = s.receipt ORDER BY r.number"
            .to_owned(),
    ];
    for secret in secrets.iter().filter(|secret| secret.has_view()) {
        let hash = old.sql_bytes(&secret.attempt(secret.sealed.keys().reveal()).claim_hash);
        let share = old.sql_bytes(secret.share().as_bytes());
        sql.push(format!(
            "INSERT INTO claims (claim_hash, views_left, expires_at, share)
             SELECT claim_hash, views_left, expires_at, {share} FROM new.claims WHERE claim_hash = {hash}"
        ));
    }
    sql.push("DETACH new".to_owned());
    let mut connection = pool.acquire().await.unwrap();
    for sql in sql {
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *connection).await.unwrap();
    }
    drop(connection);
    pool.close().await;
    old.pool.close().await;
    std::fs::copy(old.folder.path().join("ikrypt.db"), path("0001.db")).unwrap();
}
