//! How often a client may present a wrong creation token.

use std::collections::HashSet;
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};

use governor::Quota;

use super::PerClient;
use crate::client::Client;
use crate::config::TokenId;

/// Limits guesses of one client without locking out the token holders of the same address: a token that was valid
/// from this client before is always accepted.
#[derive(Debug)]
pub(super) struct TokenGuesses {
    guesses: PerClient<Client>,
    known: Mutex<HashSet<(TokenId, Client)>>,
}

impl TokenGuesses {
    /// Most pairs of token and client that are remembered; then all are forgotten.
    const MOST_KNOWN: usize = 10_000;

    pub(super) fn per_minute(guesses: NonZeroU32) -> Self {
        Self { guesses: PerClient::new(Quota::per_minute(guesses)), known: Mutex::default() }
    }

    /// Counts a token that the client presented: `None` for a wrong one. `Err` holds the seconds to wait, and says
    /// nothing about the token.
    pub(super) fn check(&self, token: Option<TokenId>, client: Client) -> Result<(), u32> {
        let pair = token.map(|token| (token, client));
        if pair.is_some_and(|pair| self.known().contains(&pair)) {
            return Ok(());
        }
        self.guesses.check(&client)?;
        if let Some(pair) = pair {
            let mut known = self.known();
            if known.len() >= Self::MOST_KNOWN {
                known.clear();
            }
            known.insert(pair);
        }
        Ok(())
    }

    pub(super) fn forget_idle(&self) {
        self.guesses.forget_idle();
    }

    fn known(&self) -> std::sync::MutexGuard<'_, HashSet<(TokenId, Client)>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderMap;

    use super::*;

    fn client(last: u8) -> Client {
        Client::of(([192, 0, 2, last], 9).into(), &HeaderMap::new(), &[])
    }

    #[test]
    fn guessing_client_is_told_nothing_and_known_holder_is_still_served() {
        let guesses = TokenGuesses::per_minute(NonZeroU32::new(3).unwrap());
        let (first, second) = (TokenId(0), TokenId(1));
        assert_eq!(guesses.check(Some(first), client(1)), Ok(()));
        assert_eq!(guesses.check(None, client(1)), Ok(()));
        assert_eq!(guesses.check(None, client(1)), Ok(()));
        // A right guess looks like a wrong one now.
        assert_eq!(guesses.check(None, client(1)), guesses.check(Some(second), client(1)));
        assert!(guesses.check(Some(second), client(1)).is_err());
        assert_eq!(guesses.check(Some(first), client(1)), Ok(()));
        assert_eq!(guesses.check(Some(second), client(2)), Ok(()));
    }
}
