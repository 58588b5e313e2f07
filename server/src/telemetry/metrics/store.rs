//! Wraps a store and records its calls in the metrics.

use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use shared_crypto::messages::Call;
use shared_crypto::{Digest, SecretId};
use vault::{
    CreateOutcome, DatabaseInfo, DeletedRows, NewSecret, OpenOutcome, Receipt, RevealAttempt, RevealOutcome,
    SecretStore, StorageStats, StoreError,
};

use super::Metrics;
use crate::store::uncancelled;

/// A store whose calls are counted and timed.
pub(crate) struct InstrumentedStore {
    store: Arc<dyn SecretStore>,
    metrics: Arc<Metrics>,
}

impl InstrumentedStore {
    pub(crate) fn new(store: Arc<dyn SecretStore>, metrics: Arc<Metrics>) -> Self {
        Self { store, metrics }
    }

    async fn timed<T>(&self, kind: &'static str, call: impl Future<Output = T>) -> T {
        let started = Instant::now();
        let result = call.await;
        self.metrics.record_store_call(kind, started.elapsed());
        result
    }

    /// Times and counts a call, also if the caller is dropped before its end: a wrong passphrase counts, whether the
    /// client waits for the response or disconnects.
    async fn counted<T, F>(
        &self,
        call: impl FnOnce(Arc<dyn SecretStore>) -> F + Send + 'static,
        kind: &'static str,
        count: fn(&Metrics, &Result<T, StoreError>),
    ) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, StoreError>> + Send,
    {
        let instrumented = Self { store: Arc::clone(&self.store), metrics: Arc::clone(&self.metrics) };
        uncancelled(async move {
            let result = instrumented.timed(kind, call(Arc::clone(&instrumented.store))).await;
            count(&instrumented.metrics, &result);
            result
        })
        .await
    }
}

#[async_trait]
impl SecretStore for InstrumentedStore {
    async fn create(&self, secret: NewSecret) -> Result<CreateOutcome, StoreError> {
        self.counted(
            move |store| async move { store.create(secret).await },
            Call::Create.name(),
            Metrics::record_create,
        )
        .await
    }

    async fn open(&self, id: &SecretId, access_hash: &Digest) -> Result<Option<OpenOutcome>, StoreError> {
        self.timed(Call::Open.name(), self.store.open(id, access_hash)).await
    }

    async fn reveal(&self, attempt: RevealAttempt) -> Result<RevealOutcome, StoreError> {
        self.counted(
            move |store| async move { store.reveal(attempt).await },
            Call::Reveal.name(),
            Metrics::record_reveal,
        )
        .await
    }

    async fn receipt(&self, receipt_hash: &Digest) -> Result<Option<Receipt>, StoreError> {
        self.timed(Call::Receipt.name(), self.store.receipt(receipt_hash)).await
    }

    async fn burn(&self, receipt_hash: &Digest) -> Result<Option<Receipt>, StoreError> {
        let receipt_hash = *receipt_hash;
        self.counted(
            move |store| async move { store.burn(&receipt_hash).await },
            Call::Burn.name(),
            Metrics::record_burn,
        )
        .await
    }

    async fn delete_expired(&self) -> Result<DeletedRows, StoreError> {
        let result = self.timed("sweep", self.store.delete_expired()).await;
        self.metrics.record_cleanup(&result);
        result
    }

    async fn stats(&self) -> Result<StorageStats, StoreError> {
        self.store.stats().await
    }

    async fn purge(&self, created_before: DateTime<Utc>) -> Result<u64, StoreError> {
        self.store.purge(created_before).await
    }

    async fn burn_by_id(&self, id: &SecretId) -> Result<Option<Receipt>, StoreError> {
        self.store.burn_by_id(id).await
    }

    async fn database_info(&self) -> Result<DatabaseInfo, StoreError> {
        self.store.database_info().await
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
