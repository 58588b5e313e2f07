//! From a draft to the two links.

use std::time::Duration;

use chrono::{DateTime, Utc};
use shared_crypto::wire::{CreateAnswer, Refusal};
use shared_crypto::{Error, Fresh, Passphrase, Payload, ReceiptLink, SecretId, seal};

use super::SendLimits;
use crate::browser::api::{call_until_answered, sleep};
use crate::browser::{Failure, page};
use crate::phrase;

/// A large secret over a slow line takes a while.
const PATIENCE_MS: u32 = 60_000;

/// What the form holds.
pub(super) struct Draft {
    pub(super) text: String,
    /// Empty where there is none.
    pub(super) passphrase: String,
    pub(super) ttl: u32,
    pub(super) views: u8,
}

/// What the sender gets.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Sent {
    pub(super) link: String,
    pub(super) receipt: String,
    pub(super) views: u8,
    pub(super) expires_at: DateTime<Utc>,
    pub(super) has_passphrase: bool,
}

impl Draft {
    /// What is wrong with it, in words.
    pub(super) fn check(&self, limits: SendLimits) -> Result<(), String> {
        let max = u64::from(limits.max_bytes);
        let len = u64::try_from(self.text.len()).unwrap_or(u64::MAX);
        if len == 0 {
            return Err("There is nothing to send yet.".to_owned());
        }
        if len > max {
            return Err(format!(
                "This is {}, and {} is the most that fits.",
                phrase::size(len),
                phrase::size(max)
            ));
        }
        Ok(())
    }
}

/// A text area turns every line end into a bare line feed. What was pasted whole keeps its own.
pub(super) fn with_line_ends(text: String, pasted: String) -> String {
    if pasted.contains('\r') && pasted.replace("\r\n", "\n").replace('\r', "\n") == text {
        pasted
    } else {
        text
    }
}

/// Seals the draft here and hands the sealed part to the server. The same request is repeated until it
/// is answered: creating twice is creating once.
pub(super) async fn send(draft: Draft) -> Result<Sent, String> {
    let has_passphrase = !draft.passphrase.is_empty();
    if has_passphrase {
        // Stretching keeps the page busy: what it is doing should be on the screen first.
        sleep(Duration::from_millis(50)).await;
    }
    let fresh = Fresh::generate().map_err(in_words)?;
    let stretched = if has_passphrase {
        Some(
            Passphrase::new(&draft.passphrase)
                .and_then(|p| p.stretch(&fresh.derive_salt()))
                .map_err(in_words)?,
        )
    } else {
        None
    };
    let (ttl, views) = (draft.ttl, draft.views);
    let sealed = seal(&Payload::text(draft.text), fresh, stretched.as_ref()).map_err(in_words)?;
    let request = sealed.to_request(ttl, views);
    let answer: CreateAnswer = call_until_answered("create", &request, PATIENCE_MS, || {})
        .await
        .map_err(|failure| refused(&failure))?;
    let id = SecretId::decode(&answer.id).map_err(in_words)?;
    let origin = page::origin();
    Ok(Sent {
        link: sealed.link(&origin, id).to_string(),
        receipt: ReceiptLink::new(&origin, sealed.receipt().clone()).to_string(),
        views,
        expires_at: answer.expires_at,
        has_passphrase,
    })
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
        Failure::Refused { refusal: Refusal::TooLarge, .. } => {
            "The server does not take secrets of this size."
        }
        Failure::Refused { refusal: Refusal::RateLimited, .. } => {
            "Too many secrets were sent from here. Wait a minute and try again."
        }
        Failure::Refused { refusal: Refusal::StorageFull, .. } => {
            "The server has no room for another secret right now. Try again later."
        }
        Failure::Refused { .. } => "The server did not accept this. Reload the page and try again.",
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::with_line_ends;

    #[test]
    fn what_was_pasted_whole_keeps_its_line_ends() {
        let kept = |text: &str, pasted: &str| with_line_ends(text.to_owned(), pasted.to_owned());
        assert_eq!(kept("a\nb\n", "a\r\nb\r"), "a\r\nb\r");
        assert_eq!(kept("a\nb\nc", "a\r\nb\r\n"), "a\nb\nc");
        assert_eq!(kept("a\nb", ""), "a\nb");
    }
}
