//! What the rules ask of a database, in words that hold no SQL.

use std::fmt;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
/// What the sender may know: the same in the store and on the wire.
pub use shared_crypto::messages::ReceiptResponse as Receipt;
use shared_crypto::messages::SecretState;
use shared_crypto::{
    AccessProof, Claim, ClaimMask, Digest, RevealProof, SecretId, ServerShare, claim_hash, claim_mask, sha256,
};

/// Keeps secrets, receipts and claims. Two adapters, one behaviour: the suite in `server/tests` is for both.
///
/// Every change is made in one transaction, alone or with those of others that came together, and only while what it
/// was decided from still is so. Answers are given after the commit; a failure at the commit is
/// [`StoreError::Unavailable`], outcome unknown.
#[async_trait]
pub trait SecretStore: Send + Sync {
    /// Stores a secret and its receipt, or finds that this very request was here before.
    async fn create(&self, secret: NewSecret) -> Result<CreateOutcome, StoreError>;

    /// Reads the envelope; `None` where there is no such id, or not with this proof. Changes nothing.
    async fn open(&self, id: &SecretId, access_hash: &Digest) -> Result<Option<OpenOutcome>, StoreError>;

    /// Decides who gets a view; see [`decide`](crate::decide).
    async fn reveal(&self, attempt: RevealAttempt) -> Result<RevealOutcome, StoreError>;

    /// What became of a secret; `None` where no receipt has this token.
    async fn receipt(&self, receipt_hash: &Digest) -> Result<Option<Receipt>, StoreError>;

    /// Deletes a live secret, and answers its receipt as it is afterwards.
    async fn burn(&self, receipt_hash: &Digest) -> Result<Option<Receipt>, StoreError>;

    /// Deletes one batch of what has expired.
    async fn delete_expired(&self) -> Result<DeletedRows, StoreError>;

    /// How much is stored.
    async fn stats(&self) -> Result<StorageStats, StoreError>;

    /// Deletes one batch of secrets that were created before a moment, with all their claims, and ends their
    /// receipts as burned; says how many. For a restored backup: it has brought back what was viewed since.
    async fn purge(&self, created_before: DateTime<Utc>) -> Result<u64, StoreError>;

    /// Burns a secret by its id, for an operator who was told of abuse; `None` where no receipt has this id.
    async fn burn_by_id(&self, id: &SecretId) -> Result<Option<Receipt>, StoreError>;

    /// What the database says of itself.
    async fn database_info(&self) -> Result<DatabaseInfo, StoreError>;

    /// Whether the database answers.
    async fn ping(&self) -> Result<(), StoreError>;

    /// Connections to the database that do something, and that wait for something to do.
    fn connections(&self) -> (u32, u32);

    /// Waits for what is under way and closes every connection.
    async fn close(&self);
}

/// A secret as it comes in.
#[derive(Clone)]
pub struct NewSecret {
    /// The name that the server made for it.
    pub id: SecretId,
    /// SHA-256 of the proof for looking.
    pub access_hash: Digest,
    /// SHA-256 of the proof for a view.
    pub reveal_hash: Digest,
    /// SHA-256 of the receipt token.
    pub receipt_hash: Digest,
    /// Tells a repeated request from another one.
    pub request_hash: Digest,
    /// What a view releases.
    pub share: ServerShare,
    /// The sealed payload.
    pub envelope: Vec<u8>,
    /// Seconds until it is gone.
    pub ttl_seconds: u32,
    /// How many views it has.
    pub max_views: u8,
    /// Whether the operator has room for a new one: a request that was here before is answered all the same.
    pub has_capacity: bool,
}

/// Shows no hash and no ciphertext.
impl fmt::Debug for NewSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewSecret")
            .field("ttl_seconds", &self.ttl_seconds)
            .field("max_views", &self.max_views)
            .finish_non_exhaustive()
    }
}

/// What came of a create.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CreateOutcome {
    /// Stored now, or by the same request before.
    Created {
        /// The id under which it was stored first.
        id: SecretId,
        /// When that was.
        created_at: DateTime<Utc>,
        /// When it will be, or was, gone.
        expires_at: DateTime<Utc>,
    },
    /// One of the hashes belongs to another request.
    Conflict,
    /// It is new, and there is no room for it.
    StorageFull,
}

/// What a holder of the link sees.
#[derive(Clone, PartialEq, Eq)]
pub enum OpenOutcome {
    /// It can be revealed.
    Live {
        /// The sealed payload.
        envelope: Vec<u8>,
        /// How many views there were.
        max_views: u8,
        /// How many there still are.
        views_left: u8,
        /// When it was stored.
        created_at: DateTime<Utc>,
        /// When it will be gone.
        expires_at: DateTime<Utc>,
    },
    /// It was here.
    Gone(SecretEnd),
}

/// Shows no ciphertext.
impl fmt::Debug for OpenOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Live { views_left, expires_at, .. } => f
                .debug_struct("Live")
                .field("views_left", views_left)
                .field("expires_at", expires_at)
                .finish_non_exhaustive(),
            Self::Gone(ended) => f.debug_tuple("Gone").field(ended).finish(),
        }
    }
}

/// How and when a secret ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SecretEnd {
    /// Never [`SecretState::Live`].
    pub state: SecretState,
    /// When that was.
    pub ended_at: DateTime<Utc>,
}

/// Somebody asks for a view.
#[derive(Clone)]
pub struct RevealAttempt {
    /// The secret.
    pub id: SecretId,
    /// SHA-256 of the proof for looking.
    pub access_hash: Digest,
    /// SHA-256 of the proof for a view.
    pub reveal_hash: Digest,
    /// Names this attempt; see [`shared_crypto::claim_hash`].
    pub claim_hash: Digest,
    /// Hides what was released to it, where that is kept; see [`shared_crypto::claim_mask`].
    pub claim_mask: ClaimMask,
}

/// Shows no hash.
impl fmt::Debug for RevealAttempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RevealAttempt").finish_non_exhaustive()
    }
}

impl RevealAttempt {
    /// What the database is asked by somebody who sends these.
    pub fn new(id: SecretId, access: &AccessProof, reveal: &RevealProof, claim: &Claim) -> Self {
        Self {
            access_hash: sha256(&[access.as_bytes()]),
            reveal_hash: sha256(&[reveal.as_bytes()]),
            claim_hash: claim_hash(&id, access, reveal, claim),
            claim_mask: claim_mask(&id, access, reveal, claim),
            id,
        }
    }
}

/// What came of an [`RevealAttempt`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RevealOutcome {
    /// The share is released: one view for this claim, however often it asks.
    Granted {
        /// The server's half of the key.
        share: ServerShare,
        /// Views that others still have.
        views_left: u8,
    },
    /// The passphrase is wrong; no view was used.
    WrongPassphrase {
        /// Tries until the secret is locked.
        tries_left: u32,
        /// Seconds for which it is locked from now on.
        wait: Option<u32>,
    },
    /// Too many wrong passphrases; nothing was tried.
    Locked {
        /// Seconds until it is open for tries again.
        wait: u32,
    },
    /// It was viewed, burned or has expired.
    Gone(SecretEnd),
    /// No such secret, or not with this proof.
    NotFound,
}

/// How much one batch of sweeping removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DeletedRows {
    /// Expired secrets.
    pub secrets: u64,
    /// Claims whose five minutes are over.
    pub claims: u64,
    /// Receipts a week past their secret's expiry.
    pub receipts: u64,
}

impl DeletedRows {
    /// Whether there was anything to remove.
    pub const fn is_empty(self) -> bool {
        self.secrets == 0 && self.claims == 0 && self.receipts == 0
    }
}

/// How much is stored.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StorageStats {
    /// Secrets that are stored, expired ones included that were not swept yet.
    pub secrets: u64,
    /// Bytes that secrets, receipts and claims take, more or less.
    pub bytes: u64,
    /// For how many seconds the oldest expired secret has been waiting for the sweeper.
    pub sweep_lag_seconds: u64,
}

/// What the database says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatabaseInfo {
    /// Name and version.
    pub version: String,
    /// Its clock.
    pub now: DateTime<Utc>,
    /// Whether a commit is on the disk before it is answered.
    pub durable: bool,
}

/// Why there is no answer. The cause is for the log; it holds no value of any row.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database did not answer, or not in time: nothing was released, and the same request may be repeated.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// There is no room left.
    #[error("the database is full")]
    Full,
}
