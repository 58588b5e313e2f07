//! What is said about a try to reveal, and what can be pressed meanwhile.

use super::Reader;
use crate::browser::dom;
use shared_crypto::format;

/// Where a try stands.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Attempt {
    #[default]
    Waiting,
    Working(&'static str),
    WrongPassphrase {
        tries_left: u32,
    },
    Locked {
        seconds: u32,
    },
    NoAnswer,
    /// Asked too often: whether an earlier try was granted is not known.
    Crowded,
    Problem(&'static str),
}

impl Attempt {
    /// Whether another click would change nothing.
    pub(super) const fn is_busy(self) -> bool {
        matches!(self, Self::Working(_) | Self::Locked { .. })
    }

    /// What is said at once.
    fn alert(self) -> String {
        match self {
            Self::Waiting | Self::Working(_) => String::new(),
            Self::WrongPassphrase { tries_left } => {
                let left = if tries_left == 1 { "1 try".to_owned() } else { format!("{tries_left} tries") };
                format!("This passphrase is wrong. No view was used. {left} left before a short wait.")
            }
            Self::Locked { .. } => "Too many wrong passphrases. No view was used.".to_owned(),
            Self::NoAnswer => "The server does not answer. Your view is not lost: keep this page open and try again within five minutes, which does not use a second one.".to_owned(),
            Self::Crowded => "Too many requests from here. Your view is not lost: keep this page open, wait a minute and try again.".to_owned(),
            Self::Problem(what) => what.to_owned(),
        }
    }
}

impl Reader {
    /// Shows where the try stands.
    pub(super) fn attempt(&self, attempt: Attempt) {
        let same = self.attempt.replace(attempt).alert() == attempt.alert();
        // The seconds of a lock are shown, and not read out again each second.
        if !same || !matches!(attempt, Attempt::Locked { .. }) {
            dom::announce("attempt-alert", &attempt.alert());
        }
        let working = matches!(attempt, Attempt::Working(_));
        dom::say("attempt-status", if let Attempt::Working(what) = attempt { what } else { "" });
        dom::show("progress", working);
        let wait = match attempt {
            Attempt::Locked { seconds } => {
                format!("You can try again in {}.", format::duration(seconds.into()))
            }
            _ => String::new(),
        };
        dom::announce("attempt-wait", &wait);
        let pending = matches!(attempt, Attempt::NoAnswer | Attempt::Crowded);
        let wrong = matches!(attempt, Attempt::WrongPassphrase { .. });
        dom::attribute("passphrase", "aria-invalid", wrong.then_some("true"));
        dom::disable("passphrase", attempt.is_busy() || pending);
        dom::disable("reveal", attempt.is_busy());
        dom::say("reveal", if pending { "Try again" } else { "Reveal secret" });
    }
}
