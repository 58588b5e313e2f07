//! `ikrypt burn`: deletes a secret before it expires.

use shared_crypto::messages::Call;

use super::receipt;
use crate::args::Burn;
use crate::client::CALL_TIMEOUT;
use crate::error::CommandError;
use crate::terminal;

pub(crate) fn run(args: &Burn) -> Result<(), CommandError> {
    let (client, request) = receipt::prepare(&args.receipt)?;
    if !args.yes && terminal::is_interactive() {
        let question = "Burn this secret? It is deleted at once, and this cannot be undone.";
        if !terminal::confirm(question)? {
            return Err(CommandError::Local("nothing was burned".to_owned()));
        }
    }
    let receipt = client.call(Call::Burn, &request, "Burning", CALL_TIMEOUT)?;
    receipt::print(&receipt, args.receipt.json)
}
