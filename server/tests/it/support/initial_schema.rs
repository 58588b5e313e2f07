//! A SQLite database with the tables of migration 0001 only, and rows in them.

use shared_crypto::ServerShare;
use sqlx::migrate::Migrator;
use vault::RevealAttempt;

use super::{Database as _, Sqlite, TestSecret};

/// A database with the tables of migration 0001. A store that connects to it migrates it.
pub(crate) struct InitialSchema {
    pub(crate) database: Sqlite,
}

impl InitialSchema {
    /// Creates the database file and applies the first migration.
    pub(crate) async fn create() -> Self {
        let database = Sqlite::create();
        std::fs::File::create(database.folder.path().join("ikrypt.db")).unwrap();
        let first = sqlx::migrate!("migrations/sqlite").iter().next().unwrap().clone();
        Migrator::with_migrations(vec![first]).run(&database.pool).await.unwrap();
        Self { database }
    }

    /// Inserts a secret of which `viewed` views are used.
    pub(crate) async fn insert(&self, secret: &TestSecret, viewed: u8) {
        let (x, new) = (|bytes: &[u8]| self.database.sql_bytes(bytes), secret.create_request());
        let (now, later) = (self.database.sql_time(0), self.database.sql_time(3_600_000));
        let (id, access, reveal) = (x(new.id.as_bytes()), x(&new.access_hash), x(&new.reveal_hash));
        let (receipt, request) = (x(&new.receipt_hash), x(&new.request_hash));
        let (share, envelope) = (x(new.share.as_bytes()), x(&new.envelope));
        let (views, left) = (new.max_views, new.max_views - viewed);
        let times = format!("json_array({})", vec![now.as_str(); usize::from(viewed)].join(", "));
        let (state, ended) = if left == 0 { ("viewed", now.as_str()) } else { ("live", "NULL") };
        self.execute(format!(
            "INSERT INTO receipts (id, access_hash, receipt_hash, request_hash, state, max_views, views_used, viewed_at,
                                   created_at, expires_at, ended_at)
             VALUES ({id}, {access}, {receipt}, {request}, '{state}', {views}, {viewed}, {times}, {now}, {later}, {ended})"
        ))
        .await;
        if left > 0 {
            self.execute(format!(
                "INSERT INTO secrets (id, access_hash, reveal_hash, share, envelope, views_left, expires_at)
                 VALUES ({id}, {access}, {reveal}, {share}, {envelope}, {left}, {later})"
            ))
            .await;
        }
    }

    /// Inserts the claim of a granted view, which expires `millis` milliseconds from now.
    pub(crate) async fn insert_claim(
        &self,
        attempt: &RevealAttempt,
        share: &ServerShare,
        views_left: u8,
        millis: i64,
    ) {
        let (hash, share) =
            (self.database.sql_bytes(&attempt.claim_hash), self.database.sql_bytes(share.as_bytes()));
        let until = self.database.sql_time(millis);
        self.execute(format!(
            "INSERT INTO claims (claim_hash, share, views_left, expires_at) VALUES ({hash}, {share}, {views_left}, {until})"
        ))
        .await;
    }

    async fn execute(&self, sql: String) {
        self.database.execute(sql).await.unwrap();
    }
}
