//! Opens secrets as a recipient does, without a server.

use shared_crypto::{Envelope, Error, Passphrase, Payload, SecretLink, ServerShare, open};

/// Performs the recipient's steps in their order, so that the first defect determines the error.
pub(crate) fn open_secret(
    link: &str,
    envelope: &str,
    share: &ServerShare,
    passphrase: Option<&str>,
) -> Result<Payload, Error> {
    let link = SecretLink::parse(link)?;
    let envelope = Envelope::decode(envelope)?;
    link.check_envelope(&envelope)?;
    let passphrase_key =
        passphrase.map(|text| Passphrase::new(text)?.derive_key(&link.derive_salt())).transpose()?;
    open(&envelope, &link.derive_keys(passphrase_key.as_ref())?, share)
}
