//! Checks requests, calls the store, and maps its outcomes to responses.

use std::sync::Arc;

use shared_crypto::messages::{
    CreateRequest, CreateResponse, ErrorBody, OpenResponse, ReceiptResponse, RevealResponse,
};
use shared_crypto::{
    AccessProof, Claim, Digest, Envelope, ReceiptToken, RevealProof, SecretId, ServerShare, request_hash,
    sha256,
};

use crate::{
    CreateOutcome, NewSecret, OpenOutcome, RevealAttempt, RevealOutcome, SecretEnd, SecretLimits,
    SecretStore, ServiceError, StorageQuota,
};

/// Implements the five calls of the HTTP API over a store.
#[derive(Clone)]
pub struct SecretService {
    store: Arc<dyn SecretStore>,
    limits: SecretLimits,
    quota: Arc<StorageQuota>,
}

impl SecretService {
    /// Creates a service with these limits over this store.
    pub fn new(store: Arc<dyn SecretStore>, limits: SecretLimits, quota: Arc<StorageQuota>) -> Self {
        Self { store, limits, quota }
    }

    /// Returns the store, for health probes and background work.
    pub fn store(&self) -> &dyn SecretStore {
        &*self.store
    }

    /// Checks an encrypted secret and stores it under a new id.
    pub async fn create(&self, request: CreateRequest) -> Result<CreateResponse, ServiceError> {
        let secret = self.check(&request)?;
        // Frees the base64 text, a third larger than its bytes, before the wait for the database.
        drop(request);
        let bytes = secret.envelope.len();
        match self.store.create(secret).await? {
            CreateOutcome::Created { id, created_at, expires_at } => {
                self.quota.add(bytes);
                Ok(CreateResponse { id: id.encode(), created_at, expires_at })
            }
            CreateOutcome::Conflict => Err(ErrorBody::Conflict.into()),
            CreateOutcome::StorageFull => Err(ErrorBody::StorageFull.into()),
        }
    }

    /// Returns the envelope. Uses no view.
    pub async fn open(&self, id: &str, access: &str) -> Result<OpenResponse, ServiceError> {
        let (id, access) = (or_not_found(SecretId::decode(id))?, or_not_found(AccessProof::decode(access))?);
        match self.store.open(&id, &sha256(&[access.as_bytes()])).await? {
            Some(OpenOutcome::Live { envelope, max_views, views_left, created_at, expires_at }) => {
                let envelope = Envelope::parse(envelope).map_err(|_| ErrorBody::NotFound)?.encode();
                Ok(OpenResponse { envelope, max_views, views_left, created_at, expires_at })
            }
            Some(OpenOutcome::Gone(end)) => Err(gone(end)),
            None => Err(ErrorBody::NotFound.into()),
        }
    }

    /// Uses a view and returns the server's key share, or an error that says why not.
    pub async fn reveal(
        &self,
        id: &str,
        access: &str,
        reveal: &str,
        claim: &str,
    ) -> Result<RevealResponse, ServiceError> {
        let (id, access) = (or_not_found(SecretId::decode(id))?, or_not_found(AccessProof::decode(access))?);
        let (reveal, claim) =
            (or_not_found(RevealProof::decode(reveal))?, or_not_found(Claim::decode(claim))?);
        match self.store.reveal(RevealAttempt::new(id, &access, &reveal, &claim)).await? {
            RevealOutcome::Granted { share, views_left } => {
                Ok(RevealResponse { share: share.encode(), views_left })
            }
            RevealOutcome::WrongPassphrase { tries_left, wait } => {
                Err(ServiceError { body: ErrorBody::WrongPassphrase { tries_left }, retry_after: wait })
            }
            RevealOutcome::Locked { wait } => {
                Err(ServiceError { body: ErrorBody::Locked, retry_after: Some(wait) })
            }
            RevealOutcome::Gone(end) => Err(gone(end)),
            RevealOutcome::NotFound => Err(ErrorBody::NotFound.into()),
        }
    }

    /// Returns the receipt with this token.
    pub async fn receipt(&self, token: &str) -> Result<ReceiptResponse, ServiceError> {
        self.store.receipt(&receipt_hash(token)?).await?.ok_or_else(|| ErrorBody::NotFound.into())
    }

    /// Burns the secret of the receipt with this token, and returns the receipt.
    pub async fn burn(&self, token: &str) -> Result<ReceiptResponse, ServiceError> {
        self.store.burn(&receipt_hash(token)?).await?.ok_or_else(|| ErrorBody::NotFound.into())
    }

    fn check(&self, request: &CreateRequest) -> Result<NewSecret, ServiceError> {
        let invalid = |_| ServiceError::from(ErrorBody::InvalidRequest);
        self.limits.check(request.ttl_seconds, request.max_views)?;
        let envelope = Envelope::decode(&request.envelope).map_err(invalid)?.into_bytes();
        if envelope.len() > self.limits.max_envelope_bytes() {
            return Err(ErrorBody::TooLarge.into());
        }
        let share = ServerShare::decode(&request.share).map_err(invalid)?;
        let hashes = [&request.access_hash, &request.reveal_hash, &request.receipt_hash];
        let mut digests = [Digest::default(); 3];
        for (digest, text) in digests.iter_mut().zip(hashes) {
            *digest = shared_crypto::decode_digest(text).map_err(invalid)?;
        }
        let [access_hash, reveal_hash, receipt_hash] = digests;
        let (ttl_seconds, max_views) = (request.ttl_seconds, request.max_views);
        Ok(NewSecret {
            id: SecretId::generate().map_err(|_| ErrorBody::Unavailable)?,
            access_hash,
            reveal_hash,
            receipt_hash,
            has_capacity: self.quota.has_capacity_for(envelope.len()),
            request_hash: request_hash(&envelope, share.as_bytes(), &digests, ttl_seconds, max_views),
            share,
            envelope,
            ttl_seconds,
            max_views,
        })
    }
}

fn gone(end: SecretEnd) -> ServiceError {
    ErrorBody::Gone { state: end.state, ended_at: end.ended_at }.into()
}

/// Maps a malformed id, proof or token to *not found*: to a client without the link it looks like a secret that never
/// existed.
fn or_not_found<T>(decoded: Result<T, shared_crypto::Error>) -> Result<T, ServiceError> {
    decoded.map_err(|_| ErrorBody::NotFound.into())
}

fn receipt_hash(token: &str) -> Result<Digest, ServiceError> {
    Ok(sha256(&[or_not_found(ReceiptToken::decode(token))?.as_bytes()]))
}
