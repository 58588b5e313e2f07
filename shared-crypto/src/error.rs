/// An error of this crate. It carries no data, so that no message can contain a part of a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The link contains no `#k=` or `#t=`.
    #[error("the part of the link after # is missing")]
    MissingFragment,
    /// The link's checksum does not match, also after every known alteration was undone.
    #[error("the link is damaged")]
    DamagedLink,
    /// The link is complete, but its server's address may contain other words of the text.
    #[error("the link does not name its server clearly")]
    UnclearServer,
    /// The link or the envelope has a version, suite or kdf that this version does not support.
    #[error("made by a newer version")]
    Unsupported,
    /// The envelope's header names another kdf than the link.
    #[error("the envelope does not belong to the link")]
    HeaderMismatch,
    /// The envelope has a length that no valid padding produces.
    #[error("the envelope has a wrong length")]
    EnvelopeLength,
    /// The authentication tag does not match: the key is wrong, or a byte was changed.
    #[error("the envelope could not be decrypted")]
    Decrypt,
    /// The kind of the payload is unknown.
    #[error("the payload is of an unknown kind")]
    UnknownKind,
    /// The padding has a wrong length, or contains a byte that is not zero.
    #[error("the padding is malformed")]
    Padding,
    /// The text is not UTF-8.
    #[error("the text is not UTF-8")]
    NotUtf8,
    /// The bundle of files is malformed.
    #[error("the bundle of files is malformed")]
    Bundle,
    /// The payload is longer than the format allows.
    #[error("the payload is too large")]
    TooLarge,
    /// The passphrase is empty, or longer than 1,024 bytes after preparation.
    #[error("a passphrase has 1 to 1,024 bytes")]
    PassphraseLength,
    /// The link needs a passphrase and none was given, or a passphrase was given and the link needs none.
    #[error("a passphrase is missing, or was not expected")]
    PassphraseExpected,
    /// A byte string is not canonical base64url, or has a wrong length.
    #[error("not a canonical base64url byte string")]
    Encoding,
    /// Argon2id could not allocate its memory.
    #[error("not enough memory")]
    OutOfMemory,
    /// The operating system's random number generator failed.
    #[error("the operating system returned no random bytes")]
    Random,
}
