//! The rules of iKrypt, between the HTTP API and the database.
//!
//! | module | what it holds |
//! | --- | --- |
//! | `service` | [`SecretService`]: checks a request, calls the store, maps the outcome to a response or an error |
//! | `limits`, `quota` | [`SecretLimits`] and [`StorageQuota`]: what the operator allows for one secret, and in total |
//! | `store` | [`SecretStore`]: what a database must do, and the types of its requests and outcomes |
//! | `reveal` | [`decide`]: the one pure function that decides who gets a view |
//! | `reveal_batch` | [`RevealBatch`]: applies [`decide`] to several attempts that share one transaction |
//! | `error` | [`ServiceError`]: the error that a client receives |
//!
//! A request to reveal a secret takes this path: [`SecretService::reveal`] decodes it to a [`RevealAttempt`]; the store
//! reads a [`RevealSnapshot`]; [`decide`] returns the [`RevealOutcome`] and, if rows change, a [`RevealWrite`]; the
//! store writes it in the same transaction and commits; the service returns the outcome to the client.
//!
//! This crate has no SQL, HTTP, clock or user interface. Every function but those of [`SecretService`] is synchronous
//! and deterministic: the current time is an argument, and comes from the database.

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
    CLAIM_RETRY_WINDOW, GrantedClaim, RECEIPT_RETENTION, ReceiptStatus, RevealSnapshot, RevealWrite,
    StaleSnapshot, StoredSecret, decide,
};
pub use reveal_batch::{NewClaim, RevealBatch, SecretChange, SecretVersion};
pub use service::SecretService;
pub use store::{
    CreateOutcome, DatabaseInfo, DeletedRows, NewSecret, OpenOutcome, Receipt, RevealAttempt, RevealOutcome,
    SecretEnd, SecretStore, StorageStats, StoreError,
};
