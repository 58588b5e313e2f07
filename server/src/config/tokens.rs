//! Creation tokens: if the operator configures some, only clients that present one may create secrets.

use std::fmt;
use std::sync::Arc;

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use shared_crypto::{Digest, sha256};

/// The scheme of `Authorization`, with the space after it.
const BEARER: &[u8] = b"bearer ";
/// Minimum length of a token, so that it cannot be guessed.
const MIN_TOKEN_LENGTH: usize = 16;

/// The number of a creation token in its file. The server keeps only hashes of tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct TokenId(pub(crate) usize);

/// The token that a request presents in `Authorization`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PresentedToken {
    /// No token: the header is missing, or has another scheme.
    Missing,
    /// A token that is not in the file.
    Invalid,
    /// A token of the file.
    Valid(TokenId),
}

/// The SHA-256 hashes of the tokens. Comparing hashes reveals nothing about a token by its duration.
#[derive(Clone)]
pub struct CreationTokens(Arc<[Digest]>);

impl CreationTokens {
    /// Reads a file with one token a line.
    pub fn read(path: &str) -> Result<Self, String> {
        Self::parse(&std::fs::read_to_string(path).map_err(|error| error.to_string())?)
    }

    fn parse(text: &str) -> Result<Self, String> {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let tokens = lines.map(|token| {
            let is_visible = token.bytes().all(|byte| byte.is_ascii_graphic());
            if is_visible && token.len() >= MIN_TOKEN_LENGTH {
                Ok(sha256(&[token.as_bytes()]))
            } else {
                Err(format!("a token has at least {MIN_TOKEN_LENGTH} visible ASCII characters and no space"))
            }
        });
        let tokens = tokens.collect::<Result<Vec<_>, _>>()?;
        if tokens.is_empty() { Err("the file contains no token".to_owned()) } else { Ok(Self(tokens.into())) }
    }

    /// Looks up the token of `Authorization: Bearer`.
    pub(crate) fn find(&self, headers: &HeaderMap) -> PresentedToken {
        let Some(value) = headers.get(AUTHORIZATION) else { return PresentedToken::Missing };
        let (scheme, token) = value.as_bytes().split_at(value.len().min(BEARER.len()));
        if !scheme.eq_ignore_ascii_case(BEARER) {
            return PresentedToken::Missing;
        }
        let hash = sha256(&[token.trim_ascii()]);
        self.0
            .iter()
            .position(|known| *known == hash)
            .map_or(PresentedToken::Invalid, |number| PresentedToken::Valid(TokenId(number)))
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
    fn token_is_found_by_its_hash_and_an_invalid_file_is_refused() {
        let tokens =
            CreationTokens::parse("# people\n\n  0123456789abcdef  \r\nanother-token-of-16\n").unwrap();
        let present = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(AUTHORIZATION, value.parse().unwrap());
            tokens.find(&headers)
        };
        assert_eq!(present("Bearer 0123456789abcdef"), PresentedToken::Valid(TokenId(0)));
        assert_eq!(present("bearer  another-token-of-16"), PresentedToken::Valid(TokenId(1)));
        for value in ["Bearer 0123456789abcde", "Bearer ", "BEARER # people"] {
            assert_eq!(present(value), PresentedToken::Invalid, "{value}");
        }
        for value in ["0123456789abcdef", "Basic 0123456789abcdef", "Bearer", ""] {
            assert_eq!(present(value), PresentedToken::Missing, "{value}");
        }
        assert_eq!(tokens.find(&HeaderMap::new()), PresentedToken::Missing);
        for text in ["", "# no token", "too-short", "with a space in the middle"] {
            assert!(CreationTokens::parse(text).is_err(), "{text:?}");
        }
        assert_eq!(format!("{tokens:?}"), "CreationTokens(2 redacted)");
    }
}
