//! A reader of secrets, with the server left out.

use shared_crypto::{Envelope, Error, Passphrase, Payload, SecretLink, ServerShare, open};

/// Takes a reader's steps in a reader's order, so that the first defect is the one that is named.
pub(crate) fn read(
    link: &str,
    envelope: &str,
    share: &ServerShare,
    passphrase: Option<&str>,
) -> Result<Payload, Error> {
    let link = SecretLink::parse(link)?;
    let envelope = Envelope::decode(envelope)?;
    link.accepts(&envelope)?;
    let stretched =
        passphrase.map(|text| Passphrase::new(text)?.derive_key(&link.derive_salt())).transpose()?;
    open(&envelope, &link.derive_keys(stretched.as_ref())?, share)
}
