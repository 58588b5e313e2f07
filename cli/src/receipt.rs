//! `ikrypt receipt` and `ikrypt burn`: the sender's own side.

use shared_crypto::messages::{ReceiptRequest, ReceiptResponse, SecretState};

use crate::args::{Burn, Receipt};
use crate::failure::Failure;
use crate::server::{PATIENCE, Server};
use crate::{input, link, terminal};

/// What became of the secret.
pub(crate) fn show(args: &Receipt) -> Result<(), Failure> {
    let (server, request) = asked(args)?;
    print(args, &server.call("receipt", &request, "Asking", PATIENCE)?)
}

/// Deletes it. Twice is once.
pub(crate) fn burn(args: &Burn) -> Result<(), Failure> {
    let (server, request) = asked(&args.receipt)?;
    if !args.yes && terminal::is_attended() {
        let question = "Burn it? It is deleted before it expires, and that cannot be undone.";
        if !terminal::confirm(question)? {
            return Err(Failure::Here("nothing was burned".to_owned()));
        }
    }
    print(&args.receipt, &server.call("burn", &request, "Burning", PATIENCE)?)
}

fn asked(args: &Receipt) -> Result<(Server, ReceiptRequest), Failure> {
    let text = input::link(args.link.as_deref())?;
    let link = link::receipt(&text)?;
    Ok((Server::of_link(link.origin())?, ReceiptRequest { token: link.token().encode() }))
}

fn print(args: &Receipt, answer: &ReceiptResponse) -> Result<(), Failure> {
    let text = if args.json {
        serde_json::to_string(answer).map_err(|error| Failure::Here(error.to_string()))? + "\n"
    } else {
        in_words(answer)
    };
    crate::print(text.as_bytes())
}

/// The state, and a line for each thing that happened. A release is not a reading: nobody can know that.
fn in_words(answer: &ReceiptResponse) -> String {
    let used = answer.viewed_at.len();
    let left = usize::from(answer.max_views).saturating_sub(used);
    let state = match answer.state {
        SecretState::Live => {
            let verb = if left == 1 { "is" } else { "are" };
            format!("Waiting: {} of {} {verb} left", left, terminal::count(answer.max_views, "view"))
        }
        SecretState::Viewed => "Opened to the last view, and deleted".to_owned(),
        SecretState::Expired => "Expired, and deleted".to_owned(),
        SecretState::Burned => "Burned, and deleted".to_owned(),
    };
    let mut lines = vec![state, format!("{}  created", terminal::moment(answer.created_at))];
    for at in &answer.viewed_at {
        lines.push(format!("{}  released to somebody who has the link", terminal::moment(*at)));
    }
    match (answer.state, answer.ended_at) {
        (SecretState::Burned, Some(at)) => lines.push(format!("{}  burned", terminal::moment(at))),
        (SecretState::Expired, Some(at)) => lines.push(format!("{}  expired", terminal::moment(at))),
        (SecretState::Live, _) => lines.push(format!("{}  expires", terminal::moment(answer.expires_at))),
        _ => {}
    }
    if answer.wrong_passphrases > 0 {
        lines.push(format!("{} tried", terminal::count(answer.wrong_passphrases, "wrong passphrase")));
    }
    lines.join("\n") + "\n"
}
