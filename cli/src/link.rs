//! Reads a link as people have it, or says what is wrong with it and what to do.

use shared_crypto::{Error, LinkShape, ReceiptLink, SecretLink};

use crate::failure::Failure;

/// Reads the link of a secret.
pub(crate) fn secret(text: &str) -> Result<SecretLink, Failure> {
    SecretLink::recover(text).map_err(|error| match (error, LinkShape::of(text)) {
        (Error::Unsupported | Error::UnclearServer, _) => error.into(),
        (_, LinkShape::Fragment { kind, .. }) if kind != 'k' => other_kind(kind),
        (_, LinkShape::Fragment { length, whole, .. }) if is_cut(length, whole) => {
            Failure::DamagedLink(format!("{}. Nothing was opened", cut("link", 'k', length, whole)))
        }
        (Error::MissingFragment, LinkShape::Unknown) => hidden(text).unwrap_or_else(|| error.into()),
        _ => error.into(),
    })
}

/// Reads a receipt link.
pub(crate) fn receipt(text: &str) -> Result<ReceiptLink, Failure> {
    ReceiptLink::recover(text).map_err(|error| match (error, LinkShape::of(text)) {
        (Error::UnclearServer, _) => error.into(),
        (_, LinkShape::Fragment { kind, .. }) if kind != 't' => other_kind(kind),
        (_, LinkShape::Fragment { length, whole, .. }) if length < whole => {
            Failure::DamagedLink(cut("receipt link", 't', length, whole))
        }
        (Error::MissingFragment, LinkShape::Unknown) => hidden(text).unwrap_or_else(no_fragment),
        (Error::MissingFragment, _) => no_fragment(),
        _ => Failure::DamagedLink("this receipt link is damaged".to_owned()),
    })
}

/// A link that belongs to another command, or to a page.
fn other_kind(kind: char) -> Failure {
    Failure::Usage(
        match kind {
            't' => "this is a receipt link, which opens nothing: see `ikrypt receipt`",
            'q' => {
                "this is a request link: the person who sent it asks you for a secret. Open it in a browser"
            }
            'c' => "this is a collect link, which shows what you were sent: open it in a browser",
            _ => "this is the link that opens the secret: a receipt has /receipt#t= in it",
        }
        .to_owned(),
    )
}

/// One or two characters can be put back, or were changed; more are missing because the end is.
const fn is_cut(length: usize, whole: usize) -> bool {
    length + 2 < whole
}

fn cut(name: &str, kind: char, length: usize, whole: usize) -> String {
    format!(
        "this {name} is cut off: {length} of the {whole} characters after #{kind}= are there. Copy it again, to its very end"
    )
}

fn no_fragment() -> Failure {
    Failure::DamagedLink(
        "the part of the receipt link after # is missing. In a shell, put the link in quotes".to_owned(),
    )
}

/// Another address stands where the link should be: that of a gateway such as Mimecast, or of a link shortener.
fn hidden(text: &str) -> Option<Failure> {
    let (_, rest) = text.split_once("://")?;
    let end = rest.find(|c: char| c.is_whitespace() || "\\/?#<>\"'()[]".contains(c)).unwrap_or(rest.len());
    // What stands before an `@` is a name and a password.
    let host = rest[..end].rsplit('@').next().unwrap_or_default();
    // No name of a host is longer.
    let host = &host[..host.floor_char_boundary(253)];
    Some(Failure::DamagedLink(format!(
        "this is an address of {host}, which hides the link that it leads to: open it in a browser, and copy the address that you come to, with everything after #. Nothing was opened"
    )))
}
