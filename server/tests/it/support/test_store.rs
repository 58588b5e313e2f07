//! A store on a new database, and shortcuts for calls of the store and for direct changes of the database.

use std::sync::Arc;

use vault::{CreateOutcome, Receipt, RevealAttempt, RevealOutcome, SecretStore};

use super::{Database, TestSecret, eventually};

/// A store and the database under it. `&TestStore` is on any database, `&TestStore<Postgres>` on PostgreSQL.
pub(crate) struct TestStore<D: ?Sized = dyn Database> {
    pub(crate) store: Arc<dyn SecretStore>,
    pub(crate) database: D,
}

impl<D: Database> TestStore<D> {
    /// Connects a store to the database.
    pub(crate) async fn connect(database: D) -> Self {
        Self { store: database.connect().await, database }
    }
}

impl<D: Database + ?Sized> TestStore<D> {
    /// Stores a secret with this many views.
    pub(crate) async fn secret(&self, max_views: u8) -> TestSecret {
        let secret = TestSecret::new(max_views);
        let outcome = self.store.create(secret.create_request()).await.unwrap();
        assert!(matches!(outcome, CreateOutcome::Created { .. }));
        secret
    }

    pub(crate) async fn reveal(&self, attempt: RevealAttempt) -> RevealOutcome {
        self.store.reveal(attempt).await.unwrap()
    }

    pub(crate) async fn receipt(&self, secret: &TestSecret) -> Receipt {
        self.store.receipt(&secret.receipt_hash()).await.unwrap().unwrap()
    }

    pub(crate) async fn burn(&self, secret: &TestSecret) -> Receipt {
        self.store.burn(&secret.receipt_hash()).await.unwrap().unwrap()
    }

    /// Deletes expired rows until none is left.
    pub(crate) async fn delete_expired(&self) {
        while !self.store.delete_expired().await.unwrap().is_empty() {}
    }

    /// Counts the rows of a table; `table` may continue with a `WHERE` clause.
    pub(crate) async fn rows(&self, table: &str) -> i64 {
        self.database.query_number(format!("SELECT count(*) FROM {table}")).await
    }

    /// Returns whether the row of the secret exists, which its receipt outlives.
    pub(crate) async fn holds(&self, secret: &TestSecret) -> bool {
        let id = self.id(secret);
        self.database.query_number(format!("SELECT count(*) FROM secrets WHERE id = {id}")).await == 1
    }

    /// Reads a counter of the secret's row: `views_left` or `bad_tries`.
    pub(crate) async fn count(&self, column: &str, secret: &TestSecret) -> i64 {
        let id = self.id(secret);
        self.database
            .query_number(format!("SELECT CAST({column} AS bigint) FROM secrets WHERE id = {id}"))
            .await
    }

    /// Sets the expiry to one second ago.
    pub(crate) async fn expire(&self, secret: &TestSecret) {
        self.expire_in(secret, -1000).await;
    }

    /// Sets the expiry to `millis` milliseconds from now, in the secret and in its receipt.
    pub(crate) async fn expire_in(&self, secret: &TestSecret, millis: i64) {
        let (id, time) = (self.id(secret), self.database.sql_time(millis));
        self.change(format!("UPDATE receipts SET expires_at = {time} WHERE id = {id}")).await;
        let same = "SELECT expires_at FROM receipts r WHERE r.id = secrets.id";
        self.change(format!("UPDATE secrets SET expires_at = ({same}) WHERE id = {id}")).await;
    }

    /// Waits until the secret has expired by the database's clock.
    pub(crate) async fn wait_until_expired(&self, secret: &TestSecret) {
        let (id, now) = (self.id(secret), self.database.sql_time(0));
        let sql = format!("SELECT count(*) FROM receipts WHERE id = {id} AND expires_at <= {now}");
        eventually(|| async { self.database.query_number(sql.clone()).await == 1 }).await;
    }

    /// Sets the expiry of every claim to the past.
    pub(crate) async fn expire_claims(&self) {
        self.change(format!("UPDATE claims SET expires_at = {}", self.database.sql_time(-1))).await;
    }

    /// Ends the lock that wrong passphrases caused.
    pub(crate) async fn unlock(&self, secret: &TestSecret) {
        let (id, time) = (self.id(secret), self.database.sql_time(-1));
        self.change(format!("UPDATE secrets SET locked_until = {time} WHERE id = {id}")).await;
    }

    /// Runs a statement on the database without the store.
    pub(crate) async fn change(&self, sql: String) {
        self.database.execute(sql).await.unwrap();
    }

    /// Returns the id as an SQL expression.
    pub(crate) fn id(&self, secret: &TestSecret) -> String {
        self.database.sql_bytes(secret.id.as_bytes())
    }

    /// Checks that views are consistent across the tables, closes the store and removes the database. Every test ends with it.
    pub(crate) async fn close(&self) {
        for inconsistent in [
            "secrets s LEFT JOIN receipts r ON r.id = s.id
              WHERE r.id IS NULL OR r.state <> 'live' OR s.views_left + r.views_used <> r.max_views",
            "receipts WHERE (state = 'viewed') <> (views_used = max_views)",
            "receipts WHERE (state = 'live') <> (ended_at IS NULL)",
        ] {
            assert_eq!(self.rows(inconsistent).await, 0, "inconsistent rows: {inconsistent}");
        }
        self.store.close().await;
        self.database.remove().await;
    }
}
