//! What a connection is set to, whatever the server or the file says.

use server::store::SqliteStore;
use sqlx::sqlite::SqlitePoolOptions;
use vault::SecretStore as _;

use crate::support::{Bed, Postgres, Sqlite};

suite! { postgres: postgresql_commits_for_good_and_waits_for_nothing_for_long }
suite! { sqlite: sqlite_commits_for_good_and_overwrites_what_it_deletes, nobody_else_may_read_the_files }

async fn postgresql_commits_for_good_and_waits_for_nothing_for_long(bed: &Bed<Postgres>) {
    let name = bed.database.options.get_database().unwrap();
    for lax in [
        "synchronous_commit = off",
        "default_transaction_isolation = 'serializable'",
        "lock_timeout = 0",
        "statement_timeout = 0",
        "idle_in_transaction_session_timeout = 0",
    ] {
        bed.change(format!("ALTER DATABASE {name} SET {lax}")).await;
    }
    let store = bed.database.store().await;
    for (setting, expected) in [
        ("synchronous_commit", "on"),
        ("transaction_isolation", "read committed"),
        ("lock_timeout", "5s"),
        ("statement_timeout", "10s"),
        ("idle_in_transaction_session_timeout", "15s"),
    ] {
        let value: String = sqlx::query_scalar("SELECT current_setting($1)")
            .bind(setting)
            .fetch_one(store.pool())
            .await
            .unwrap();
        assert_eq!(value, expected, "{setting}");
    }
    store.close().await;
}

async fn sqlite_commits_for_good_and_overwrites_what_it_deletes(bed: &Bed<Sqlite>) {
    let store = SqliteStore::connect_with(bed.database.options(), SqlitePoolOptions::new()).await.unwrap();
    let journal: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(store.pool()).await.unwrap();
    assert_eq!(journal, "wal");
    let full: i64 = sqlx::query_scalar("PRAGMA synchronous").fetch_one(store.pool()).await.unwrap();
    // 1 is ON; FAST would be 2.
    let erases: i64 = sqlx::query_scalar("PRAGMA secure_delete").fetch_one(store.pool()).await.unwrap();
    let trusts: i64 = sqlx::query_scalar("PRAGMA trusted_schema").fetch_one(store.pool()).await.unwrap();
    assert_eq!((full, erases, trusts), (2, 1, 0));
    store.close().await;
}

#[cfg(unix)]
async fn nobody_else_may_read_the_files(bed: &Bed<Sqlite>) {
    use std::os::unix::fs::PermissionsExt as _;
    bed.secret(1).await;
    let files = bed.database.files();
    assert_eq!(files.len(), 3, "the database, its log, and the log's index");
    for file in files {
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", file.display());
    }
}
