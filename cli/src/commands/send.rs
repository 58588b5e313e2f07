//! `ikrypt send`: encrypts a payload, stores it, and prints its link.

use indicatif::HumanBytes;
use serde_json::json;
use shared_crypto::messages::{Call, CreateResponse, ErrorBody};
use shared_crypto::{Generator, Passphrase, Payload, ReceiptLink, SealingKeys, SecretId, seal};
use zeroize::Zeroizing;

use crate::args::Send;
use crate::client::{CALL_TIMEOUT, CallError, ServerLimits};
use crate::error::CommandError;
use crate::terminal::notice;
use crate::{config, input, terminal};

/// The word list that the web page uses too.
const WORDS: &str = include_str!("../../../public/words.txt");
/// Generates passphrases of five words: 64 bits, out of reach for guesses that the server counts.
const PASSPHRASE_GENERATOR: Generator = Generator::Words(5);

/// A passphrase, with its text if it was generated here and must be shown.
struct Protection {
    passphrase: Passphrase,
    generated: Option<Zeroizing<String>>,
}

/// The links of a stored secret, and what the sender must know about it.
struct SentSecret {
    link: Zeroizing<String>,
    receipt: String,
    generated_passphrase: Option<Zeroizing<String>>,
    response: CreateResponse,
}

pub(crate) fn run(args: &Send) -> Result<(), CommandError> {
    let client = config::client(args.server.as_deref())?;
    let token = config::token(args, &client)?;
    let client = client.with_token(token);
    let ttl = u32::try_from(args.expires.as_secs())
        .map_err(|_| CommandError::Usage("--expires is longer than any server keeps a secret".to_owned()))?;
    let payload = input::read_payload(&args.files)?;
    let size = content_size(&payload);
    let limits = client.limits();
    if limits.max_secret_bytes.is_some_and(|max| size > max) {
        return Err(too_large(size, limits.max_secret_bytes));
    }
    limits.check(args.expires, args.views)?;
    let protection = choose_passphrase(args)?;

    let sealing_keys = SealingKeys::generate()?;
    let passphrase_key = match &protection {
        None => None,
        Some(protection) => {
            let _progress = terminal::spinner("Protecting with the passphrase");
            Some(protection.passphrase.derive_key(&sealing_keys.derive_salt())?)
        }
    };
    let sealed = seal(&payload, sealing_keys, passphrase_key.as_ref())?;
    drop(payload);
    let request = sealed.to_request(ttl, args.views);
    let response: CreateResponse = client
        .call(Call::Create, &request, "Sending", CALL_TIMEOUT)
        .map_err(|error| create_error(error, args, &limits, size))?;
    let id = SecretId::decode(&response.id)
        .map_err(|_| CommandError::Server("the server answered with a malformed id".to_owned()))?;
    let sent = SentSecret {
        link: Zeroizing::new(sealed.link(client.origin(), id).to_string()),
        receipt: ReceiptLink::new(client.origin(), sealed.receipt().clone()).to_string(),
        generated_passphrase: protection.and_then(|protection| protection.generated),
        response,
    };
    print(args, &sent)?;
    if args.qr {
        notice!("{}", terminal::qr_code(&sent.link)?);
    }
    if args.copy {
        terminal::copy(&sent.link)?;
        notice!("The link is in the clipboard.");
    }
    Ok(())
}

/// Prints the link to standard output and the rest to standard error, or everything as JSON. If standard output fails,
/// standard error still gets the receipt link, with which the secret can be burned.
fn print(args: &Send, sent: &SentSecret) -> Result<(), CommandError> {
    let expires_at = sent.response.expires_at;
    let printed = if args.json {
        let mut object = json!({
            "link": *sent.link,
            "receipt": sent.receipt,
            "expires_at": expires_at,
            "max_views": args.views,
        });
        if let Some(passphrase) = &sent.generated_passphrase {
            object["passphrase"] = json!(**passphrase);
        }
        terminal::print(format!("{object}\n").as_bytes())
    } else {
        terminal::print(format!("{}\n", *sent.link).as_bytes())
    };
    if !args.json || printed.is_err() {
        notice!("Opens {}, until {}.", terminal::times(args.views), terminal::local_time(expires_at));
        if let Some(passphrase) = &sent.generated_passphrase {
            notice!("Passphrase, to send another way: {}", **passphrase);
        }
        notice!("Receipt, for you: {}", sent.receipt);
    }
    printed
}

/// Generates a passphrase, reads it from a file, or asks for it, as the arguments say.
fn choose_passphrase(args: &Send) -> Result<Option<Protection>, CommandError> {
    let given = |passphrase| Ok(Some(Protection { passphrase, generated: None }));
    if args.generate_passphrase {
        let text = PASSPHRASE_GENERATOR.generate(WORDS)?;
        let passphrase = Passphrase::new(&text)?;
        return Ok(Some(Protection { passphrase, generated: Some(text) }));
    }
    if let Some(path) = &args.passphrase_file {
        return given(input::read_new_passphrase(path)?);
    }
    if args.passphrase {
        let [first, second] = terminal::hidden_lines(["Passphrase (not shown): ", "Once more: "])?;
        if first != second {
            return Err(CommandError::Usage("the two passphrases differ: nothing was sent".to_owned()));
        }
        return given(Passphrase::new(&first)?);
    }
    Ok(None)
}

/// Returns the bytes that a server's limit counts: those of the text, or of the files.
fn content_size(payload: &Payload) -> u64 {
    match payload {
        Payload::Text(text) => text.len() as u64,
        Payload::Files(bundle) => bundle.files().iter().map(|file| file.bytes().len() as u64).sum(),
        _ => 0,
    }
}

fn too_large(size: u64, max: Option<u64>) -> CommandError {
    let bytes = |bytes| format!("{} ({})", terminal::count(bytes, "byte"), HumanBytes(bytes));
    CommandError::Server(match max.filter(|max| size > *max) {
        Some(max) => format!(
            "too large: this server takes at most {}, and this has {}. Nothing was stored",
            bytes(max),
            bytes(size)
        ),
        None => format!(
            "too large: {} is more than this server, or a proxy in front of it, takes. Nothing was stored",
            bytes(size)
        ),
    })
}

/// Words the errors of `create` that depend on what was sent.
fn create_error(error: CallError, args: &Send, limits: &ServerLimits, size: u64) -> CommandError {
    let CallError::Rejected { body, .. } = &error else { return error.into() };
    match body {
        ErrorBody::TooLarge => too_large(size, limits.max_secret_bytes),
        ErrorBody::InvalidRequest => CommandError::Server(format!(
            "the server rejected this: {} or {} is outside its limits",
            terminal::duration(args.expires),
            terminal::count(args.views, "view"),
        )),
        ErrorBody::StorageFull => {
            CommandError::Server("the server has no room for another secret: try again later".to_owned())
        }
        _ => error.into(),
    }
}
