//! Settings of connections, which override those of the server or the file.

use server::store::SqliteStore;
use sqlx::sqlite::SqlitePoolOptions;
use vault::SecretStore as _;

use crate::support::{Postgres, Sqlite, TestStore};

suite! { postgres: postgresql_connections_have_durable_commits_and_timeouts }
suite! { sqlite: sqlite_connections_have_durable_commits_and_secure_delete, sqlite_files_are_readable_by_their_owner_only }

async fn postgresql_connections_have_durable_commits_and_timeouts(test: &TestStore<Postgres>) {
    let name = test.database.options.get_database().unwrap();
    for setting in [
        "synchronous_commit = off",
        "default_transaction_isolation = 'serializable'",
        "lock_timeout = 0",
        "statement_timeout = 0",
        "idle_in_transaction_session_timeout = 0",
    ] {
        test.change(format!("ALTER DATABASE {name} SET {setting}")).await;
    }
    let store = test.database.store().await;
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

async fn sqlite_connections_have_durable_commits_and_secure_delete(test: &TestStore<Sqlite>) {
    let store = SqliteStore::connect_with(test.database.options(), SqlitePoolOptions::new()).await.unwrap();
    let journal: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(store.pool()).await.unwrap();
    assert_eq!(journal, "wal");
    let synchronous: i64 = sqlx::query_scalar("PRAGMA synchronous").fetch_one(store.pool()).await.unwrap();
    // 1 is ON, 2 would be FAST.
    let secure_delete: i64 =
        sqlx::query_scalar("PRAGMA secure_delete").fetch_one(store.pool()).await.unwrap();
    let trusted_schema: i64 =
        sqlx::query_scalar("PRAGMA trusted_schema").fetch_one(store.pool()).await.unwrap();
    assert_eq!((synchronous, secure_delete, trusted_schema), (2, 1, 0));
    store.close().await;
}

#[cfg(unix)]
async fn sqlite_files_are_readable_by_their_owner_only(test: &TestStore<Sqlite>) {
    use std::os::unix::fs::PermissionsExt as _;
    test.secret(1).await;
    let files = test.database.files();
    assert_eq!(files.len(), 3, "the database, its write-ahead log, and the index of the log");
    for file in files {
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", file.display());
    }
}
