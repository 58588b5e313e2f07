//! Tokens of those who may create, where not everybody may.

use std::fmt;
use std::sync::Arc;

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use shared_crypto::{Digest, sha256};

/// Shorter ones can be guessed.
const SHORTEST: usize = 16;

/// Their hashes: what is compared takes the same time whichever character is wrong.
#[derive(Clone)]
pub struct CreationTokens(Arc<[Digest]>);

impl CreationTokens {
    /// Reads the file of tokens.
    pub(super) fn read(path: &str) -> Result<Self, String> {
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

    /// Whether `Authorization: Bearer` shows one of them.
    pub(crate) fn admit(&self, headers: &HeaderMap) -> bool {
        let shown = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = shown
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        token.is_some_and(|(_, token)| self.0.contains(&sha256(&[token.trim().as_bytes()])))
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
            tokens.admit(&headers)
        };
        assert!(shows("Bearer 0123456789abcdef") && shows("bearer another-token-of-16"));
        for value in [
            "Bearer 0123456789abcde",
            "0123456789abcdef",
            "Basic 0123456789abcdef",
            "Bearer ",
            "Bearer # people",
        ] {
            assert!(!shows(value), "{value}");
        }
        assert!(!tokens.admit(&HeaderMap::new()));
        for text in ["", "# nobody", "too-short", "with a space in the middle"] {
            assert!(CreationTokens::parse(text).is_err(), "{text:?}");
        }
        assert_eq!(format!("{tokens:?}"), "CreationTokens(2 redacted)");
    }
}
