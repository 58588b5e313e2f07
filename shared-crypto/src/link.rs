//! Share links and receipt links: read forgivingly, written exactly.

mod encodings;
mod recover;
mod repair;
mod shape;

use std::fmt;

use zeroize::Zeroizing;

use crate::key_schedule::CHECK_LEN;
use crate::keys::{AccessProof, LinkKey, PassphraseKey, ReceiptToken, Salt, SecretId};
use crate::{Envelope, Error, Kdf, RevealKeys, base64url};

use recover::{Naming, Source};
pub use shape::LinkShape;

const LINK_VERSION: u8 = 0x10;
/// `L ‖ K ‖ check`.
const FRAGMENT_LEN: usize = 1 + LinkKey::LEN + CHECK_LEN;
const FRAGMENT_CHARS: usize = FRAGMENT_LEN / 3 * 4;
const TOKEN_CHARS: usize = 43;

/// The link that opens a secret: whoever holds it whole can.
#[derive(Clone)]
pub struct SecretLink {
    origin: String,
    id: SecretId,
    key: LinkKey,
    kdf: Kdf,
    exposed: bool,
}

impl SecretLink {
    pub(crate) fn new(origin: &str, id: SecretId, key: LinkKey, kdf: Kdf) -> Self {
        Self { origin: origin.trim_end_matches('/').to_owned(), id, key, kdf, exposed: false }
    }

    /// Reads a link that chat programs and mail gateways may have damaged; what cannot be repaired
    /// is told apart from what is merely wrong before any request is made.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let clean = repair::clean(text, "#k=");
        let (before, run) = clean.split("#k=")?;
        let (origin, id) = before.rsplit_once("/s/").ok_or(Error::DamagedLink)?;
        let id = SecretId::decode(repair::run(id)).map_err(|_| Error::DamagedLink)?;
        // Quoted-printable mail source has `=3D` for `=`.
        let quoted =
            run.strip_prefix("3D").into_iter().flat_map(|run| repair::candidates(run, FRAGMENT_CHARS));
        let (kdf, key) = repair::candidates(run, FRAGMENT_CHARS)
            .chain(quoted)
            .find_map(|candidate| read_fragment(&candidate, &id))
            .ok_or(Error::DamagedLink)?;
        Ok(Self { origin: repair::origin(origin).to_owned(), id, key, kdf: kdf?, exposed: clean.rewritten() })
    }

    /// Reads a link that gateways and editors may also have wrapped, encoded, escaped or quoted; the README of
    /// this crate lists what is undone. A link whose check holds in no reading is refused as by [`Self::parse`], and
    /// one whose server the text does not name clearly with [`Error::UnclearServer`].
    pub fn recover(text: &str) -> Result<Self, Error> {
        let literal = Self::parse(text);
        let source = Source::new(text);
        let mut refusal = Error::MissingFragment;
        // A link in a text that names no server is read as well: it is for the server of one's own.
        let mut without_server = None;
        let readings =
            recover::readings(text).into_iter().map(|reading| (Self::parse(&reading.text), reading.exposed));
        for (read, exposed) in std::iter::once((literal, false)).chain(readings) {
            match read {
                Ok(link) => match source.naming(&link.origin, "/s/") {
                    Naming::Whole => return Ok(Self { exposed: link.exposed || exposed, ..link }),
                    Naming::WithoutScheme => without_server = without_server.or(Some(link)),
                    Naming::Unclear => refusal = Error::UnclearServer,
                },
                Err(Error::MissingFragment) => {}
                // Its check held.
                Err(Error::Unsupported) if without_server.is_none() => return Err(Error::Unsupported),
                Err(_) if refusal == Error::UnclearServer => {}
                Err(error) => refusal = error,
            }
        }
        without_server.ok_or(refusal)
    }

    /// Scheme, host and port, as far as the text had them.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The id to ask the server for.
    pub const fn id(&self) -> &SecretId {
        &self.id
    }

    /// The key derivation function of the passphrase, or that there is none.
    pub const fn kdf(&self) -> Kdf {
        self.kdf
    }

    /// Whether something on the way encoded the `#`, like `%23`. A browser that follows such a link sends the key to a
    /// server: the secret's own, or that of the gateway.
    pub const fn exposed(&self) -> bool {
        self.exposed
    }

    /// The proof for looking.
    pub fn derive_access(&self) -> AccessProof {
        self.key.derive_access()
    }

    /// The salt to stretch the passphrase with.
    pub fn derive_salt(&self) -> Salt {
        self.key.derive_salt()
    }

    /// What reveals and opens. `passphrase_key` must be there exactly if [`Self::kdf`] asks for it.
    pub fn derive_keys(&self, passphrase_key: Option<&PassphraseKey>) -> Result<RevealKeys, Error> {
        if passphrase_key.is_some() == (self.kdf == Kdf::Argon2id) {
            Ok(self.key.derive_keys(passphrase_key))
        } else {
            Err(Error::PassphraseExpected)
        }
    }

    /// Whether the envelope belongs to this link: a server cannot strip the passphrase.
    pub fn accepts(&self, envelope: &Envelope) -> Result<(), Error> {
        if envelope.kdf() == self.kdf { Ok(()) } else { Err(Error::HeaderMismatch) }
    }

    const fn byte(&self) -> u8 {
        LINK_VERSION | self.kdf as u8
    }
}

/// A candidate whose check holds, even where its version is not known; `None` where it does not hold.
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

/// Writes the link itself, key included: for the sender's eyes, never for a log.
impl fmt::Display for SecretLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut fragment = Zeroizing::new([0; FRAGMENT_LEN]);
        fragment[0] = self.byte();
        fragment[1..=LinkKey::LEN].copy_from_slice(self.key.as_bytes());
        fragment[1 + LinkKey::LEN..].copy_from_slice(&self.key.derive_check(self.byte(), &self.id));
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

/// The sender's own link: shows what became of the secret, and burns it. It opens nothing.
#[derive(Clone)]
pub struct ReceiptLink {
    origin: String,
    token: ReceiptToken,
}

impl ReceiptLink {
    /// The receipt link of a token.
    pub fn new(origin: &str, token: ReceiptToken) -> Self {
        Self { origin: origin.trim_end_matches('/').to_owned(), token }
    }

    /// Reads a receipt link, as forgivingly as a share link.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let clean = repair::clean(text, "#t=");
        let (before, run) = clean.split("#t=")?;
        let (origin, _) = before.rsplit_once("/receipt").ok_or(Error::DamagedLink)?;
        let token = run.get(..TOKEN_CHARS).ok_or(Error::DamagedLink)?;
        Ok(Self {
            origin: repair::origin(origin).to_owned(),
            token: ReceiptToken::decode(token).map_err(|_| Error::DamagedLink)?,
        })
    }

    /// Reads a receipt link that may have been altered as [`SecretLink::recover`] describes. A receipt link has no
    /// check: if two readings of the text are receipt links, and differ, it is refused.
    pub fn recover(text: &str) -> Result<Self, Error> {
        let mut refusal = Error::MissingFragment;
        let mut found: Option<(Naming, Self)> = None;
        let source = Source::new(text);
        let readings = recover::readings(text).into_iter().map(|reading| Self::parse(&reading.text));
        for read in std::iter::once(Self::parse(text)).chain(readings) {
            match read {
                Ok(link) => {
                    let naming = source.naming(&link.origin, "/receipt");
                    match &found {
                        Some((_, other)) if link.token != other.token => return Err(Error::DamagedLink),
                        Some((clearest, _)) if *clearest >= naming => {}
                        _ => found = Some((naming, link)),
                    }
                }
                Err(Error::MissingFragment) => {}
                Err(error) => refusal = error,
            }
        }
        match found {
            Some((Naming::Unclear, _)) => Err(Error::UnclearServer),
            found => found.map(|(_, link)| link).ok_or(refusal),
        }
    }

    /// Scheme, host and port, as far as the text had them.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The token to show to the server.
    pub const fn token(&self) -> &ReceiptToken {
        &self.token
    }
}

/// Writes the link itself, token included.
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
