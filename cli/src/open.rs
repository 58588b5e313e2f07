//! `ikrypt open`: look, ask, reveal, and lose nothing that a view was spent for.

use std::io::{self, IsTerminal as _};
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use serde_json::json;
use shared_crypto::messages::{
    ErrorBody, OpenRequest, OpenResponse, RevealRequest, RevealResponse, SecretState,
};
use shared_crypto::{
    Bundle, Claim, Envelope, Error, File, Kdf, Passphrase, Payload, RevealKeys, SecretLink, ServerShare,
};

use crate::args::Open;
use crate::failure::Failure;
use crate::server::{CLAIM_PATIENCE, No, PATIENCE, Server};
use crate::{input, link, save, terminal};

/// Said where the view is used, and what it was used for cannot be opened.
const CHANGED: &str = "what the server has is not what the sender sent: it was changed, or damaged. A view was used. Tell the sender";

/// What a text is called where it has to be kept in a file.
const NOTE: &str = "secret.txt";

/// What is asked of the server in order to reveal.
struct Reader {
    server: Server,
    link: SecretLink,
    envelope: Envelope,
}

pub(crate) fn run(args: &Open) -> Result<(), Failure> {
    let text = input::link(args.link.as_deref())?;
    let link = link::secret(&text)?;
    if link.is_exposed() {
        say!(
            "The # of this link was encoded on its way: a browser that follows it shows the key to a server, perhaps a mail gateway's. Tell the sender."
        );
    }
    let server = Server::of_link(link.origin())?;
    let request = OpenRequest { id: link.id().encode(), access: link.derive_access().encode() };
    let answer: OpenResponse = server.call("open", &request, "Looking", PATIENCE).map_err(gone)?;
    // The link itself was understood: whatever is wrong with the envelope was done to it.
    let envelope = Envelope::decode(&answer.envelope).map_err(|_| Error::HeaderMismatch)?;
    link.check_envelope(&envelope)?;
    if args.peek {
        return peek(args, &link, &answer);
    }
    if let Some(folder) = &args.output {
        save::prepare(folder)?;
    }
    let attended = terminal::is_attended();
    say!("{}", in_words(&answer));
    // Where a program hands over the link as an argument and is no terminal, nobody is asked.
    let by_hand = io::stdin().is_terminal() || args.link.as_deref().is_none_or(|link| link == "-");
    if attended && by_hand && !args.yes {
        let question = if answer.views_left == 1 {
            "Open it, and use up the last view?"
        } else {
            "Open it, and use up a view?"
        };
        if !terminal::confirm(question)? {
            return Err(Failure::Here("nothing was opened, and no view was used".to_owned()));
        }
    }
    let reader = Reader { server, link, envelope };
    let (keys, share) = reader.reveal(args.passphrase_file.as_deref(), attended)?;
    let payload = shared_crypto::open(&reader.envelope, &keys, &share)
        .map_err(|_| Failure::Tampered(CHANGED.to_owned()))?;
    match payload {
        Payload::Text(text) => write_out(NOTE, text.as_bytes()),
        Payload::Files(bundle) => files(args.output.as_deref(), &bundle),
        _ => Err(Failure::Tampered(
            "this is of a kind that this version does not know. A view was used".to_owned(),
        )),
    }
}

impl Reader {
    /// Asks for the passphrase where there is one, and for the share until there is an answer.
    fn reveal(&self, file: Option<&Path>, attended: bool) -> Result<(RevealKeys, ServerShare), Failure> {
        if self.link.kdf() == Kdf::None {
            let keys = self.link.derive_keys(None)?;
            let share = self.ask(&keys)?;
            return Ok((keys, share));
        }
        if let Some(path) = file {
            let keys = self.keys(&input::passphrase_file(path)?)?;
            let share = self.ask(&keys)?;
            return Ok((keys, share));
        }
        if !attended {
            return Err(Failure::Usage(
                "this secret has a passphrase: give it with --passphrase-file. No view was used".to_owned(),
            ));
        }
        loop {
            let keys = match Passphrase::new(&terminal::hidden("Passphrase (not shown): ")?) {
                Ok(passphrase) => self.keys(&passphrase)?,
                Err(error) => {
                    say!("{error}.");
                    continue;
                }
            };
            match self.try_reveal(&keys) {
                Ok(share) => return Ok((keys, share)),
                Err(No::Refused { refusal: ErrorBody::WrongPassphrase { tries_left }, retry_after }) => {
                    say!("{}.", wrong(tries_left));
                    wait(retry_after);
                }
                Err(No::Refused { refusal: ErrorBody::Locked, retry_after }) => {
                    say!("Too many wrong passphrases. No view was used.");
                    wait(retry_after);
                }
                Err(no) => return Err(gone(no)),
            }
        }
    }

    fn keys(&self, passphrase: &Passphrase) -> Result<RevealKeys, Failure> {
        let _progress = terminal::spinner("Checking the passphrase");
        Ok(self.link.derive_keys(Some(&passphrase.derive_key(&self.link.derive_salt())?))?)
    }

    fn ask(&self, keys: &RevealKeys) -> Result<ServerShare, Failure> {
        self.try_reveal(keys).map_err(|no| match no {
            No::Refused { refusal: ErrorBody::WrongPassphrase { tries_left }, .. } => {
                Failure::WrongPassphrase(wrong(tries_left))
            }
            no => gone(no),
        })
    }

    /// One claim for as long as there is no answer: a view that was granted is granted once.
    fn try_reveal(&self, keys: &RevealKeys) -> Result<ServerShare, No> {
        let failed = |error: Error| No::Failed(error.into());
        let request = RevealRequest {
            id: self.link.id().encode(),
            access: keys.access().encode(),
            reveal: keys.reveal().encode(),
            claim: Claim::generate().map_err(failed)?.encode(),
        };
        let answer: RevealResponse = self.server.call("reveal", &request, "Opening", CLAIM_PATIENCE)?;
        ServerShare::decode(&answer.share).map_err(|_| No::Failed(Failure::Tampered(CHANGED.to_owned())))
    }
}

fn wrong(tries_left: u32) -> String {
    let left = if tries_left == 1 { "1 try".to_owned() } else { format!("{tries_left} tries") };
    format!("this passphrase is wrong. No view was used; {left} left before a short wait")
}

fn wait(seconds: Option<u64>) {
    if let Some(seconds) = seconds {
        say!("You can try again in {}.", terminal::count(seconds, "second"));
        let _progress = terminal::spinner("Waiting");
        sleep(Duration::from_secs(seconds));
    }
}

fn gone(no: No) -> Failure {
    let No::Refused { refusal: ErrorBody::Gone { state, ended_at }, .. } = &no else { return no.into() };
    let when = terminal::moment(*ended_at);
    Failure::Gone(match state {
        SecretState::Burned => format!("the sender burned this secret at {when}. Ask for a new link"),
        SecretState::Expired => format!("this secret expired at {when}, and was deleted. Ask for a new link"),
        SecretState::Viewed | SecretState::Live => format!(
            "this secret was opened at {when}, and then deleted. If that was not you, tell the sender: somebody else may have read it"
        ),
    })
}

fn peek(args: &Open, link: &SecretLink, answer: &OpenResponse) -> Result<(), Failure> {
    let passphrase = link.kdf() != Kdf::None;
    let text = if args.json {
        let OpenResponse { max_views, views_left, created_at, expires_at, .. } = answer;
        json!({
            "passphrase": passphrase,
            "max_views": max_views,
            "views_left": views_left,
            "created_at": created_at,
            "expires_at": expires_at,
        })
        .to_string()
    } else {
        let needed = if passphrase { " It needs a passphrase." } else { "" };
        format!("{}{needed}", in_words(answer))
    };
    crate::print(format!("{text}\n").as_bytes())
}

fn in_words(answer: &OpenResponse) -> String {
    format!(
        "A secret that can be opened {}, until {}.",
        if answer.views_left == 1 {
            "once more".to_owned()
        } else {
            format!("{} times more", answer.views_left)
        },
        terminal::moment(answer.expires_at)
    )
}

/// To standard output, byte for byte, and what cannot be written there is kept; a terminal gets no orders.
fn write_out(name: &str, text: &[u8]) -> Result<(), Failure> {
    if io::stdout().is_terminal() {
        let readable = String::from_utf8_lossy(text);
        let shown = terminal::harmless(&readable);
        if *shown != readable.replace("\r\n", "\n") {
            say!("Control characters are shown as pictures; with `> FILE` you get the exact bytes.");
        }
        let end = if shown.ends_with('\n') { "" } else { "\n" };
        return crate::print(format!("{}{end}", *shown).as_bytes());
    }
    crate::print(text).or_else(|failure| {
        let path = save::rescue(name, text)?;
        Err(Failure::Here(format!("{failure}. The view was used; the secret is in {}", path.display())))
    })
}

fn files(folder: Option<&Path>, bundle: &Bundle) -> Result<(), Failure> {
    if let ([file], "", None, false) = (bundle.files(), bundle.note(), folder, io::stdout().is_terminal()) {
        return write_out(&file.safe_name(), file.bytes());
    }
    let size = |file: &File| terminal::count(file.bytes().len() as u64, "byte");
    // The sender chose the names: they are shown before one of them exists here.
    say!("{}:", terminal::count(bundle.files().len() as u64, "file"));
    for file in bundle.files() {
        say!("  {} ({})", file.safe_name(), size(file));
    }
    let mut misplaced = None;
    let mut elsewhere = |folder: &Path, error: &io::Error| {
        say!("{}", Failure::file("write into", folder, error));
        misplaced = Some(Failure::Here("some files were saved elsewhere than you wanted".to_owned()));
    };
    let folder = match folder {
        Some(folder) => Ok(folder.to_owned()),
        None => save::new_folder(Path::new("")).or_else(|error| {
            elsewhere(Path::new("."), &error);
            save::rescue_folder()
        }),
    };
    let mut lost = None;
    for file in bundle.files() {
        let name = file.safe_name();
        let saved = match &folder {
            Ok(folder) => save::into(folder, &name, file.bytes()).or_else(|error| {
                elsewhere(folder, &error);
                save::rescue(&name, file.bytes())
            }),
            Err(_) => save::rescue(&name, file.bytes()),
        };
        match saved {
            Ok(path) => say!("saved {} ({})", path.display(), size(file)),
            // The others, and the note, may still fit.
            Err(failure) => {
                say!("lost {name}: {failure}");
                lost = Some(failure);
            }
        }
    }
    let note = match bundle.note() {
        "" => Ok(()),
        note => write_out(NOTE, note.as_bytes()),
    };
    if let (Some(_), Err(failure)) = (&lost, &note) {
        say!("{failure}");
    }
    lost.map_or(note, Err).and(misplaced.map_or(Ok(()), Err))
}
