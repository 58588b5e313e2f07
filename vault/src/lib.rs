//! The rules of iKrypt, between the HTTP API and a database.
//!
//! [`SecretService`] checks requests and maps what the store reports to responses. [`SecretStore`] is what a database
//! must do. [`decide`] is the one function that says who gets a view; a store calls it through a [`RevealBatch`].
//!
//! Nothing here knows SQL, HTTP, a clock or a user interface.

mod error;
mod limits;
mod quota;
mod reveal;
mod reveal_batch;
mod service;
mod store;

pub use error::ServiceError;
pub use limits::{MIN_TTL, SecretLimits};
pub use quota::{RECEIPT_BYTES, StorageQuota};
pub use reveal::{
    CLAIM_TTL, GrantedClaim, RECEIPT_TTL, ReceiptStatus, RevealSnapshot, RevealWrite, StaleSnapshot,
    StoredSecret, decide,
};
pub use reveal_batch::{NewClaim, RevealBatch, SecretChange, SecretVersion};
pub use service::SecretService;
pub use store::{
    CreateOutcome, DatabaseInfo, DeletedRows, NewSecret, OpenOutcome, Receipt, RevealAttempt, RevealOutcome,
    SecretEnd, SecretStore, StorageStats, StoreError,
};
