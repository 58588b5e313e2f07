//! `ikrypt receipt`: shows the status of a secret to its sender.

use shared_crypto::messages::{Call, ReceiptRequest, ReceiptResponse, SecretState};

use crate::args::Receipt;
use crate::client::{CALL_TIMEOUT, Client};
use crate::error::CommandError;
use crate::{config, input, link, terminal};

pub(crate) fn run(args: &Receipt) -> Result<(), CommandError> {
    let (client, request) = prepare(args)?;
    let receipt = client.call(Call::Receipt, &request, "Loading", CALL_TIMEOUT)?;
    print(&receipt, args.json)
}

/// Reads the receipt link, and returns the client for its server and the request body.
pub(super) fn prepare(args: &Receipt) -> Result<(Client, ReceiptRequest), CommandError> {
    let text = input::read_link(args.link.as_deref())?;
    let link = link::parse_receipt_link(&text)?;
    Ok((config::client_for_link(link.origin())?, ReceiptRequest { token: link.token().encode() }))
}

/// Prints a receipt, as JSON or in words.
pub(super) fn print(receipt: &ReceiptResponse, as_json: bool) -> Result<(), CommandError> {
    let text = if as_json {
        serde_json::to_string(receipt).map_err(|error| CommandError::Local(error.to_string()))? + "\n"
    } else {
        describe(receipt)
    };
    terminal::print(text.as_bytes())
}

/// Describes a receipt: the state, and a line for each event. A view means that the key share was released; whether a
/// person read the secret cannot be known.
fn describe(receipt: &ReceiptResponse) -> String {
    let views_left = usize::from(receipt.max_views).saturating_sub(receipt.viewed_at.len());
    let state = match receipt.state {
        SecretState::Live => {
            let verb = if views_left == 1 { "is" } else { "are" };
            let max_views = terminal::count(receipt.max_views, "view");
            format!("Waiting: {views_left} of {max_views} {verb} left")
        }
        SecretState::Viewed => "Last view used, and deleted".to_owned(),
        SecretState::Expired => "Expired, and deleted".to_owned(),
        SecretState::Burned => "Burned, and deleted".to_owned(),
    };
    let mut lines = vec![state, format!("{}  created", terminal::local_time(receipt.created_at))];
    for viewed_at in &receipt.viewed_at {
        lines.push(format!("{}  released to a holder of the link", terminal::local_time(*viewed_at)));
    }
    let end = match (receipt.state, receipt.ended_at) {
        (SecretState::Burned, Some(ended_at)) => Some((ended_at, "burned")),
        (SecretState::Expired, Some(ended_at)) => Some((ended_at, "expired")),
        (SecretState::Live, _) => Some((receipt.expires_at, "expires")),
        _ => None,
    };
    lines.extend(end.map(|(time, event)| format!("{}  {event}", terminal::local_time(time))));
    if receipt.wrong_passphrases > 0 {
        lines.push(format!("{} tried", terminal::count(receipt.wrong_passphrases, "wrong passphrase")));
    }
    lines.join("\n") + "\n"
}
