//! The states in which there is nothing to reveal, each with what to do next.

use chrono::{DateTime, Utc};
use shared_crypto::messages::SecretState;

use crate::browser::{dom, time};

/// Why there is nothing to reveal.
#[derive(Clone, Copy)]
pub(super) enum Ended {
    /// There is no `#k=` in the address.
    MissingKey,
    /// The link lost or changed a character.
    Damaged,
    /// Made by a newer version.
    Unsupported,
    /// The link was right, once.
    Gone { state: SecretState, ended_at: DateTime<Utc> },
    /// The server knows nothing under this link.
    Unavailable,
    /// What the server has is not what was sent.
    Tampered { spent: bool },
    /// Nothing came back.
    NoAnswer,
    /// Asked too often.
    Busy,
    /// The server does not take the question.
    Refused,
}

impl Ended {
    const fn title(self) -> &'static str {
        match self {
            Self::MissingKey => "The part after # is missing",
            Self::Damaged => "This link is damaged",
            Self::Unsupported => "This link needs a newer version",
            Self::Gone { state: SecretState::Burned, .. } => "The sender burned this secret",
            Self::Gone { state: SecretState::Expired, .. } => "This secret has expired",
            Self::Gone { .. } => "This secret was opened already",
            Self::Unavailable => "There is no secret here",
            Self::Tampered { .. } => "This secret cannot be opened",
            Self::NoAnswer => "The server does not answer",
            Self::Busy => "Too many requests from here",
            Self::Refused => "The server did not accept this",
        }
    }

    /// What happened, and what to do.
    fn text(self) -> String {
        match self {
            Self::MissingKey => "The end of the link is what opens the secret, and it got lost on the way: some programs cut it off. Nothing was opened, and nothing was asked of the server. Ask the sender to send you the whole link again, or copy it whole from the message. If you have just opened the secret and then reloaded this page, it is gone from here.".to_owned(),
            Self::Damaged => "At least one character of it was lost or changed on the way. Nothing was opened, and nothing was asked of the server. Copy the whole link from the message once more, or ask the sender for it again.".to_owned(),
            Self::Unsupported => "It was made by a newer version of this software. Nothing was opened. Reload this page, and if that does not help, ask the sender which server made the link.".to_owned(),
            Self::Gone { state, ended_at } => {
                let when = time::moment(ended_at);
                match state {
                    SecretState::Burned => format!("It was burned by its sender {when}, before it was opened to the last view. Ask the sender for a new link."),
                    SecretState::Expired => format!("Its time ran out {when}, and it was deleted. Ask the sender for a new link."),
                    SecretState::Viewed | SecretState::Live => format!("It was opened {when}, and then deleted. If that was not you, tell the sender: somebody else may have read it."),
                }
            }
            Self::Unavailable => "It may never have existed, or it ended more than a week ago. Check that you have the whole link, from the right message, and ask the sender for a new one otherwise.".to_owned(),
            Self::Tampered { spent: false } => "What the server has does not belong to this link. No view was used. Tell the sender.".to_owned(),
            Self::Tampered { spent: true } => "What the server has is not what the sender sent: it was changed, or damaged. A view was used. Tell the sender.".to_owned(),
            Self::NoAnswer => "You are offline, or the server is away for a moment. Nothing was opened, and no view was used.".to_owned(),
            Self::Busy => "Nothing was opened, and no view was used. Wait a minute and try again.".to_owned(),
            Self::Refused => "Nothing was opened. Open the link again from the message; if that does not help, tell the sender.".to_owned(),
        }
    }

    const fn can_try_again(self) -> bool {
        matches!(self, Self::NoAnswer | Self::Busy)
    }
}

pub(super) fn show(ended: Ended) {
    dom::say("ended-title", ended.title());
    dom::say("ended-text", &ended.text());
    dom::show("look-again", ended.can_try_again());
}
