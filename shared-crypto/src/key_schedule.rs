//! Derives proofs and keys from a link key, a passphrase key and the server's key share.

use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::keys::{AccessProof, LinkKey, PassphraseKey, RevealProof, Salt, SecretId, ServerShare};
use crate::{Envelope, Kdf};

/// Length of the checksum at the end of a link, in bytes.
pub(crate) const CHECK_LEN: usize = 3;

fn label(name: &str, suffix: &[u8]) -> Vec<u8> {
    [b"ikrypt/v1 ", name.as_bytes(), suffix].concat()
}

fn extract(salt: &[u8], ikm: &[u8]) -> Hkdf<Sha256> {
    Hkdf::<Sha256>::new(Some(salt), ikm)
}

fn expand<const N: usize>(prk: &Hkdf<Sha256>, name: &str, suffix: &[u8]) -> [u8; N] {
    let mut okm = [0; N];
    prk.expand(&label(name, suffix), &mut okm)
        .expect("every length here is below HKDF's limit of 8,160 bytes");
    okm
}

fn prk_link(key: &LinkKey) -> Hkdf<Sha256> {
    extract(&label("link", &[]), key.as_bytes())
}

impl LinkKey {
    /// Derives the proof that a client holds the link.
    pub fn derive_access(&self) -> AccessProof {
        AccessProof::from_bytes(expand(&prk_link(self), "access", &[]))
    }

    /// Derives the Argon2id salt for a passphrase of this link.
    pub fn derive_salt(&self) -> Salt {
        Salt::from_bytes(expand(&prk_link(self), "passphrase salt", &[]))
    }

    /// Derives the link's checksum of three bytes, which detects a damaged link before any request is sent.
    pub(crate) fn derive_check(&self, link_byte: u8, id: &SecretId) -> [u8; CHECK_LEN] {
        let mut suffix = vec![link_byte];
        suffix.extend_from_slice(id.as_bytes());
        expand(&prk_link(self), "link check", &suffix)
    }

    /// Derives the recipient's keys. `passphrase_key` is `Some` exactly if the secret has a passphrase.
    pub(crate) fn derive_keys(&self, passphrase_key: Option<&PassphraseKey>) -> RevealKeys {
        let header = Envelope::header(if passphrase_key.is_some() { Kdf::Argon2id } else { Kdf::None });
        let mut ikm = Zeroizing::new([0; 64]);
        ikm[..32].copy_from_slice(self.as_bytes());
        if let Some(passphrase_key) = passphrase_key {
            ikm[32..].copy_from_slice(passphrase_key.as_bytes());
        }
        let prk_root = extract(&label("root", &[]), &*ikm);
        RevealKeys {
            header,
            access: self.derive_access(),
            reveal: RevealProof::from_bytes(expand(&prk_root, "reveal", &header)),
            base: Zeroizing::new(expand(&prk_root, "content", &header)),
        }
    }
}

/// Holds what a recipient derives before the server releases its key share: both proofs, and the input to the content
/// key.
#[derive(Clone)]
pub struct RevealKeys {
    pub(crate) header: [u8; 4],
    access: AccessProof,
    reveal: RevealProof,
    base: Zeroizing<[u8; 32]>,
}

impl RevealKeys {
    /// Returns the proof that loads the envelope.
    pub const fn access(&self) -> &AccessProof {
        &self.access
    }

    /// Returns the proof that uses a view.
    pub const fn reveal(&self) -> &RevealProof {
        &self.reveal
    }

    /// Derives the AES-256-GCM key from these keys and the server's key share.
    pub(crate) fn derive_content_key(&self, share: &ServerShare) -> Zeroizing<[u8; 32]> {
        let prk = extract(share.as_bytes(), &*self.base);
        Zeroizing::new(expand(&prk, "aes-256-gcm", &self.header))
    }
}

impl std::fmt::Debug for RevealKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RevealKeys(<redacted>)")
    }
}

#[cfg(test)]
mod tests {
    //! Compares intermediate values, which have no public accessor, with the test vectors.

    use super::*;

    fn bytes<const N: usize>(value: &serde_json::Value) -> [u8; N] {
        let text = value.as_str().expect("a string");
        let raw: Vec<u8> = (0..text.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&text[at..at + 2], 16).expect("hex"))
            .collect();
        raw.try_into().expect("the length of the vector")
    }

    #[test]
    fn derived_values_equal_the_test_vectors() {
        let vectors: Vec<serde_json::Value> =
            serde_json::from_str(include_str!("../tests/vectors_v1.json")).expect("JSON");
        for v in &vectors {
            let key = LinkKey::from_bytes(bytes(&v["link_key"]));
            let passphrase_key = PassphraseKey::from_bytes(bytes(&v["stretched"]));
            let kdf = if v["passphrase"].is_null() { Kdf::None } else { Kdf::Argon2id };
            let id = SecretId::from_bytes(bytes(&v["id"]));
            let keys = key.derive_keys((kdf == Kdf::Argon2id).then_some(&passphrase_key));
            let share = ServerShare::from_bytes(bytes(&v["share"]));
            assert_eq!(key.derive_salt().as_bytes(), &bytes(&v["salt"]));
            assert_eq!(key.derive_check(0x10 | kdf as u8, &id), bytes::<3>(&v["check"]));
            assert_eq!(keys.header, bytes::<4>(&v["header"]));
            assert_eq!(keys.access().as_bytes(), &bytes(&v["access"]));
            assert_eq!(keys.reveal().as_bytes(), &bytes(&v["reveal"]));
            assert_eq!(*keys.derive_content_key(&share), bytes(&v["content_key"]));
        }
    }
}
