//! From a draft to the two links.

use chrono::{DateTime, Utc};
use shared_crypto::messages::{CreateResponse, ErrorBody};
use shared_crypto::{Bundle, Error, Payload, ReceiptLink, SealingKeys, SecretId, seal};

use super::draft::Draft;
use super::files;
use crate::browser::api::call_until_answered;
use crate::browser::json::Creation;
use crate::browser::{Failure, page, stretch};

/// A large secret over a slow line takes a while.
const PATIENCE_MS: u32 = 60_000;

/// What the sender gets.
pub(super) struct Sent {
    pub(super) link: String,
    pub(super) receipt: String,
    pub(super) views: u8,
    pub(super) expires_at: DateTime<Utc>,
    /// Empty where there is none.
    pub(super) passphrase: String,
}

/// Seals the draft here and hands the sealed part to the server. The same request is repeated until it
/// is answered: creating twice is creating once.
pub(super) async fn send(draft: Draft) -> Result<Sent, String> {
    let Draft { text, files, passphrase, token, ttl, views } = draft;
    let payload = payload(text, &files).await?;
    let fresh = SealingKeys::generate().map_err(in_words)?;
    let stretched = if passphrase.is_empty() {
        None
    } else {
        Some(stretch::stretch(&passphrase, &fresh.derive_salt()).await.map_err(|failure| match failure {
            stretch::Failure::Silence => "What protects passphrases could not be loaded. Your text is still here: check your connection and try again.".to_owned(),
            stretch::Failure::Refused(error) => in_words(error),
        })?)
    };
    let sealed = seal(&payload, fresh, stretched.as_ref()).map_err(in_words)?;
    let request = Creation(sealed.to_request(ttl, views), Some(&*token).filter(|token| !token.is_empty()));
    let answer: CreateResponse = call_until_answered("create", &request, PATIENCE_MS, || {})
        .await
        .map_err(|failure| refused(&failure))?;
    let id = SecretId::decode(&answer.id).map_err(in_words)?;
    let origin = page::origin();
    Ok(Sent {
        link: sealed.link(&origin, id).to_string(),
        receipt: ReceiptLink::new(&origin, sealed.receipt().clone()).to_string(),
        views,
        expires_at: answer.expires_at,
        passphrase,
    })
}

async fn payload(text: String, picked: &[files::Picked]) -> Result<Payload, String> {
    if picked.is_empty() {
        return Ok(Payload::text(text));
    }
    let mut read = Vec::with_capacity(picked.len());
    for file in picked {
        read.push(files::read(file).await?);
    }
    Bundle::new(text, read).map(Payload::Files).map_err(in_words)
}

fn in_words(error: Error) -> String {
    match error {
        Error::PassphraseLength => "The passphrase is too long: 1,024 bytes are the most.".to_owned(),
        Error::OutOfMemory => {
            "This device has not enough free memory to protect the passphrase. Close some tabs and try again."
                .to_owned()
        }
        _ => "Your browser could not encrypt this. Reload the page and try again.".to_owned(),
    }
}

fn refused(failure: &Failure) -> String {
    match failure {
        Failure::Silence => {
            "The server does not answer. Your text is still here: check your connection and try again."
        }
        Failure::Refused { refusal: ErrorBody::Unauthorized, .. } => {
            "Only people with a token can create links here, and this token is not one of theirs. Ask whoever runs this site."
        }
        Failure::Refused { refusal: ErrorBody::TooLarge, .. } => {
            "The server does not take secrets of this size."
        }
        Failure::Refused { refusal: ErrorBody::RateLimited, .. } => {
            "Too many secrets were sent from here. Wait a minute and try again."
        }
        Failure::Refused { refusal: ErrorBody::StorageFull, .. } => {
            "The server has no room for another secret right now. Try again later."
        }
        Failure::Refused { .. } => "The server did not accept this. Reload the page and try again.",
    }
    .to_owned()
}
