//! What a test of the store stands on: a fresh database, and a store on it.

use std::sync::Arc;

use vault::{CreateOutcome, Receipt, RevealAttempt, RevealOutcome, SecretStore};

use super::{Database, Sample, eventually};

/// `&Bed` is on either database, `&Bed<Postgres>` on that one.
pub(crate) struct Bed<D: ?Sized = dyn Database> {
    pub(crate) store: Arc<dyn SecretStore>,
    pub(crate) database: D,
}

impl<D: Database> Bed<D> {
    pub(crate) async fn make(database: D) -> Self {
        Self { store: database.connect().await, database }
    }
}

impl<D: Database + ?Sized> Bed<D> {
    /// A secret with so many views, stored.
    pub(crate) async fn secret(&self, max_views: u8) -> Sample {
        let sample = Sample::new(max_views);
        let creation = self.store.create(sample.request()).await.unwrap();
        assert!(matches!(creation, CreateOutcome::Created { .. }));
        sample
    }

    pub(crate) async fn reveal(&self, attempt: RevealAttempt) -> RevealOutcome {
        self.store.reveal(attempt).await.unwrap()
    }

    pub(crate) async fn receipt(&self, sample: &Sample) -> Receipt {
        self.store.receipt(&sample.receipt_hash()).await.unwrap().unwrap()
    }

    pub(crate) async fn burn(&self, sample: &Sample) -> Receipt {
        self.store.burn(&sample.receipt_hash()).await.unwrap().unwrap()
    }

    /// Sweeps until nothing is left to sweep.
    pub(crate) async fn delete_expired(&self) {
        while !self.store.delete_expired().await.unwrap().is_empty() {}
    }

    pub(crate) async fn rows(&self, table: &str) -> i64 {
        self.database.number(format!("SELECT count(*) FROM {table}")).await
    }

    /// Whether the secret itself is still there, beside its receipt.
    pub(crate) async fn holds(&self, sample: &Sample) -> bool {
        let id = self.id(sample);
        self.database.number(format!("SELECT count(*) FROM secrets WHERE id = {id}")).await == 1
    }

    /// A count of the secret's row: `views_left`, `bad_tries`.
    pub(crate) async fn count(&self, column: &str, sample: &Sample) -> i64 {
        let id = self.id(sample);
        self.database.number(format!("SELECT CAST({column} AS bigint) FROM secrets WHERE id = {id}")).await
    }

    /// Its time is over, and was so a second ago.
    pub(crate) async fn expire(&self, sample: &Sample) {
        self.expire_in(sample, -1000).await;
    }

    /// Its time is over so many milliseconds from now, whatever was asked for.
    pub(crate) async fn expire_in(&self, sample: &Sample, millis: i64) {
        let (id, moment) = (self.id(sample), self.database.moment(millis));
        self.change(format!("UPDATE receipts SET expires_at = {moment} WHERE id = {id}")).await;
        let same = "SELECT expires_at FROM receipts r WHERE r.id = secrets.id";
        self.change(format!("UPDATE secrets SET expires_at = ({same}) WHERE id = {id}")).await;
    }

    /// Returns when its time is over, by the database's clock.
    pub(crate) async fn until_expired(&self, sample: &Sample) {
        let (id, now) = (self.id(sample), self.database.moment(0));
        let sql = format!("SELECT count(*) FROM receipts WHERE id = {id} AND expires_at <= {now}");
        eventually(|| async { self.database.number(sql.clone()).await == 1 }).await;
    }

    /// The five minutes of every claim are over.
    pub(crate) async fn expire_claims(&self) {
        self.change(format!("UPDATE claims SET expires_at = {}", self.database.moment(-1))).await;
    }

    /// The wait that wrong passphrases brought about is over.
    pub(crate) async fn unlock(&self, sample: &Sample) {
        let (id, moment) = (self.id(sample), self.database.moment(-1));
        self.change(format!("UPDATE secrets SET locked_until = {moment} WHERE id = {id}")).await;
    }

    /// Changes rows behind the store's back.
    pub(crate) async fn change(&self, sql: String) {
        self.database.execute(sql).await.unwrap();
    }

    pub(crate) fn id(&self, sample: &Sample) -> String {
        self.database.bytes(sample.id.as_bytes())
    }

    /// After every test the books balance: no view is lost or double, nothing is left of what has ended.
    pub(crate) async fn close(&self) {
        for wrong in [
            "secrets s LEFT JOIN receipts r ON r.id = s.id
              WHERE r.id IS NULL OR r.state <> 'live' OR s.views_left + r.views_used <> r.max_views",
            "receipts WHERE (state = 'viewed') <> (views_used = max_views)",
            "receipts WHERE (state = 'live') <> (ended_at IS NULL)",
        ] {
            assert_eq!(self.rows(wrong).await, 0, "the books do not balance: {wrong}");
        }
        self.store.close().await;
        self.database.remove().await;
    }
}
