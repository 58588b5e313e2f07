//! Argon2id, in the one profile that kdf `01` names.

use std::fmt;

use argon2::{Algorithm, Argon2, Params, Version};
use icu_normalizer::ComposingNormalizerBorrowed;
use zeroize::Zeroizing;

use crate::{Error, PassphraseKey, Salt};

/// 64 MiB and three passes, on one lane: the second recommended option of RFC 9106 with the lanes a browser has.
const PROFILE: Params = match Params::new(65_536, 3, 1, Some(PassphraseKey::LEN)) {
    Ok(params) => params,
    Err(_) => panic!("the profile is within the limits of Argon2"),
};

/// A passphrase as RFC 8265 prepares it (OpaqueString): spaces made U+0020, then NFC. Never trimmed.
#[derive(Clone)]
pub struct Passphrase(Zeroizing<String>);

impl Passphrase {
    /// Longest passphrase, in bytes after preparation.
    pub const MAX_LEN: usize = 1024;

    /// Prepares `text`; it must have 1 to [`Self::MAX_LEN`] bytes afterwards.
    pub fn new(text: &str) -> Result<Self, Error> {
        // NFC makes UTF-8 three times as long at most; a buffer that never moves leaves no copy behind.
        let mut prepared = Zeroizing::new(String::with_capacity(text.len().saturating_mul(3)));
        let spaced = text.chars().map(|c| if is_space_separator(c) { ' ' } else { c });
        prepared.extend(ComposingNormalizerBorrowed::new_nfc().normalize_iter(spaced));
        if (1..=Self::MAX_LEN).contains(&prepared.len()) {
            Ok(Self(prepared))
        } else {
            Err(Error::PassphraseLength)
        }
    }

    /// Runs Argon2id: 64 MiB of memory, and about a quarter of a second.
    pub fn derive_key(&self, salt: &Salt) -> Result<PassphraseKey, Error> {
        let mut out = Zeroizing::new([0; PassphraseKey::LEN]);
        Argon2::new(Algorithm::Argon2id, Version::V0x13, PROFILE)
            .hash_password_into(self.0.as_bytes(), salt.as_bytes(), &mut *out)
            .map_err(|_| Error::OutOfMemory)?;
        Ok(PassphraseKey::from_bytes(*out))
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(<redacted>)")
    }
}

/// Unicode's general category Zs, which has had these members since Unicode 6.3.
const fn is_space_separator(c: char) -> bool {
    matches!(c, ' ' | '\u{A0}' | '\u{1680}' | '\u{2000}'..='\u{200A}' | '\u{202F}' | '\u{205F}' | '\u{3000}')
}
