//! Why it ended, in words, and with which exit code.

use std::io;
use std::path::Path;
use std::process::ExitCode;

use shared_crypto::Error;

/// Why it ended. Every text says what happened, whether a view was used, and what to do.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// A file could not be read or written, or somebody said no. Exit code 1.
    #[error("{0}")]
    Here(String),
    /// What was typed cannot be done. Exit code 2.
    #[error("{0}")]
    Usage(String),
    /// There is nothing, or nothing any more. Exit code 3.
    #[error("{0}")]
    Gone(String),
    /// The passphrase is wrong. Exit code 4.
    #[error("{0}")]
    WrongPassphrase(String),
    /// The link is not whole. Exit code 5.
    #[error("{0}")]
    DamagedLink(String),
    /// Something was changed on the way. Exit code 6.
    #[error("{0}")]
    Tampered(String),
    /// The server or the line to it. Exit code 7.
    #[error("{0}")]
    Server(String),
}

impl Failure {
    /// As the manual lists them.
    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Here(_) => 1,
            Self::Usage(_) => 2,
            Self::Gone(_) => 3,
            Self::WrongPassphrase(_) => 4,
            Self::DamagedLink(_) => 5,
            Self::Tampered(_) => 6,
            Self::Server(_) => 7,
        })
    }

    /// Standard output is closed or full.
    pub(crate) fn output(error: &io::Error) -> Self {
        Self::Here(format!("cannot write to standard output: {error}"))
    }

    /// A file or folder that was named cannot be had.
    pub(crate) fn file(verb: &str, path: &Path, error: &io::Error) -> Self {
        Self::Here(format!("cannot {verb} {}: {error}", path.display()))
    }
}

/// What the crypto crate says before a view is spent.
impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::MissingFragment => Self::DamagedLink(
                "the part of the link after # is missing: some programs cut it off. In a shell, put the link in quotes. Nothing was opened".to_owned(),
            ),
            Error::DamagedLink => Self::DamagedLink(
                "this link is damaged: at least one character was lost or changed on the way. Nothing was opened".to_owned(),
            ),
            Error::UnclearServer => Self::DamagedLink(
                "it is not clear which server this link is for: words or blanks stand where the address should. Give the link alone, from https:// to its end. Nothing was sent".to_owned(),
            ),
            Error::Unsupported => Self::DamagedLink(
                "this link was made by a newer version of this software. Nothing was opened".to_owned(),
            ),
            Error::PassphraseLength => Self::Usage(error.to_string()),
            Error::OutOfMemory | Error::Random => Self::Here(format!("{error}: nothing was sent, and nothing opened")),
            Error::TooLarge | Error::Bundle => Self::Usage(
                "this cannot be sent: 16 files with names of at most 255 bytes, and 4 GiB, are the most that the format holds".to_owned(),
            ),
            _ => Self::Tampered(
                "what the server has does not belong to this link. No view was used. Tell the sender".to_owned(),
            ),
        }
    }
}
