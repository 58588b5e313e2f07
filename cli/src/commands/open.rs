//! `ikrypt open`: loads a secret, asks, reveals it, and writes its content.
//!
//! Everything that can fail is tried before the view is used. After that, the content is written to a temporary folder
//! if it cannot be written elsewhere.

mod output;
mod reveal;

use std::io::{self, IsTerminal as _};

use serde_json::json;
use shared_crypto::messages::{Call, ErrorBody, OpenRequest, OpenResponse, SecretState};
use shared_crypto::{Envelope, Error, Kdf, Payload, SecretLink};

use crate::args::Open;
use crate::client::{CALL_TIMEOUT, CallError};
use crate::error::CommandError;
use crate::terminal::notice;
use crate::{config, input, link, save, terminal};
use reveal::Revealer;

/// Printed if a view was used and the content cannot be decrypted.
const TAMPERED: &str = "the secret on the server is not what the sender sent: it was changed or damaged. A view was used. Tell the sender";

pub(crate) fn run(args: &Open) -> Result<(), CommandError> {
    let text = input::read_link(args.link.as_deref())?;
    let link = link::parse_secret_link(&text)?;
    if link.is_exposed() {
        notice!(
            "The # in this link was encoded on the way. A browser that follows such a link sends the key to a server, for example of a mail gateway. Tell the sender."
        );
    }
    let client = config::client_for_link(link.origin())?;
    let request = OpenRequest { id: link.id().encode(), access: link.derive_access().encode() };
    let response: OpenResponse =
        client.call(Call::Open, &request, "Loading", CALL_TIMEOUT).map_err(open_error)?;
    // The check in the link holds, so a malformed envelope was changed on the server.
    let envelope = Envelope::decode(&response.envelope).map_err(|_| Error::HeaderMismatch)?;
    link.check_envelope(&envelope)?;
    if args.peek {
        return peek(args, &link, &response);
    }
    if let Some(folder) = &args.output {
        save::prepare_folder(folder)?;
    }
    let is_interactive = terminal::is_interactive();
    notice!("{}", describe(&response));
    // A program that passes the link as an argument and has no terminal as standard input is not asked.
    let may_ask = io::stdin().is_terminal() || args.link.as_deref().is_none_or(|link| link == "-");
    if is_interactive && may_ask && !args.yes {
        let question = if response.views_left == 1 {
            "Open it and use the last view?"
        } else {
            "Open it and use a view?"
        };
        if !terminal::confirm(question)? {
            return Err(CommandError::Local("nothing was opened, and no view was used".to_owned()));
        }
    }
    let revealer = Revealer { client: &client, link: &link };
    let (keys, share) = revealer.run(args.passphrase_file.as_deref(), is_interactive)?;
    let payload = shared_crypto::open(&envelope, &keys, &share)
        .map_err(|_| CommandError::Tampered(TAMPERED.to_owned()))?;
    match payload {
        Payload::Text(text) => output::write_text(&text),
        Payload::Files(bundle) => output::save_files(args.output.as_deref(), &bundle),
        _ => Err(CommandError::Tampered(
            "this version cannot read this kind of secret. A view was used. Install a newer version"
                .to_owned(),
        )),
    }
}

/// Words the errors of `open` and `reveal` for a secret that has ended.
fn open_error(error: CallError) -> CommandError {
    let CallError::Rejected { body: ErrorBody::Gone { state, ended_at }, .. } = &error else {
        return error.into();
    };
    let ended_at = terminal::local_time(*ended_at);
    CommandError::Gone(match state {
        SecretState::Burned => format!("the sender burned this secret at {ended_at}. Ask for a new link"),
        SecretState::Expired => {
            format!("this secret expired at {ended_at}, and was deleted. Ask for a new link")
        }
        SecretState::Viewed | SecretState::Live => format!(
            "this secret was opened at {ended_at}, and then deleted. If that was not you, tell the sender: another person may have read it"
        ),
    })
}

/// Prints what is known about a secret without using a view.
fn peek(args: &Open, link: &SecretLink, response: &OpenResponse) -> Result<(), CommandError> {
    let needs_passphrase = link.kdf() != Kdf::None;
    let text = if args.json {
        let OpenResponse { max_views, views_left, created_at, expires_at, .. } = response;
        json!({
            "passphrase": needs_passphrase,
            "max_views": max_views,
            "views_left": views_left,
            "created_at": created_at,
            "expires_at": expires_at,
        })
        .to_string()
    } else {
        let passphrase = if needs_passphrase { " It needs a passphrase." } else { "" };
        format!("{}{passphrase}", describe(response))
    };
    terminal::print(format!("{text}\n").as_bytes())
}

fn describe(response: &OpenResponse) -> String {
    format!(
        "This secret can be opened {} more, until {}.",
        terminal::times(response.views_left),
        terminal::local_time(response.expires_at)
    )
}
