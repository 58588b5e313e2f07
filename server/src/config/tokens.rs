//! Tokens of those who may create, where not everybody may.

use std::fmt;
use std::sync::Arc;

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use shared_crypto::{Digest, sha256};

/// The scheme of `Authorization`, with the space behind it.
const SCHEME: &[u8] = b"bearer ";
/// Shorter ones can be guessed.
const SHORTEST: usize = 16;

/// A creation token's number in its file. The token itself is kept nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct TokenId(pub(crate) usize);

/// What a request presents in `Authorization`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Presented {
    /// No token: no header, or one of another scheme.
    Nothing,
    /// A token that is not in the file.
    Wrong,
    /// One of the tokens.
    Token(TokenId),
}

/// Their hashes: what is compared takes the same time whichever character is wrong.
#[derive(Clone)]
pub struct CreationTokens(Arc<[Digest]>);

impl CreationTokens {
    /// Reads the file of tokens.
    pub fn read(path: &str) -> Result<Self, String> {
        Self::parse(&std::fs::read_to_string(path).map_err(|error| error.to_string())?)
    }

    fn parse(text: &str) -> Result<Self, String> {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let tokens = lines.map(|token| {
            let visible = token.bytes().all(|byte| byte.is_ascii_graphic());
            if visible && token.len() >= SHORTEST {
                Ok(sha256(&[token.as_bytes()]))
            } else {
                Err(format!("a token has at least {SHORTEST} letters, digits and marks, and no space"))
            }
        });
        let tokens = tokens.collect::<Result<Vec<_>, _>>()?;
        if tokens.is_empty() { Err("there is no token in it".to_owned()) } else { Ok(Self(tokens.into())) }
    }

    /// Looks up the token that `Authorization: Bearer` presents.
    pub(crate) fn find(&self, headers: &HeaderMap) -> Presented {
        let Some(value) = headers.get(AUTHORIZATION) else { return Presented::Nothing };
        let (scheme, token) = value.as_bytes().split_at(value.len().min(SCHEME.len()));
        if !scheme.eq_ignore_ascii_case(SCHEME) {
            return Presented::Nothing;
        }
        let hash = sha256(&[token.trim_ascii()]);
        self.0
            .iter()
            .position(|known| *known == hash)
            .map_or(Presented::Wrong, |n| Presented::Token(TokenId(n)))
    }
}

impl fmt::Debug for CreationTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CreationTokens({} redacted)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_tokens_is_read_and_what_is_none_is_refused() {
        let tokens =
            CreationTokens::parse("# people\n\n  0123456789abcdef  \r\nanother-token-of-16\n").unwrap();
        let shows = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(AUTHORIZATION, value.parse().unwrap());
            tokens.find(&headers)
        };
        assert_eq!(shows("Bearer 0123456789abcdef"), Presented::Token(TokenId(0)));
        assert_eq!(shows("bearer  another-token-of-16"), Presented::Token(TokenId(1)));
        for value in ["Bearer 0123456789abcde", "Bearer ", "BEARER # people"] {
            assert_eq!(shows(value), Presented::Wrong, "{value}");
        }
        for value in ["0123456789abcdef", "Basic 0123456789abcdef", "Bearer", ""] {
            assert_eq!(shows(value), Presented::Nothing, "{value}");
        }
        assert_eq!(tokens.find(&HeaderMap::new()), Presented::Nothing);
        for text in ["", "# nobody", "too-short", "with a space in the middle"] {
            assert!(CreationTokens::parse(text).is_err(), "{text:?}");
        }
        assert_eq!(format!("{tokens:?}"), "CreationTokens(2 redacted)");
    }
}
