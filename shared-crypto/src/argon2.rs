//! Derives keys from passphrases with Argon2id, in the parameters that kdf `01` stands for.

use std::fmt;

use argon2::{Algorithm, Argon2, Params, Version};
use icu_normalizer::ComposingNormalizerBorrowed;
use zeroize::Zeroizing;

use crate::{Error, PassphraseKey, Salt};

/// 64 MiB, three passes, one lane: the second recommended option of RFC 9106, with one lane because a browser has no
/// threads for more.
const PROFILE: Params = match Params::new(65_536, 3, 1, Some(PassphraseKey::LEN)) {
    Ok(params) => params,
    Err(_) => panic!("the parameters are within the limits of Argon2"),
};

/// Holds a passphrase, prepared by the OpaqueString profile of RFC 8265: all spaces become U+0020, then NFC. It is
/// never trimmed.
#[derive(Clone)]
pub struct Passphrase(Zeroizing<String>);

impl Passphrase {
    /// The maximum length, in bytes after preparation.
    pub const MAX_LEN: usize = 1024;

    /// Prepares `text`, which must then have 1 to [`Self::MAX_LEN`] bytes.
    pub fn new(text: &str) -> Result<Self, Error> {
        // NFC makes UTF-8 at most three times as long. A buffer of that size never moves, so no copy stays in memory.
        let mut prepared = Zeroizing::new(String::with_capacity(text.len().saturating_mul(3)));
        let with_plain_spaces = text.chars().map(|c| if is_space_separator(c) { ' ' } else { c });
        prepared.extend(ComposingNormalizerBorrowed::new_nfc().normalize_iter(with_plain_spaces));
        if (1..=Self::MAX_LEN).contains(&prepared.len()) {
            Ok(Self(prepared))
        } else {
            Err(Error::PassphraseLength)
        }
    }

    /// Runs Argon2id, which takes 64 MiB of memory and about a quarter of a second.
    pub fn derive_key(&self, salt: &Salt) -> Result<PassphraseKey, Error> {
        let mut key = Zeroizing::new([0; PassphraseKey::LEN]);
        Argon2::new(Algorithm::Argon2id, Version::V0x13, PROFILE)
            .hash_password_into(self.0.as_bytes(), salt.as_bytes(), &mut *key)
            .map_err(|_| Error::OutOfMemory)?;
        Ok(PassphraseKey::from_bytes(*key))
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(<redacted>)")
    }
}

/// Reports whether the general category is Zs, whose members have been the same since Unicode 6.3.
const fn is_space_separator(c: char) -> bool {
    matches!(c, ' ' | '\u{A0}' | '\u{1680}' | '\u{2000}'..='\u{200A}' | '\u{202F}' | '\u{205F}' | '\u{3000}')
}
