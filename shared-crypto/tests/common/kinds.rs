//! The two kinds of links, side by side.

use shared_crypto::{Error, ReceiptLink, SecretLink};

use super::sample::{ORIGIN, id, sealed};

/// A good link, its marker, and what its reader makes of a text, written out again.
pub(crate) type Kind = (String, &'static str, fn(&str) -> Result<String, Error>);

/// Both kinds of links: a receipt is read as forgivingly as a share link.
pub(crate) fn kinds() -> [Kind; 2] {
    let sealed = sealed(None);
    [
        (sealed.link(ORIGIN, id()).to_string(), "#k=", |text| {
            SecretLink::parse(text).map(|link| link.to_string())
        }),
        (ReceiptLink::new(ORIGIN, sealed.receipt().clone()).to_string(), "#t=", |text| {
            ReceiptLink::parse(text).map(|link| link.to_string())
        }),
    ]
}
