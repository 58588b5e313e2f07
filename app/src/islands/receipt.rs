//! The sender's page: what became of the secret, and burning it.

use leptos::either::{Either, EitherOf3};
use leptos::prelude::*;
use shared_crypto::wire::{ReceiptAnswer, ReceiptRequest, Refusal, State};
use shared_crypto::{Error, ReceiptLink};

use crate::browser::{Failure, call, page, time};
use crate::components::{Asleep, Notice, Tone};
use crate::phrase;

const PATIENCE_MS: u32 = 10_000;

#[derive(Clone)]
enum Stage {
    Loading,
    Shown(ReceiptAnswer),
    /// A headline, and what to do.
    Problem(&'static str, &'static str),
}

/// State, time line and burn, for whoever holds the receipt link.
#[island]
pub fn ReceiptView() -> impl IntoView {
    let stage = RwSignal::new(Stage::Loading);
    let token = StoredValue::new(None::<String>);
    let confirming = RwSignal::new(false);
    let ask = move |name: &'static str| {
        let Some(token) = token.get_value() else { return };
        leptos::task::spawn_local(async move {
            stage.set(match call(name, &ReceiptRequest { token }, PATIENCE_MS).await {
                Ok(answer) => Stage::Shown(answer),
                Err(failure) => problem(&failure),
            });
            confirming.set(false);
            page::focus("receipt-title");
        });
    };
    Effect::new(move || {
        page::reload_on_new_fragment();
        match ReceiptLink::parse(&page::href()) {
            Ok(link) => {
                token.set_value(Some(link.token().encode()));
                ask("receipt");
            }
            Err(Error::MissingFragment) => stage.set(Stage::Problem(
                "The part after # is missing",
                "A receipt link ends in #t= and a row of letters. Open it as you copied it.",
            )),
            Err(_) => stage.set(Stage::Problem(
                "This receipt link is damaged",
                "A part of it was lost or changed. Copy the whole link again.",
            )),
        }
    });
    let burn = move |event: leptos::ev::MouseEvent| {
        if event.is_trusted() {
            ask("burn");
        }
    };
    view! {
        <Asleep reassurance="nothing was changed"/>
        {move || match stage.get() {
            Stage::Loading => EitherOf3::A(view! {
                <h1>"What became of your secret"</h1>
                <p role="status">"One moment, looking it up."</p>
            }),
            Stage::Problem(title, what) => EitherOf3::B(view! {
                <h1 id="receipt-title" tabindex="-1">{title}</h1>
                <Notice tone=Tone::Alert>{what}</Notice>
                <button type="button" on:click=move |_| ask("receipt") hidden=token.get_value().is_none()>"Try again"</button>
            }),
            Stage::Shown(receipt) => EitherOf3::C(view! {
                <h1 id="receipt-title" tabindex="-1">{headline(&receipt)}</h1>
                {details(&receipt)}
                {(receipt.state == State::Live).then(|| view! {
                    <div class="row">
                        <button type="button" on:click=move |_| ask("receipt")>"Refresh"</button>
                        {move || if confirming.get() {
                            Either::Left(view! {
                                // Where the first click was, a second one changes nothing.
                                <button type="button" on:click=move |_| confirming.set(false)>"Keep it"</button>
                                <button type="button" class="danger" on:click=burn>"Yes, burn it"</button>
                            })
                        } else {
                            Either::Right(view! { <button type="button" on:click=move |_| confirming.set(true)>"Burn now"</button> })
                        }}
                    </div>
                    <p>"Burning deletes the secret before it expires. It cannot be undone, and takes back nothing that was opened before."</p>
                })}
            }),
        }}
    }
}

fn headline(receipt: &ReceiptAnswer) -> &'static str {
    match (receipt.state, receipt.viewed_at.is_empty()) {
        (State::Live, true) => "Not opened yet",
        (State::Live, false) => "Opened, with views left",
        (State::Viewed, _) => "Opened, and deleted",
        (State::Expired, true) => "Expired without being opened",
        (State::Expired, false) => "Expired",
        (State::Burned, _) => "Burned",
    }
}

fn details(receipt: &ReceiptAnswer) -> impl IntoView + use<> {
    let used = receipt.viewed_at.len();
    let views = format!("{used} of {}", phrase::count(receipt.max_views.into(), "view"));
    let line = |what: &str, when| view! { <li>{format!("{what} {}", time::moment(when))}</li> };
    let ended = receipt.ended_at.and_then(|at| match receipt.state {
        State::Burned => Some(line("Burned by you", at)),
        State::Expired => Some(line("Expired", at)),
        State::Live | State::Viewed => None,
    });
    let expires = (receipt.state == State::Live)
        .then(|| view! { <li>{format!("Expires {} ({})", time::moment(receipt.expires_at), time::relative(receipt.expires_at))}</li> });
    view! {
        <p>{views}" used."</p>
        <ol class="timeline">
            {line("Created", receipt.created_at)}
            {receipt.viewed_at.iter().map(|at| line("Released to somebody who has the link", *at)).collect_view()}
            {ended}
            {expires}
        </ol>
        {(receipt.wrong_passphrases > 0)
            .then(|| view! { <p>{phrase::count(receipt.wrong_passphrases.into(), "wrong passphrase")}" tried."</p> })}
    }
}

fn problem(failure: &Failure) -> Stage {
    match failure {
        Failure::Silence => Stage::Problem(
            "The server does not answer",
            "Nothing was changed. Check your connection and try again.",
        ),
        Failure::Refused { refusal: Refusal::Unavailable, .. } => Stage::Problem(
            "There is no receipt for this link",
            "Receipts are kept for a week after the secret's expiry. If this one should still be there, copy the whole link again.",
        ),
        Failure::Refused { refusal: Refusal::RateLimited, .. } => {
            Stage::Problem("Too many requests from here", "Wait a minute and try again.")
        }
        Failure::Refused { .. } => {
            Stage::Problem("The server did not accept this", "Reload the page and try again.")
        }
    }
}
