//! Gets the server's key share, with as many passphrases as it takes.

use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use shared_crypto::messages::{Call, ErrorBody, RevealRequest, RevealResponse};
use shared_crypto::{Claim, Error, Kdf, Passphrase, RevealKeys, SecretLink, ServerShare};

use super::{TAMPERED, open_error};
use crate::client::{CallError, Client, REVEAL_TIMEOUT};
use crate::error::CommandError;
use crate::terminal::notice;
use crate::{input, terminal};

/// Reveals the secret of a link.
pub(super) struct Revealer<'a> {
    pub(super) client: &'a Client,
    pub(super) link: &'a SecretLink,
}

impl Revealer<'_> {
    /// Derives the keys, with a passphrase if the link needs one, and gets the server's key share.
    ///
    /// The passphrase comes from a file, which is tried once, or from the terminal, until it is right.
    pub(super) fn run(
        &self,
        passphrase_file: Option<&Path>,
        is_interactive: bool,
    ) -> Result<(RevealKeys, ServerShare), CommandError> {
        if self.link.kdf() == Kdf::None {
            return self.reveal_once(self.link.derive_keys(None)?);
        }
        if let Some(path) = passphrase_file {
            return self.reveal_once(self.derive_keys(&input::read_passphrase(path)?)?);
        }
        if !is_interactive {
            return Err(CommandError::Usage(
                "this secret needs a passphrase: give it with --passphrase-file. No view was used".to_owned(),
            ));
        }
        loop {
            let keys = match Passphrase::new(&terminal::hidden_line("Passphrase (not shown): ")?) {
                Ok(passphrase) => self.derive_keys(&passphrase)?,
                Err(error) => {
                    notice!("{error}");
                    continue;
                }
            };
            match self.reveal(&keys) {
                Ok(share) => return Ok((keys, share)),
                Err(CallError::Rejected { body: ErrorBody::WrongPassphrase { tries_left }, retry_after }) => {
                    notice!("{}", wrong_passphrase(tries_left));
                    wait(retry_after);
                }
                Err(CallError::Rejected { body: ErrorBody::Locked, retry_after }) => {
                    notice!("too many wrong passphrases. No view was used");
                    wait(retry_after);
                }
                Err(error) => return Err(open_error(error)),
            }
        }
    }

    /// Derives the keys with a passphrase, which takes a second or so.
    fn derive_keys(&self, passphrase: &Passphrase) -> Result<RevealKeys, CommandError> {
        let _progress = terminal::spinner("Checking the passphrase");
        Ok(self.link.derive_keys(Some(&passphrase.derive_key(&self.link.derive_salt())?))?)
    }

    /// Reveals with keys that are not asked for again.
    fn reveal_once(&self, keys: RevealKeys) -> Result<(RevealKeys, ServerShare), CommandError> {
        let share = self.reveal(&keys).map_err(|error| match error {
            CallError::Rejected { body: ErrorBody::WrongPassphrase { tries_left }, .. } => {
                CommandError::WrongPassphrase(wrong_passphrase(tries_left))
            }
            error => open_error(error),
        })?;
        Ok((keys, share))
    }

    /// Calls `reveal`. Every retry of the call repeats the same claim, so it uses one view at most.
    fn reveal(&self, keys: &RevealKeys) -> Result<ServerShare, CallError> {
        let failed = |error: Error| CallError::Failed(error.into());
        let request = RevealRequest {
            id: self.link.id().encode(),
            access: keys.access().encode(),
            reveal: keys.reveal().encode(),
            claim: Claim::generate().map_err(failed)?.encode(),
        };
        let response: RevealResponse = self.client.call(Call::Reveal, &request, "Opening", REVEAL_TIMEOUT)?;
        ServerShare::decode(&response.share)
            .map_err(|_| CallError::Failed(CommandError::Tampered(TAMPERED.to_owned())))
    }
}

fn wrong_passphrase(tries_left: u32) -> String {
    let tries = if tries_left == 1 { "1 try".to_owned() } else { format!("{tries_left} tries") };
    format!("this passphrase is wrong. No view was used; {tries} left before a short wait")
}

/// Waits until the server accepts the next passphrase.
fn wait(retry_after: Option<u64>) {
    if let Some(seconds) = retry_after {
        notice!("You can try again in {}.", terminal::count(seconds, "second"));
        let _progress = terminal::spinner("Waiting");
        sleep(Duration::from_secs(seconds));
    }
}
