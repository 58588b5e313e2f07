/// What failed, never why in detail: none of these says more than its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no `#k=` or `#t=` in the link.
    #[error("the part of the link after # is missing")]
    MissingFragment,
    /// No reading of the link has a check that holds.
    #[error("the link is damaged")]
    DamagedLink,
    /// The link is whole, but words or blanks stand where its server's address should.
    #[error("the link does not name its server clearly")]
    UnclearServer,
    /// The link or the envelope is of a version, suite or kdf that this version does not know.
    #[error("made by a newer version")]
    Unsupported,
    /// The envelope's header names another kdf than the link.
    #[error("the envelope does not belong to the link")]
    HeaderMismatch,
    /// The envelope has a length that no correct writer makes.
    #[error("the envelope has a wrong length")]
    EnvelopeLength,
    /// The authentication tag is wrong: another key, or a changed byte.
    #[error("the envelope could not be decrypted")]
    Decrypt,
    /// The payload is of no known kind.
    #[error("the payload is of an unknown kind")]
    UnknownKind,
    /// The padding has a wrong length, or is not zero.
    #[error("the padding is malformed")]
    Padding,
    /// The text is not UTF-8.
    #[error("the text is not UTF-8")]
    NotUtf8,
    /// The bundle of files is not what a correct writer makes.
    #[error("the bundle of files is malformed")]
    Bundle,
    /// The payload is longer than the format can say.
    #[error("the payload is too large")]
    TooLarge,
    /// The passphrase has no byte, or more than 1,024, after preparation.
    #[error("a passphrase has 1 to 1,024 bytes")]
    PassphraseLength,
    /// The link asks for a passphrase and none was given, or the other way round.
    #[error("a passphrase is missing, or not wanted")]
    PassphraseExpected,
    /// A byte string is not canonical base64url, or of a wrong length.
    #[error("not a canonical byte string")]
    Encoding,
    /// The memory for Argon2id could not be had.
    #[error("not enough memory")]
    OutOfMemory,
    /// The operating system gave no random bytes.
    #[error("no random bytes")]
    Random,
}
