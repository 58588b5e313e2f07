//! One click away from the secret: passphrase, reveal, and what can go wrong with both.

use std::rc::Rc;
use std::time::Duration;

use shared_crypto::messages::{ErrorBody, RevealRequest, RevealResponse};
use shared_crypto::{Claim, Error, Kdf, RevealKeys, ServerShare, open};
use wasm_bindgen::JsCast;
use web_sys::KeyboardEvent;

use super::attempt::Attempt;
use super::ended::Ended;
use super::load::{Secret, refused};
use super::{Reader, Stage};
use crate::browser::api::{call_until_answered, sleep};
use crate::browser::page::LeaveGuard;
use crate::browser::{Failure, dom, page, stretch, time};
use crate::islands::passphrase;
use shared_crypto::format;

const PATIENCE_MS: u32 = 8_000;

pub(super) fn wake(reader: &Rc<Reader>) {
    passphrase::wake();
    let clicked = Rc::clone(reader);
    dom::on_click("reveal", move || clicked.reveal());
    let entered = Rc::clone(reader);
    dom::on("passphrase", "keydown", move |event| {
        let key = event.unchecked_ref::<KeyboardEvent>();
        // An Enter that ends the composition of a character is part of the typing.
        if event.is_trusted() && key.key() == "Enter" && !key.is_composing() {
            entered.reveal();
        }
    });
}

pub(super) fn show(secret: &Secret) {
    let Secret { views_left, expires_at, .. } = secret;
    let opens = if *views_left == 1 {
        "once".to_owned()
    } else {
        format!("{} more", format::times((*views_left).into()))
    };
    let (until, ahead) = (time::moment(*expires_at), time::relative(*expires_at));
    dom::say("promise", &format!("It can be opened {opens}, until {until} ({ahead})."));
    dom::say(
        "cost",
        if *views_left == 1 { "Opening uses up that view." } else { "Opening uses up one of them." },
    );
    dom::show("guarded", secret.link.kdf() == Kdf::Argon2id);
}

impl Reader {
    /// What a click on *Reveal secret* does.
    fn reveal(self: &Rc<Self>) {
        let Some(secret) = self.secret.borrow().clone() else { return };
        if self.attempt.get().is_busy() {
            return;
        }
        let guarded = secret.link.kdf() == Kdf::Argon2id;
        let typed = guarded.then(|| dom::field("passphrase").value());
        if typed.as_deref() == Some("") {
            self.attempt(Attempt::Problem("Enter the passphrase first."));
            return page::focus("passphrase");
        }
        // The link has done its work: from here on it is only in this page's memory.
        page::replace_path(&format!("/s/{}", secret.link.id().encode()));
        self.attempt(Attempt::Working(if guarded { "Checking the passphrase." } else { "Opening." }));
        let reader = Rc::clone(self);
        leptos::task::spawn_local(async move {
            let pending = reader.pending.borrow().clone();
            let request = match pending {
                Some(request) => Ok(request),
                None => prepare(&secret, typed).await,
            };
            let (keys, request) = match request {
                Ok(request) => request,
                Err(problem) => return reader.attempt(Attempt::Problem(problem)),
            };
            reader.pending.replace(Some((Rc::clone(&keys), request.clone())));
            reader.guard.replace(Some(LeaveGuard::new()));
            let on_silence =
                || reader.attempt(Attempt::Working("No answer yet, trying again. Keep this page open."));
            let answer: Result<RevealResponse, Failure> =
                call_until_answered("reveal", &request, PATIENCE_MS, on_silence).await;
            // None of these says what became of a request before it: only the same claim can be answered.
            match answer {
                Err(Failure::Silence | Failure::Refused { refusal: ErrorBody::StorageFull, .. }) => {
                    return reader.attempt(Attempt::NoAnswer);
                }
                Err(Failure::Refused { refusal: ErrorBody::RateLimited, .. }) => {
                    return reader.attempt(Attempt::Crowded);
                }
                _ => {}
            }
            reader.pending.take();
            reader.guard.take();
            reader.settle(answer, &secret, &keys);
        });
    }

    /// What an answered reveal leads to.
    fn settle(self: &Rc<Self>, answer: Result<RevealResponse, Failure>, secret: &Secret, keys: &RevealKeys) {
        match answer {
            Ok(RevealResponse { share, views_left }) => {
                let payload =
                    ServerShare::decode(&share).and_then(|share| open(&secret.envelope, keys, &share));
                self.enter(match payload {
                    Ok(payload) => Stage::Revealed { payload, views_left },
                    Err(_) => Stage::Ended(Ended::Tampered { spent: true }),
                });
            }
            Err(Failure::Refused { refusal: ErrorBody::WrongPassphrase { tries_left }, retry_after }) => {
                match retry_after {
                    None => self.attempt(Attempt::WrongPassphrase { tries_left }),
                    Some(seconds) => self.count_down(seconds),
                }
                page::focus("passphrase");
            }
            Err(Failure::Refused { refusal: ErrorBody::Locked, retry_after }) => {
                self.count_down(retry_after.unwrap_or(60));
            }
            Err(failure) => self.enter(Stage::Ended(refused(&failure))),
        }
    }

    /// Shows the seconds that are left, and then lets the reader try again.
    fn count_down(self: &Rc<Self>, seconds: u32) {
        let reader = Rc::clone(self);
        leptos::task::spawn_local(async move {
            let until = time::now_ms() + f64::from(seconds) * 1000.0;
            loop {
                let left = ((until - time::now_ms()) / 1000.0).ceil();
                if left <= 0.0 {
                    break;
                }
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "900 at most, and above 0"
                )]
                reader.attempt(Attempt::Locked { seconds: left as u32 });
                sleep(Duration::from_secs(1)).await;
            }
            reader.attempt(Attempt::Waiting);
            page::focus("passphrase");
        });
    }
}

/// Stretches the passphrase, where there is one, and makes the one request that is then repeated.
async fn prepare(
    secret: &Secret,
    typed: Option<String>,
) -> Result<(Rc<RevealKeys>, RevealRequest), &'static str> {
    const FAILED: &str =
        "Your browser could not do this. No view was used. Try again, or open the link in another browser.";
    let stretched = match typed {
        None => None,
        Some(typed) => Some(stretch::stretch(&typed, &secret.link.derive_salt()).await.map_err(|failure| match failure {
            stretch::Failure::Silence => "What checks passphrases could not be loaded. Check your connection and try again. No view was used.",
            stretch::Failure::Refused(Error::PassphraseLength) => "A passphrase has 1,024 bytes at most.",
            stretch::Failure::Refused(_) => "This device has not enough free memory to check the passphrase. Close some tabs and try again. No view was used.",
        })?),
    };
    let keys = secret.link.derive_keys(stretched.as_ref()).map_err(|_| FAILED)?;
    let request = RevealRequest {
        id: secret.link.id().encode(),
        access: keys.access().encode(),
        reveal: keys.reveal().encode(),
        claim: Claim::generate().map_err(|_| FAILED)?.encode(),
    };
    Ok((Rc::new(keys), request))
}
