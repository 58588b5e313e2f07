//! The trait that a database implements, with the types of its requests and outcomes. No SQL.

use std::fmt;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
/// The receipt that a sender sees, the same in the store and in the API.
pub use shared_crypto::messages::ReceiptResponse as Receipt;
use shared_crypto::messages::SecretState;
use shared_crypto::{
    AccessProof, Claim, ClaimMask, Digest, RevealProof, SecretId, ServerShare, claim_hash, claim_mask, sha256,
};

/// Stores secrets, receipts and claims. Two adapters implement it; the tests in `server/tests` run against both.
///
/// Every change is made in one transaction, which may be shared with concurrent calls, and is written only if the rows
/// that it was decided from have not changed. A call returns after the commit. If the commit fails, the result is
/// [`StoreError::Unavailable`], and whether the change was written is unknown; the same request may be repeated.
///
/// A call that was started runs to completion even if its future is dropped.
#[async_trait]
pub trait SecretStore: Send + Sync {
    /// Stores a secret and its receipt. Idempotent: the same request returns the same id again.
    async fn create(&self, secret: NewSecret) -> Result<CreateOutcome, StoreError>;

    /// Reads the envelope; `None` if no secret has this id and this access proof. Changes nothing.
    async fn open(&self, id: &SecretId, access_hash: &Digest) -> Result<Option<OpenOutcome>, StoreError>;

    /// Decides an attempt with [`decide`](crate::decide), and writes the change that follows.
    async fn reveal(&self, attempt: RevealAttempt) -> Result<RevealOutcome, StoreError>;

    /// Reads a receipt; `None` if none has this token.
    async fn receipt(&self, receipt_hash: &Digest) -> Result<Option<Receipt>, StoreError>;

    /// Deletes the secret if it is live, and returns the receipt as it is afterwards.
    async fn burn(&self, receipt_hash: &Digest) -> Result<Option<Receipt>, StoreError>;

    /// Deletes a limited number of expired rows; the caller repeats it until nothing is left.
    async fn delete_expired(&self) -> Result<DeletedRows, StoreError>;

    /// Counts the stored secrets and bytes.
    async fn stats(&self) -> Result<StorageStats, StoreError>;

    /// Deletes all claims and a limited number of secrets that were created before a moment, marks the receipts of these
    /// as burned, and returns the number of deleted secrets. For a restored backup, which contains secrets that were
    /// viewed after it was made.
    async fn purge(&self, created_before: DateTime<Utc>) -> Result<u64, StoreError>;

    /// Burns a secret by its id, for an operator who got a report of abuse; `None` if no receipt has this id.
    async fn burn_by_id(&self, id: &SecretId) -> Result<Option<Receipt>, StoreError>;

    /// Reads the version, the clock and the durability of the database.
    async fn database_info(&self) -> Result<DatabaseInfo, StoreError>;

    /// Checks that the database answers.
    async fn ping(&self) -> Result<(), StoreError>;

    /// Returns the numbers of busy and of idle connections to the database.
    fn connections(&self) -> (u32, u32);

    /// Waits for running calls and closes every connection.
    async fn close(&self);
}

/// A secret to store.
#[derive(Clone)]
pub struct NewSecret {
    /// The id that the server generated.
    pub id: SecretId,
    /// SHA-256 of the access proof, which loads the envelope.
    pub access_hash: Digest,
    /// SHA-256 of the reveal proof, which uses a view.
    pub reveal_hash: Digest,
    /// SHA-256 of the receipt token.
    pub receipt_hash: Digest,
    /// SHA-256 of the whole request, which tells a repeated request from another one.
    pub request_hash: Digest,
    /// The server's key share, which a view releases.
    pub share: ServerShare,
    /// The encrypted payload.
    pub envelope: Vec<u8>,
    /// Lifetime in seconds.
    pub ttl_seconds: u32,
    /// Number of views.
    pub max_views: u8,
    /// Whether the storage quota has room for it. Without room, only a request that was stored before succeeds.
    pub has_capacity: bool,
}

/// Leaves out the hashes, the share and the ciphertext.
impl fmt::Debug for NewSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewSecret")
            .field("ttl_seconds", &self.ttl_seconds)
            .field("max_views", &self.max_views)
            .finish_non_exhaustive()
    }
}

/// The outcome of [`SecretStore::create`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CreateOutcome {
    /// The secret was stored, now or by the same request before.
    Created {
        /// The id from the first time that it was stored.
        id: SecretId,
        /// The time of that.
        created_at: DateTime<Utc>,
        /// The moment of its expiry, which may have passed.
        expires_at: DateTime<Utc>,
    },
    /// One of the hashes belongs to another secret.
    Conflict,
    /// The secret is new, and the storage quota is used up.
    StorageFull,
}

/// The outcome of [`SecretStore::open`] for a client that has the link.
#[derive(Clone, PartialEq, Eq)]
pub enum OpenOutcome {
    /// The secret can be revealed.
    Live {
        /// The encrypted payload.
        envelope: Vec<u8>,
        /// Number of views that it was created with.
        max_views: u8,
        /// Number of views that are left.
        views_left: u8,
        /// Time of creation.
        created_at: DateTime<Utc>,
        /// Time of expiry.
        expires_at: DateTime<Utc>,
    },
    /// The secret was viewed, was burned or has expired.
    Gone(SecretEnd),
}

/// Leaves out the ciphertext.
impl fmt::Debug for OpenOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Live { views_left, expires_at, .. } => f
                .debug_struct("Live")
                .field("views_left", views_left)
                .field("expires_at", expires_at)
                .finish_non_exhaustive(),
            Self::Gone(end) => f.debug_tuple("Gone").field(end).finish(),
        }
    }
}

/// How and when a secret ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SecretEnd {
    /// The state, which is never [`SecretState::Live`].
    pub state: SecretState,
    /// The time of the last view, of the burning or of the expiry.
    pub ended_at: DateTime<Utc>,
}

/// A request for a view.
#[derive(Clone)]
pub struct RevealAttempt {
    /// The id of the secret.
    pub id: SecretId,
    /// SHA-256 of the access proof, which loads the envelope.
    pub access_hash: Digest,
    /// SHA-256 of the reveal proof, which uses a view.
    pub reveal_hash: Digest,
    /// Names the claim: an attempt with the same hash repeats it; see [`shared_crypto::claim_hash`].
    pub claim_hash: Digest,
    /// Masks the stored copy of the released share, so that only this claim can read it; see
    /// [`shared_crypto::claim_mask`].
    pub claim_mask: ClaimMask,
}

/// Leaves out everything.
impl fmt::Debug for RevealAttempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RevealAttempt").finish_non_exhaustive()
    }
}

/// Lets [`RevealBatch`](crate::RevealBatch) take attempts by value as well as shared ones.
impl AsRef<Self> for RevealAttempt {
    fn as_ref(&self) -> &Self {
        self
    }
}

impl RevealAttempt {
    /// Derives the hashes from the proofs and the claim that a client sends.
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

/// The outcome of a [`RevealAttempt`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RevealOutcome {
    /// The key share is released. A claim uses one view, however often it is repeated.
    Granted {
        /// The server's key share.
        share: ServerShare,
        /// Views that are left.
        views_left: u8,
    },
    /// The passphrase is wrong. No view was used.
    WrongPassphrase {
        /// Wrong passphrases until the secret is locked.
        tries_left: u32,
        /// Seconds for which this attempt has locked the secret.
        wait: Option<u32>,
    },
    /// The secret is locked after too many wrong passphrases. The passphrase was not checked.
    Locked {
        /// Seconds until the lock ends.
        wait: u32,
    },
    /// The secret was viewed, was burned or has expired.
    Gone(SecretEnd),
    /// No secret has this id and this access proof.
    NotFound,
}

/// The numbers of rows that [`SecretStore::delete_expired`] has deleted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DeletedRows {
    /// Expired secrets.
    pub secrets: u64,
    /// Claims after their [`CLAIM_RETRY_WINDOW`](crate::CLAIM_RETRY_WINDOW).
    pub claims: u64,
    /// Receipts after their [`RECEIPT_RETENTION`](crate::RECEIPT_RETENTION).
    pub receipts: u64,
}

impl DeletedRows {
    /// Returns whether no row was deleted.
    pub const fn is_empty(self) -> bool {
        self.secrets == 0 && self.claims == 0 && self.receipts == 0
    }
}

/// The amount of stored data.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StorageStats {
    /// Stored secrets, including expired ones that are not deleted yet.
    pub secrets: u64,
    /// Approximate bytes of secrets, receipts and claims.
    pub bytes: u64,
    /// Seconds since the expiry of the oldest secret that is not deleted yet.
    pub sweep_lag_seconds: u64,
}

/// Properties of the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatabaseInfo {
    /// Name and version of the database system.
    pub version: String,
    /// The database's clock.
    pub now: DateTime<Utc>,
    /// Whether a commit is on the disk before it is confirmed.
    pub durable: bool,
}

/// The reason for which a call failed. The text is for the log, and contains no value of a row.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database did not answer, or not in time. Nothing was released, and the same request may be repeated.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// The disk of the database is full.
    #[error("the database is full")]
    Full,
}
