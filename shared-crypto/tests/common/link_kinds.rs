//! Both kinds of links, for tests that apply to both.

use shared_crypto::{Error, ReceiptLink, SecretLink};

use super::test_secret::{ORIGIN, id, sealed};

/// A link of one kind.
pub(crate) struct LinkKind {
    /// A valid link.
    pub(crate) link: String,
    /// What precedes its key or token.
    pub(crate) marker: &'static str,
    /// Parses a link of this kind, and writes it again.
    pub(crate) parse: fn(&str) -> Result<String, Error>,
}

/// Returns a share link and a receipt link.
pub(crate) fn link_kinds() -> [LinkKind; 2] {
    let sealed = sealed(None);
    [
        LinkKind {
            link: sealed.link(ORIGIN, id()).to_string(),
            marker: "#k=",
            parse: |text| SecretLink::parse(text).map(|link| link.to_string()),
        },
        LinkKind {
            link: ReceiptLink::new(ORIGIN, sealed.receipt().clone()).to_string(),
            marker: "#t=",
            parse: |text| ReceiptLink::parse(text).map(|link| link.to_string()),
        },
    ]
}
