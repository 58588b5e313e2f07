//! Parses links as people have them, and explains what is wrong with the others.

use shared_crypto::{Error, LinkShape, ReceiptLink, SecretLink};

use crate::error::CommandError;

/// Longest host name, in bytes.
const MAX_HOST_LEN: usize = 253;

/// Parses the link of a secret.
pub(crate) fn parse_secret_link(text: &str) -> Result<SecretLink, CommandError> {
    SecretLink::recover(text).map_err(|error| match (error, LinkShape::of(text)) {
        (Error::Unsupported | Error::UnclearServer, _) => error.into(),
        (_, LinkShape::Fragment { kind, .. }) if kind != 'k' => wrong_kind(kind),
        (_, LinkShape::Fragment { length, whole, .. }) if is_truncated(length, whole) => {
            CommandError::DamagedLink(format!(
                "{}. Nothing was opened",
                truncated("link", 'k', length, whole)
            ))
        }
        (Error::MissingFragment, LinkShape::Unknown) => wrapped_link(text).unwrap_or_else(|| error.into()),
        _ => error.into(),
    })
}

/// Parses a receipt link.
pub(crate) fn parse_receipt_link(text: &str) -> Result<ReceiptLink, CommandError> {
    ReceiptLink::recover(text).map_err(|error| match (error, LinkShape::of(text)) {
        (Error::UnclearServer, _) => error.into(),
        (_, LinkShape::Fragment { kind, .. }) if kind != 't' => wrong_kind(kind),
        (_, LinkShape::Fragment { length, whole, .. }) if length < whole => {
            CommandError::DamagedLink(truncated("receipt link", 't', length, whole))
        }
        (Error::MissingFragment, LinkShape::Unknown) => {
            wrapped_link(text).unwrap_or_else(missing_receipt_fragment)
        }
        (Error::MissingFragment, _) => missing_receipt_fragment(),
        _ => CommandError::DamagedLink("this receipt link is damaged".to_owned()),
    })
}

/// Returns the error for a link that belongs to another command or to a web page.
fn wrong_kind(kind: char) -> CommandError {
    CommandError::Usage(
        match kind {
            't' => "this is a receipt link, which cannot open the secret: see `ikrypt receipt`",
            'q' => {
                "this is a request link: the person who sent it asks you for a secret. Open it in a browser"
            }
            'c' => "this is a collect link, which shows what you were sent: open it in a browser",
            _ => "this is the link that opens the secret: a receipt link contains /receipt#t=",
        }
        .to_owned(),
    )
}

/// Returns whether the end of a link is missing. One or two missing characters are not reported like this: the parser
/// restores them, and if it could not, a character was changed.
const fn is_truncated(length: usize, whole: usize) -> bool {
    length + 2 < whole
}

fn truncated(name: &str, kind: char, length: usize, whole: usize) -> String {
    format!(
        "this {name} is cut off: {length} of the {whole} characters after #{kind}= are there. Copy it again, to its very end"
    )
}

fn missing_receipt_fragment() -> CommandError {
    CommandError::DamagedLink(
        "the part of the receipt link after # is missing. In a shell, put the link in quotes".to_owned(),
    )
}

/// Returns the error for an address of a mail gateway or link shortener, which leads to the link but does not contain
/// it.
fn wrapped_link(text: &str) -> Option<CommandError> {
    let (_, rest) = text.split_once("://")?;
    let end = rest.find(|c: char| c.is_whitespace() || "\\/?#<>\"'()[]".contains(c)).unwrap_or(rest.len());
    // A user name and a password may stand before an `@`.
    let host = rest[..end].rsplit('@').next().unwrap_or_default();
    let host = &host[..host.floor_char_boundary(MAX_HOST_LEN)];
    Some(CommandError::DamagedLink(format!(
        "this is an address of {host}, which hides the link that it leads to: open it in a browser, and copy the address that it takes you to, with everything after #. Nothing was opened"
    )))
}
