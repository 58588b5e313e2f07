//! `ikrypt send`: from what is typed, piped or named to the two links.

use indicatif::HumanBytes;
use qrcodegen::{QrCode, QrCodeEcc};
use serde_json::json;
use shared_crypto::messages::{CreateResponse, ErrorBody};
use shared_crypto::{Generator, Passphrase, Payload, ReceiptLink, SealingKeys, SecretId, seal};
use zeroize::Zeroizing;

use crate::args::Send;
use crate::failure::Failure;
use crate::server::{Limits, No, PATIENCE};
use crate::{clipboard, config, input, terminal};

/// The same list as the page's.
const WORDS: &str = include_str!("../../public/words.txt");
/// Five words are 64 bits: far out of reach where tries are counted.
const RECIPE: Generator = Generator::Words(5);

/// A passphrase, and its text where it was made up here and must be said.
struct Protection {
    passphrase: Passphrase,
    made_up: Option<Zeroizing<String>>,
}

pub(crate) fn run(args: &Send) -> Result<(), Failure> {
    let server = config::server(args.server.as_deref())?;
    let token = config::token(args, &server)?;
    let server = server.with_token(token);
    let ttl = u32::try_from(args.expires.as_secs())
        .map_err(|_| Failure::Usage("--expires is longer than any server keeps a secret".to_owned()))?;
    let payload = input::payload(&args.files)?;
    let size = size(&payload);
    let limits = server.limits();
    if limits.max_secret_bytes.is_some_and(|most| size > most) {
        return Err(too_large(size, limits.max_secret_bytes));
    }
    limits.check(args.expires, args.views)?;
    let protection = protection(args)?;

    let fresh = SealingKeys::generate()?;
    let stretched = match &protection {
        None => None,
        Some(protection) => {
            let _progress = terminal::spinner("Protecting with the passphrase");
            Some(protection.passphrase.derive_key(&fresh.derive_salt())?)
        }
    };
    let sealed = seal(&payload, fresh, stretched.as_ref())?;
    drop(payload);
    let request = sealed.to_request(ttl, args.views);
    let answer: CreateResponse = server
        .call("create", &request, "Sending", PATIENCE)
        .map_err(|no| refused(no, args, &limits, size))?;
    let id = SecretId::decode(&answer.id)
        .map_err(|_| Failure::Server("the server answered with an id that is none".to_owned()))?;
    let link = Zeroizing::new(sealed.link(server.origin(), id).to_string());
    let receipt = ReceiptLink::new(server.origin(), sealed.receipt().clone()).to_string();
    let made_up = protection.and_then(|protection| protection.made_up);

    let printed = if args.json {
        let mut said = json!({
            "link": *link,
            "receipt": receipt,
            "expires_at": answer.expires_at,
            "max_views": args.views,
        });
        if let Some(text) = &made_up {
            said["passphrase"] = json!(**text);
        }
        crate::print(format!("{said}\n").as_bytes())
    } else {
        crate::print(format!("{}\n", *link).as_bytes())
    };
    // Also where nobody got the link: with its receipt it can be burned.
    if !args.json || printed.is_err() {
        say!("Opens {}, until {}.", terminal::times(args.views), terminal::moment(answer.expires_at));
        if let Some(text) = &made_up {
            say!("Passphrase, to be sent another way: {}", **text);
        }
        say!("Receipt, for you: {receipt}");
    }
    printed?;
    if args.qr {
        say!("{}", qr_code(&link)?);
    }
    if args.copy {
        clipboard::copy(&link)?;
        say!("The link is in the clipboard.");
    }
    Ok(())
}

fn protection(args: &Send) -> Result<Option<Protection>, Failure> {
    let given = |passphrase| Ok(Some(Protection { passphrase, made_up: None }));
    if args.generate_passphrase {
        let text = RECIPE.generate(WORDS)?;
        let passphrase = Passphrase::new(&text)?;
        return Ok(Some(Protection { passphrase, made_up: Some(text) }));
    }
    if let Some(path) = &args.passphrase_file {
        return given(input::new_passphrase_file(path)?);
    }
    if args.passphrase {
        let [first, again] = terminal::hidden_lines(["Passphrase (not shown): ", "Once more: "])?;
        if first != again {
            return Err(Failure::Usage("the two passphrases differ: nothing was sent".to_owned()));
        }
        return given(Passphrase::new(&first)?);
    }
    Ok(None)
}

/// The bytes that a server's limit counts: those of the text, or of the files.
fn size(payload: &Payload) -> u64 {
    match payload {
        Payload::Text(text) => text.len() as u64,
        Payload::Files(bundle) => bundle.files().iter().map(|file| file.bytes().len() as u64).sum(),
        _ => 0,
    }
}

fn too_large(size: u64, most: Option<u64>) -> Failure {
    let said = |bytes| format!("{} ({})", terminal::count(bytes, "byte"), HumanBytes(bytes));
    Failure::Server(match most.filter(|most| size > *most) {
        Some(most) => {
            format!(
                "too large: this server takes at most {}, and this has {}. Nothing was stored",
                said(most),
                said(size)
            )
        }
        None => format!(
            "{} are larger than this server, or a proxy before it, takes: nothing was stored",
            said(size)
        ),
    })
}

fn refused(no: No, args: &Send, limits: &Limits, size: u64) -> Failure {
    let No::Refused { refusal, .. } = &no else { return no.into() };
    match refusal {
        ErrorBody::TooLarge => too_large(size, limits.max_secret_bytes),
        ErrorBody::InvalidRequest => Failure::Server(format!(
            "the server does not take this: {} or {} is outside its limits",
            terminal::duration(args.expires),
            terminal::count(args.views, "view"),
        )),
        ErrorBody::StorageFull => {
            Failure::Server("the server has no room for another secret right now: try again later".to_owned())
        }
        _ => no.into(),
    }
}

/// Two rows of modules in a line of text, dark on light whatever the terminal's colours are.
fn qr_code(text: &str) -> Result<String, Failure> {
    const MARGIN: i32 = 2;
    let code = QrCode::encode_text(text, QrCodeEcc::Low)
        .map_err(|error| Failure::Here(format!("the link was made, but not its QR code: {error}")))?;
    let range = -MARGIN..code.size() + MARGIN;
    let row = |y: i32| -> String {
        let block = |x| match (code.get_module(x, y), code.get_module(x, y + 1)) {
            (true, true) => '█',
            (true, false) => '▀',
            (false, true) => '▄',
            (false, false) => ' ',
        };
        format!("\x1b[30;107m{}\x1b[0m", range.clone().map(block).collect::<String>())
    };
    Ok(range.clone().step_by(2).map(row).collect::<Vec<_>>().join("\n"))
}
