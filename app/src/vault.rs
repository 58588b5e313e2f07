//! The rules: what may come in, and who gets a view. No SQL, no HTTP.

mod decide;
mod limits;
mod quota;

use std::sync::Arc;

use shared_crypto::wire::{CreateAnswer, CreateRequest, OpenAnswer, ReceiptAnswer, Refusal, RevealAnswer};
use shared_crypto::{
    AccessProof, Claim, Digest, Envelope, ReceiptToken, RevealProof, SecretId, ServerShare, request_hash,
    sha256,
};

use crate::error::ApiError;
use crate::store::{Attempt, Creation, NewSecret, Opened, Outcome, SecretStore};
pub use decide::{
    CLAIM_TTL, Change, Claimed, Docket, Found, Held, NewClaim, RECEIPT_TTL, ReadAgain, Standing, Trace,
    Write, decide,
};
pub use limits::Limits;
pub(crate) use limits::MIN_TTL;
pub use quota::{RECEIPT_BYTES, StorageQuota};

/// The rules over a store: what the five server functions call.
#[derive(Clone)]
pub struct Vault {
    store: Arc<dyn SecretStore>,
    limits: Limits,
    quota: Arc<StorageQuota>,
}

impl Vault {
    /// The rules with these limits over this store.
    pub fn new(store: Arc<dyn SecretStore>, limits: Limits, quota: Arc<StorageQuota>) -> Self {
        Self { store, limits, quota }
    }

    /// The store, for probes and the sweeper.
    pub fn store(&self) -> &dyn SecretStore {
        &*self.store
    }

    /// Checks a sealed secret and stores it under a new id.
    pub async fn create(&self, request: CreateRequest) -> Result<CreateAnswer, ApiError> {
        let secret = self.check(&request)?;
        // While the database is waited for, the bytes are enough: in base64 they are a third larger.
        drop(request);
        let bytes = secret.envelope.len();
        match self.store.create(secret).await? {
            Creation::Created { id, created_at, expires_at } => {
                self.quota.add(bytes);
                Ok(CreateAnswer { id: id.encode(), created_at, expires_at })
            }
            Creation::Conflict => Err(Refusal::Conflict.into()),
            Creation::NoRoom => Err(Refusal::StorageFull.into()),
        }
    }

    /// Gives out the envelope. Costs no view.
    pub async fn open(&self, id: &str, access: &str) -> Result<OpenAnswer, ApiError> {
        let (id, access) = (known(SecretId::decode(id))?, known(AccessProof::decode(access))?);
        match self.store.open(&id, &sha256(&[access.as_bytes()])).await? {
            Some(Opened::Live { envelope, max_views, views_left, created_at, expires_at }) => {
                let envelope = Envelope::parse(envelope).map_err(|_| Refusal::Unavailable)?.encode();
                Ok(OpenAnswer { envelope, max_views, views_left, created_at, expires_at })
            }
            Some(Opened::Gone(ended)) => {
                Err(Refusal::Gone { state: ended.state, ended_at: ended.ended_at }.into())
            }
            None => Err(Refusal::Unavailable.into()),
        }
    }

    /// Asks for a view: gives out the share, or says why not.
    pub async fn reveal(
        &self,
        id: &str,
        access: &str,
        reveal: &str,
        claim: &str,
    ) -> Result<RevealAnswer, ApiError> {
        let (id, access) = (known(SecretId::decode(id))?, known(AccessProof::decode(access))?);
        let (reveal, claim) = (known(RevealProof::decode(reveal))?, known(Claim::decode(claim))?);
        match self.store.reveal(Attempt::new(id, &access, &reveal, &claim)).await? {
            Outcome::Granted { share, views_left } => Ok(RevealAnswer { share: share.encode(), views_left }),
            Outcome::Wrong { tries_left, wait } => {
                Err(ApiError::new(Refusal::WrongPassphrase { tries_left }, wait))
            }
            Outcome::Locked { wait } => Err(ApiError::new(Refusal::Locked, Some(wait))),
            Outcome::Gone(ended) => {
                Err(Refusal::Gone { state: ended.state, ended_at: ended.ended_at }.into())
            }
            Outcome::Unavailable => Err(Refusal::Unavailable.into()),
        }
    }

    /// What became of the secret with this receipt token.
    pub async fn receipt(&self, token: &str) -> Result<ReceiptAnswer, ApiError> {
        self.store.receipt(&receipt_hash(token)?).await?.ok_or_else(|| Refusal::Unavailable.into())
    }

    /// Burns the secret with this receipt token.
    pub async fn burn(&self, token: &str) -> Result<ReceiptAnswer, ApiError> {
        self.store.burn(&receipt_hash(token)?).await?.ok_or_else(|| Refusal::Unavailable.into())
    }

    fn check(&self, request: &CreateRequest) -> Result<NewSecret, ApiError> {
        let bad = |_| ApiError::from(Refusal::InvalidRequest);
        self.limits.check(request.ttl_seconds, request.max_views)?;
        let envelope = Envelope::decode(&request.envelope).map_err(bad)?.into_bytes();
        if envelope.len() > self.limits.max_envelope_bytes() {
            return Err(Refusal::TooLarge.into());
        }
        let share = ServerShare::decode(&request.share).map_err(bad)?;
        let hashes = [&request.access_hash, &request.reveal_hash, &request.receipt_hash];
        let mut digests = [Digest::default(); 3];
        for (digest, text) in digests.iter_mut().zip(hashes) {
            *digest = shared_crypto::decode_digest(text).map_err(bad)?;
        }
        let [access_hash, reveal_hash, receipt_hash] = digests;
        let (ttl_seconds, max_views) = (request.ttl_seconds, request.max_views);
        Ok(NewSecret {
            id: SecretId::generate().map_err(|_| Refusal::TryLater)?,
            access_hash,
            reveal_hash,
            receipt_hash,
            has_room: self.quota.has_room_for(envelope.len()),
            request_hash: request_hash(&envelope, share.as_bytes(), &digests, ttl_seconds, max_views),
            share,
            envelope,
            ttl_seconds,
            max_views,
        })
    }
}

/// A proof of the wrong form is a wrong proof: to its sender both look like a secret that never was.
fn known<T>(decoded: Result<T, shared_crypto::Error>) -> Result<T, ApiError> {
    decoded.map_err(|_| Refusal::Unavailable.into())
}

fn receipt_hash(token: &str) -> Result<Digest, ApiError> {
    Ok(sha256(&[known(ReceiptToken::decode(token))?.as_bytes()]))
}
