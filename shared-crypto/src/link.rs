//! Writes and parses share links and receipt links. Parsing undoes what programs on the way did to a link.

mod encodings;
mod recover;
mod repair;
mod shape;

use std::fmt;

use zeroize::Zeroizing;

use crate::key_schedule::CHECK_LEN;
use crate::keys::{AccessProof, LinkKey, PassphraseKey, ReceiptToken, Salt, SecretId};
use crate::{Envelope, Error, Kdf, RevealKeys, base64url};

use recover::{OriginMatch, SourceText};
pub use shape::LinkShape;

/// The version of the link format, in the upper four bits of the link byte. The lower four are the kdf.
const LINK_VERSION: u8 = 0x10;
/// Length of `L ‖ K ‖ check`, in bytes and in characters.
const FRAGMENT_LEN: usize = 1 + LinkKey::LEN + CHECK_LEN;
const FRAGMENT_CHARS: usize = FRAGMENT_LEN / 3 * 4;
/// Length of a receipt token, in characters.
const TOKEN_CHARS: usize = 43;

/// The link that opens a secret. It contains the link key, so that its holder needs nothing else, but perhaps a passphrase.
#[derive(Clone)]
pub struct SecretLink {
    origin: String,
    id: SecretId,
    key: LinkKey,
    kdf: Kdf,
    is_exposed: bool,
}

impl SecretLink {
    pub(crate) fn new(origin: &str, id: SecretId, key: LinkKey, kdf: Kdf) -> Self {
        Self { origin: origin.trim_end_matches('/').to_owned(), id, key, kdf, is_exposed: false }
    }

    /// Parses a link, and undoes what chat programs and mail do to it. The link's checksum detects damage that cannot be
    /// repaired before any request is sent.
    ///
    /// The steps: normalise the text, split it at `#k=`, read the id behind the last `/s/` before it, complete the key
    /// characters if one or two are missing, and take the first candidate whose checksum matches.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let normalized = repair::normalize(text, "#k=");
        let (before, characters) = normalized.split("#k=")?;
        let (origin, id) = before.rsplit_once("/s/").ok_or(Error::DamagedLink)?;
        let id = SecretId::decode(repair::leading_base64url(id)).map_err(|_| Error::DamagedLink)?;
        // The source of a mail in quoted-printable has `=3D` in place of `=`.
        let quoted_printable = characters.strip_prefix("3D");
        let (kdf, key) = std::iter::once(characters)
            .chain(quoted_printable)
            .flat_map(|characters| repair::candidates(characters, FRAGMENT_CHARS))
            .find_map(|candidate| read_fragment(&candidate, &id))
            .ok_or(Error::DamagedLink)?;
        Ok(Self {
            origin: repair::trailing_origin(origin).to_owned(),
            id,
            key,
            kdf: kdf?,
            is_exposed: normalized.has_encoded_hash(),
        })
    }

    /// Parses a link that mail gateways and editors may also have wrapped, encoded, escaped or quoted. The README of this
    /// crate lists what is undone.
    ///
    /// The steps: try the text itself, then each interpretation of it, and return the first link whose checksum matches
    /// and whose origin the text contains in one piece.
    ///
    /// # Errors
    ///
    /// Those of [`Self::parse`], and [`Error::UnclearServer`] if the checksum matches and the text does not name the
    /// server clearly.
    pub fn recover(text: &str) -> Result<Self, Error> {
        let literal = Self::parse(text);
        let source = SourceText::new(text);
        let mut last_error = Error::MissingFragment;
        // The caller may know the server of a link whose text names none.
        let mut without_server = None;
        let interpretations = recover::interpretations(text)
            .into_iter()
            .map(|interpretation| (Self::parse(&interpretation.text), interpretation.is_exposed));
        for (parsed, is_exposed) in std::iter::once((literal, false)).chain(interpretations) {
            match parsed {
                Ok(link) => match source.match_origin(&link.origin, "/s/") {
                    OriginMatch::Exact => {
                        return Ok(Self { is_exposed: link.is_exposed || is_exposed, ..link });
                    }
                    OriginMatch::WithoutScheme => without_server = without_server.or(Some(link)),
                    OriginMatch::Ambiguous => last_error = Error::UnclearServer,
                },
                Err(Error::MissingFragment) => {}
                // The checksum matched, so this is a link of another version.
                Err(Error::Unsupported) if without_server.is_none() => return Err(Error::Unsupported),
                Err(_) if last_error == Error::UnclearServer => {}
                Err(error) => last_error = error,
            }
        }
        without_server.ok_or(last_error)
    }

    /// Returns the scheme, host and port, as far as the text contained them.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Returns the id of the secret.
    pub const fn id(&self) -> &SecretId {
        &self.id
    }

    /// Returns the key derivation function for the passphrase.
    pub const fn kdf(&self) -> Kdf {
        self.kdf
    }

    /// Reports whether a program on the way encoded the `#`, for example as `%23`. A browser that follows such a link
    /// sends the key to a server: to the secret's own, or to that of the gateway.
    pub const fn is_exposed(&self) -> bool {
        self.is_exposed
    }

    /// Derives the proof that loads the envelope.
    pub fn derive_access(&self) -> AccessProof {
        self.key.derive_access()
    }

    /// Derives the Argon2id salt for the passphrase.
    pub fn derive_salt(&self) -> Salt {
        self.key.derive_salt()
    }

    /// Derives the recipient's keys. `passphrase_key` must be `Some` exactly if [`Self::kdf`] is not [`Kdf::None`].
    pub fn derive_keys(&self, passphrase_key: Option<&PassphraseKey>) -> Result<RevealKeys, Error> {
        if passphrase_key.is_some() == (self.kdf == Kdf::Argon2id) {
            Ok(self.key.derive_keys(passphrase_key))
        } else {
            Err(Error::PassphraseExpected)
        }
    }

    /// Checks that the envelope belongs to this link, so that a server cannot remove the passphrase or ask for one.
    pub fn check_envelope(&self, envelope: &Envelope) -> Result<(), Error> {
        if envelope.kdf() == self.kdf { Ok(()) } else { Err(Error::HeaderMismatch) }
    }

    /// Returns the link byte `L`.
    const fn link_byte(&self) -> u8 {
        LINK_VERSION | self.kdf as u8
    }
}

/// Decodes a fragment and verifies its checksum. Returns `None` if it does not match, and an error in place of the kdf if
/// the version is not supported.
fn read_fragment(candidate: &str, id: &SecretId) -> Option<(Result<Kdf, Error>, LinkKey)> {
    let bytes: [u8; FRAGMENT_LEN] = base64url::decode_array(candidate).ok()?;
    let (&link_byte, rest) = bytes.split_first()?;
    let (key, check) = rest.split_first_chunk()?;
    let key = LinkKey::from_bytes(*key);
    if key.derive_check(link_byte, id) != *check {
        return None;
    }
    let kdf = if link_byte & 0xF0 == LINK_VERSION {
        Kdf::from_byte(link_byte & 0x0F)
    } else {
        Err(Error::Unsupported)
    };
    Some((kdf, key))
}

/// Writes the link with its key. It is for the sender only, and must not be logged.
impl fmt::Display for SecretLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut fragment = Zeroizing::new([0; FRAGMENT_LEN]);
        fragment[0] = self.link_byte();
        fragment[1..=LinkKey::LEN].copy_from_slice(self.key.as_bytes());
        fragment[1 + LinkKey::LEN..].copy_from_slice(&self.key.derive_check(self.link_byte(), &self.id));
        write!(
            f,
            "{}/s/{}#k={}",
            self.origin,
            self.id.encode(),
            *Zeroizing::new(base64url::encode(&*fragment))
        )
    }
}

impl fmt::Debug for SecretLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretLink(<redacted>)")
    }
}

/// The sender's link, which shows the receipt of a secret and can burn it. It does not open the secret.
#[derive(Clone)]
pub struct ReceiptLink {
    origin: String,
    token: ReceiptToken,
}

impl ReceiptLink {
    /// Creates the receipt link of a token.
    pub fn new(origin: &str, token: ReceiptToken) -> Self {
        Self { origin: origin.trim_end_matches('/').to_owned(), token }
    }

    /// Parses a receipt link, and undoes what [`SecretLink::parse`] undoes. No missing character is completed, since a
    /// token has no checksum.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let normalized = repair::normalize(text, "#t=");
        let (before, characters) = normalized.split("#t=")?;
        let (origin, _) = before.rsplit_once("/receipt").ok_or(Error::DamagedLink)?;
        let token = characters.get(..TOKEN_CHARS).ok_or(Error::DamagedLink)?;
        Ok(Self {
            origin: repair::trailing_origin(origin).to_owned(),
            token: ReceiptToken::decode(token).map_err(|_| Error::DamagedLink)?,
        })
    }

    /// Parses a receipt link that may have been altered as [`SecretLink::recover`] describes. A receipt link has no
    /// checksum: if two interpretations of the text contain different tokens, the text is rejected.
    pub fn recover(text: &str) -> Result<Self, Error> {
        let mut last_error = Error::MissingFragment;
        let mut best: Option<(OriginMatch, Self)> = None;
        let source = SourceText::new(text);
        let interpretations = recover::interpretations(text)
            .into_iter()
            .map(|interpretation| Self::parse(&interpretation.text));
        for parsed in std::iter::once(Self::parse(text)).chain(interpretations) {
            match parsed {
                Ok(link) => {
                    let origin_match = source.match_origin(&link.origin, "/receipt");
                    match &best {
                        Some((_, other)) if link.token != other.token => return Err(Error::DamagedLink),
                        Some((best_match, _)) if *best_match >= origin_match => {}
                        _ => best = Some((origin_match, link)),
                    }
                }
                Err(Error::MissingFragment) => {}
                Err(error) => last_error = error,
            }
        }
        match best {
            Some((OriginMatch::Ambiguous, _)) => Err(Error::UnclearServer),
            best => best.map(|(_, link)| link).ok_or(last_error),
        }
    }

    /// Returns the scheme, host and port, as far as the text contained them.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Returns the receipt token.
    pub const fn token(&self) -> &ReceiptToken {
        &self.token
    }
}

/// Writes the link with its token. It must not be logged.
impl fmt::Display for ReceiptLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/receipt#t={}", self.origin, self.token.encode())
    }
}

impl fmt::Debug for ReceiptLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReceiptLink(<redacted>)")
    }
}
