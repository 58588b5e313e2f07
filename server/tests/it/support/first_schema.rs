//! A SQLite database as it was before migration 0002, with rows in it.

use shared_crypto::ServerShare;
use sqlx::migrate::Migrator;
use vault::RevealAttempt;

use super::{Database as _, Sample, Sqlite};

/// The tables of migration 0001. A store that connects to the database migrates it.
pub(crate) struct FirstSchema(pub(crate) Sqlite);

impl FirstSchema {
    pub(crate) async fn empty() -> Self {
        let database = Sqlite::fresh();
        std::fs::File::create(database.folder.path().join("ikrypt.db")).unwrap();
        let first = sqlx::migrate!("migrations/sqlite").iter().next().unwrap().clone();
        Migrator::with_migrations(vec![first]).run(&database.raw).await.unwrap();
        Self(database)
    }

    /// A secret of which `viewed` views were used.
    pub(crate) async fn insert(&self, sample: &Sample, viewed: u8) {
        let (x, new) = (|bytes: &[u8]| self.0.bytes(bytes), sample.request());
        let (now, later) = (self.0.moment(0), self.0.moment(3_600_000));
        let (id, access, reveal) = (x(new.id.as_bytes()), x(&new.access_hash), x(&new.reveal_hash));
        let (receipt, request) = (x(&new.receipt_hash), x(&new.request_hash));
        let (share, envelope) = (x(new.share.as_bytes()), x(&new.envelope));
        let (views, left) = (new.max_views, new.max_views - viewed);
        let times = format!("json_array({})", vec![now.as_str(); usize::from(viewed)].join(", "));
        let (state, ended) = if left == 0 { ("viewed", now.as_str()) } else { ("live", "NULL") };
        self.run(format!(
            "INSERT INTO receipts (id, access_hash, receipt_hash, request_hash, state, max_views, views_used, viewed_at,
                                   created_at, expires_at, ended_at)
             VALUES ({id}, {access}, {receipt}, {request}, '{state}', {views}, {viewed}, {times}, {now}, {later}, {ended})"
        ))
        .await;
        if left > 0 {
            self.run(format!(
                "INSERT INTO secrets (id, access_hash, reveal_hash, share, envelope, views_left, expires_at)
                 VALUES ({id}, {access}, {reveal}, {share}, {envelope}, {left}, {later})"
            ))
            .await;
        }
    }

    /// The claim of a view that was granted, which ends so many milliseconds from now.
    pub(crate) async fn insert_claim(
        &self,
        attempt: &RevealAttempt,
        share: &ServerShare,
        views_left: u8,
        millis: i64,
    ) {
        let (hash, share) = (self.0.bytes(&attempt.claim_hash), self.0.bytes(share.as_bytes()));
        let until = self.0.moment(millis);
        self.run(format!(
            "INSERT INTO claims (claim_hash, share, views_left, expires_at) VALUES ({hash}, {share}, {views_left}, {until})"
        ))
        .await;
    }

    async fn run(&self, sql: String) {
        self.0.execute(sql).await.unwrap();
    }
}
