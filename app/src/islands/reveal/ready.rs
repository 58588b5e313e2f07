//! One click away from the secret: passphrase, reveal, and what can go wrong with both.

use std::sync::Arc;
use std::time::Duration;

use leptos::prelude::*;
use shared_crypto::wire::{Refusal, RevealAnswer, RevealRequest};
use shared_crypto::{Claim, Kdf, Passphrase, RevealKeys, ServerShare, open};

use super::Stage;
use super::ended::Ended;
use super::load::{Secret, refused};
use crate::browser::api::{call_until_answered, sleep};
use crate::browser::page::LeaveGuard;
use crate::browser::{Failure, page, time};
use crate::components::{Notice, Tone};
use crate::islands::passphrase::PassphraseField;
use crate::phrase;

const PATIENCE_MS: u32 = 8_000;

/// What the button and the field show.
#[derive(Clone, PartialEq, Eq)]
enum Try {
    Waiting,
    Working(&'static str),
    WrongPassphrase { tries_left: u32 },
    Locked { seconds: u32 },
    NoAnswer,
    Problem(&'static str),
}

#[component]
pub(super) fn Ready(secret: Arc<Secret>, stage: RwSignal<Stage>) -> impl IntoView {
    let attempt = RwSignal::new(Try::Waiting);
    let passphrase = RwSignal::new(String::new());
    // An unanswered reveal is repeated with the same claim: it may have been granted, and is granted once.
    let pending = StoredValue::new_local(None::<(Arc<RevealKeys>, RevealRequest)>);
    // From the click to an answer: leaving could lose a view that was granted.
    let guard = StoredValue::new_local(None::<LeaveGuard>);
    let guarded = secret.link.kdf() == Kdf::Argon2id;
    let views_left = secret.views_left;
    let said = Memo::new(move |_| status(&attempt.get()).map(|(tone, text, _)| (tone, text)));
    let (until, ahead) = (time::moment(secret.expires_at), time::relative(secret.expires_at));

    let reveal = {
        let secret = Arc::clone(&secret);
        move || {
            if matches!(attempt.get_untracked(), Try::Working(_) | Try::Locked { .. }) {
                return;
            }
            if guarded && passphrase.with_untracked(String::is_empty) {
                attempt.set(Try::Problem("Enter the passphrase first."));
                page::focus("passphrase");
                return;
            }
            let secret = Arc::clone(&secret);
            // The link has done its work: from here on it is only in this page's memory.
            page::replace_path(&format!("/s/{}", secret.link.id().encode()));
            attempt.set(Try::Working(if guarded { "Checking the passphrase" } else { "Opening" }));
            leptos::task::spawn_local(async move {
                let request = match pending.get_value() {
                    Some(request) => Ok(request),
                    None => prepare(&secret, guarded.then(|| passphrase.get_untracked())).await,
                };
                let (keys, request) = match request {
                    Ok(request) => request,
                    Err(problem) => return attempt.set(Try::Problem(problem)),
                };
                pending.set_value(Some((Arc::clone(&keys), request.clone())));
                guard.set_value(Some(LeaveGuard::new()));
                let on_silence =
                    move || attempt.set(Try::Working("No answer yet, trying again. Keep this page open"));
                let answer: Result<RevealAnswer, Failure> =
                    call_until_answered("reveal", &request, PATIENCE_MS, on_silence).await;
                if answer == Err(Failure::Silence) {
                    return attempt.set(Try::NoAnswer);
                }
                pending.set_value(None);
                guard.set_value(None);
                settle(answer, &secret, &keys, attempt, stage);
            });
        }
    };
    let click = {
        let reveal = reveal.clone();
        move |event: leptos::ev::MouseEvent| {
            if event.is_trusted() {
                reveal();
            }
        }
    };
    let enter = move |event: leptos::ev::KeyboardEvent| {
        if event.is_trusted() && event.key() == "Enter" {
            reveal();
        }
    };

    view! {
        <h1 id="stage-title" tabindex="-1">"Somebody sent you a secret"</h1>
        <p class="lead">{format!("It can be opened {}, until {until} ({ahead}).", opens(views_left))}</p>
        {guarded.then(|| view! {
            <div class="field">
                <label for="passphrase">"Passphrase"</label>
                <p id="passphrase-help">"The sender told it to you another way. A wrong one uses up no view."</p>
                <PassphraseField
                    value=passphrase
                    described_by="passphrase-help attempt"
                    invalid=Signal::derive(move || matches!(attempt.get(), Try::WrongPassphrase { .. }))
                    disabled=Signal::derive(move || matches!(attempt.get(), Try::Working(_) | Try::Locked { .. } | Try::NoAnswer))
                    on_key=enter
                />
            </div>
        })}
        <div id="attempt">
            {move || said.get().map(|(tone, text)| view! { <Notice tone>{text}</Notice> })}
            {move || status(&attempt.get()).and_then(|(_, _, wait)| wait).map(|wait| view! { <p>{wait}</p> })}
        </div>
        <p>{if views_left == 1 { "Opening uses up that view." } else { "Opening uses up one of them." }}</p>
        <button
            type="button"
            class="primary"
            disabled=move || matches!(attempt.get(), Try::Working(_) | Try::Locked { .. })
            on:click=click
        >
            {move || if attempt.get() == Try::NoAnswer { "Try again" } else { "Reveal secret" }}
        </button>
    }
}

/// Stretches the passphrase, where there is one, and makes the one request that is then repeated.
async fn prepare(
    secret: &Secret,
    passphrase: Option<String>,
) -> Result<(Arc<RevealKeys>, RevealRequest), &'static str> {
    const FAILED: &str = "Your browser could not do this. Reload the page and try again. No view was used.";
    let stretched = match passphrase {
        None => None,
        Some(passphrase) => {
            let passphrase =
                Passphrase::new(&passphrase).map_err(|_| "A passphrase has 1,024 bytes at most.")?;
            // Stretching keeps the page busy: what it is doing should be on the screen first.
            sleep(Duration::from_millis(50)).await;
            Some(passphrase.stretch(&secret.link.derive_salt()).map_err(|_| {
                "This device has not enough free memory to check the passphrase. Close some tabs and try again. No view was used."
            })?)
        }
    };
    let keys = secret.link.derive_keys(stretched.as_ref()).map_err(|_| FAILED)?;
    let request = RevealRequest {
        id: secret.link.id().encode(),
        access: keys.access().encode(),
        reveal: keys.reveal().encode(),
        claim: Claim::generate().map_err(|_| FAILED)?.encode(),
    };
    Ok((Arc::new(keys), request))
}

/// What an answered reveal leads to.
fn settle(
    answer: Result<RevealAnswer, Failure>,
    secret: &Secret,
    keys: &RevealKeys,
    attempt: RwSignal<Try>,
    stage: RwSignal<Stage>,
) {
    match answer {
        Ok(RevealAnswer { share, views_left }) => {
            let payload = ServerShare::decode(&share).and_then(|share| open(&secret.envelope, keys, &share));
            stage.set(match payload {
                Ok(payload) => Stage::Revealed { payload: Arc::new(payload), views_left },
                Err(_) => Stage::Ended(Ended::Tampered { spent: true }),
            });
            page::focus("stage-title");
        }
        Err(Failure::Refused { refusal: Refusal::WrongPassphrase { tries_left }, retry_after }) => {
            match retry_after {
                None => attempt.set(Try::WrongPassphrase { tries_left }),
                Some(seconds) => count_down(attempt, seconds),
            }
            page::focus("passphrase");
        }
        Err(Failure::Refused { refusal: Refusal::Locked, retry_after }) => {
            count_down(attempt, retry_after.unwrap_or(60));
        }
        Err(Failure::Refused { refusal: Refusal::RateLimited, .. }) => {
            attempt.set(Try::Problem(
                "Too many requests from here. Wait a minute and try again. No view was used.",
            ));
        }
        Err(failure) => {
            stage.set(Stage::Ended(refused(&failure)));
            page::focus("stage-title");
        }
    }
}

/// Shows the seconds that are left, and then lets the reader try again.
fn count_down(attempt: RwSignal<Try>, seconds: u32) {
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
            attempt.set(Try::Locked { seconds: left as u32 });
            sleep(Duration::from_secs(1)).await;
        }
        attempt.set(Try::Waiting);
        page::focus("passphrase");
    });
}

fn opens(views_left: u8) -> String {
    if views_left == 1 { "once".to_owned() } else { format!("{} more", phrase::times(views_left)) }
}

/// What is said about an attempt, and what a screen reader reads of it. The seconds of a lock are not
/// read out again each second.
fn status(attempt: &Try) -> Option<(Tone, String, Option<String>)> {
    let alert = |text: String| Some((Tone::Alert, text, None));
    match attempt {
        Try::Waiting => None,
        Try::Working(what) => Some((Tone::Info, format!("{what}."), None)),
        Try::WrongPassphrase { tries_left } => alert(format!(
            "This passphrase is wrong. No view was used. {} left before a short wait.",
            match tries_left {
                1 => "1 try".to_owned(),
                _ => format!("{tries_left} tries"),
            },
        )),
        Try::Locked { seconds } => Some((
            Tone::Alert,
            "Too many wrong passphrases. No view was used.".to_owned(),
            Some(format!("You can try again in {}.", phrase::duration((*seconds).into()))),
        )),
        Try::NoAnswer => alert(
            "The server does not answer. Your view is not lost: keep this page open and try again, which does not use a second one.".to_owned(),
        ),
        Try::Problem(what) => alert((*what).to_owned()),
    }
}
