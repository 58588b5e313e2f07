//! A store that counts what the store behind it does.

use std::sync::Arc;
use std::time::Instant;

use app::store::{
    About, Attempt, Creation, NewSecret, Opened, Outcome, Receipt, SecretStore, Stats, StoreError, Swept,
};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use shared_crypto::{Digest, SecretId};

use super::Shared;

/// Another store, counted.
pub(crate) struct Metered {
    store: Arc<dyn SecretStore>,
    metrics: Shared,
}

impl Metered {
    pub(crate) fn new(store: Arc<dyn SecretStore>, metrics: Shared) -> Self {
        Self { store, metrics }
    }

    async fn timed<T>(&self, kind: &'static str, work: impl Future<Output = T>) -> T {
        let started = Instant::now();
        let answer = work.await;
        self.metrics.timed(kind, started.elapsed());
        answer
    }
}

#[async_trait]
impl SecretStore for Metered {
    async fn create(&self, secret: NewSecret) -> Result<Creation, StoreError> {
        let created = self.timed("create", self.store.create(secret)).await;
        self.metrics.created(&created);
        created
    }

    async fn open(&self, id: &SecretId, access_hash: &Digest) -> Result<Option<Opened>, StoreError> {
        self.timed("open", self.store.open(id, access_hash)).await
    }

    async fn reveal(&self, attempt: Attempt) -> Result<Outcome, StoreError> {
        let outcome = self.timed("reveal", self.store.reveal(attempt)).await;
        self.metrics.revealed(&outcome);
        outcome
    }

    async fn receipt(&self, receipt_hash: &Digest) -> Result<Option<Receipt>, StoreError> {
        self.timed("receipt", self.store.receipt(receipt_hash)).await
    }

    async fn burn(&self, receipt_hash: &Digest) -> Result<Option<Receipt>, StoreError> {
        let burned = self.timed("burn", self.store.burn(receipt_hash)).await;
        self.metrics.burned(&burned);
        burned
    }

    async fn sweep(&self) -> Result<Swept, StoreError> {
        let swept = self.timed("sweep", self.store.sweep()).await;
        self.metrics.swept(&swept);
        swept
    }

    async fn stats(&self) -> Result<Stats, StoreError> {
        self.store.stats().await
    }

    async fn purge(&self, created_before: DateTime<Utc>) -> Result<u64, StoreError> {
        self.store.purge(created_before).await
    }

    async fn burn_id(&self, id: &SecretId) -> Result<Option<Receipt>, StoreError> {
        self.store.burn_id(id).await
    }

    async fn about(&self) -> Result<About, StoreError> {
        self.store.about().await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.store.ping().await
    }

    fn connections(&self) -> (u32, u32) {
        self.store.connections()
    }

    async fn close(&self) {
        self.store.close().await;
    }
}
