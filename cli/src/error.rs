//! Why a command failed, and the exit code for it.

use std::io;
use std::path::Path;
use std::process::ExitCode;

use shared_crypto::Error;

/// Why a command failed. Each message says what happened, whether a view was used, and what to do.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CommandError {
    /// A file could not be read or written, or the user declined. Exit code 1.
    #[error("{0}")]
    Local(String),
    /// The command line or an input is invalid. Exit code 2.
    #[error("{0}")]
    Usage(String),
    /// The secret was viewed, burned, has expired, or never existed. Exit code 3.
    #[error("{0}")]
    Gone(String),
    /// The passphrase is wrong. Exit code 4.
    #[error("{0}")]
    WrongPassphrase(String),
    /// The link is incomplete or damaged. Exit code 5.
    #[error("{0}")]
    DamagedLink(String),
    /// The server's data differs from what was sent or built. Exit code 6.
    #[error("{0}")]
    Tampered(String),
    /// The server rejected the request, or could not be reached. Exit code 7.
    #[error("{0}")]
    Server(String),
}

impl CommandError {
    /// Returns the exit code, as the manual lists it.
    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Local(_) => 1,
            Self::Usage(_) => 2,
            Self::Gone(_) => 3,
            Self::WrongPassphrase(_) => 4,
            Self::DamagedLink(_) => 5,
            Self::Tampered(_) => 6,
            Self::Server(_) => 7,
        })
    }

    /// Returns the error for a failed write to standard output.
    pub(crate) fn standard_output(error: &io::Error) -> Self {
        Self::Local(format!("cannot write to standard output: {error}"))
    }

    /// Returns the error for a failed operation (`read`, `write into`) on a file or folder.
    pub(crate) fn file(operation: &str, path: &Path, error: &io::Error) -> Self {
        Self::Local(format!("cannot {operation} {}: {error}", path.display()))
    }
}

/// Words the errors of the crypto crate that occur before a view is used.
impl From<Error> for CommandError {
    fn from(error: Error) -> Self {
        match error {
            Error::MissingFragment => Self::DamagedLink(
                "the part of the link after # is missing: some programs cut it off. In a shell, put the link in quotes. Nothing was opened".to_owned(),
            ),
            Error::DamagedLink => Self::DamagedLink(
                "this link is damaged: at least one character was lost or changed on the way. Nothing was opened".to_owned(),
            ),
            Error::UnclearServer => Self::DamagedLink(
                "it is not clear which server this link belongs to: there is other text next to its address. Give the link alone, from https:// to its end. Nothing was sent".to_owned(),
            ),
            Error::Unsupported => Self::DamagedLink(
                "this link was made by a newer version of this software. Nothing was opened".to_owned(),
            ),
            Error::PassphraseLength => Self::Usage(error.to_string()),
            Error::OutOfMemory | Error::Random => {
                Self::Local(format!("{error}: nothing was sent, and nothing was opened"))
            }
            Error::TooLarge | Error::Bundle => Self::Usage(
                "this cannot be sent: a secret holds at most 16 files with names of up to 255 bytes, and 4 GiB".to_owned(),
            ),
            _ => Self::Tampered(
                "the secret on the server does not belong to this link. No view was used. Tell the sender".to_owned(),
            ),
        }
    }
}
