//! The sender's page: what became of the secret, and burning it.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use leptos::prelude::*;
use shared_crypto::messages::{ErrorBody, ReceiptRequest, ReceiptResponse, SecretState};
use shared_crypto::{Error, ReceiptLink};

use crate::browser::api::{call_until_answered, sleep};
use crate::browser::patience::Patience;
use crate::browser::{Failure, call, dom, page, time};
use shared_crypto::format;

const PATIENCE_MS: u32 = 10_000;
/// A page that somebody looks at asks again after so long.
const REFRESH: Duration = Duration::from_secs(10);

const STAGES: [&str; 3] = ["looking", "shown", "failed"];

/// State, time line and burn, for whoever holds the receipt link.
#[island]
pub fn Receipt(children: Children) -> impl IntoView {
    if cfg!(feature = "hydrate") {
        wake();
    }
    children()
}

/// What the page knows.
struct Sender {
    token: String,
    last: RefCell<Option<ReceiptResponse>>,
    /// How often somebody has asked.
    asked: Cell<u32>,
}

/// A headline, and what to do.
struct Problem(&'static str, &'static str);

fn wake() {
    page::reload_on_new_fragment();
    let token = match ReceiptLink::parse(&page::href()) {
        Ok(link) => link.token().encode(),
        Err(error) => {
            dom::show("ask-again", false);
            return fail(&match error {
                Error::MissingFragment => Problem(
                    "The part after # is missing",
                    "A receipt link ends in #t= and a row of letters. Open it as you copied it.",
                ),
                _ => Problem(
                    "This receipt link is damaged",
                    "A part of it was lost or changed. Copy the whole link again.",
                ),
            });
        }
    };
    let sender = Rc::new(Sender { token, last: RefCell::default(), asked: Cell::default() });
    for id in ["refresh", "ask-again"] {
        let asked = Rc::clone(&sender);
        dom::on_click(id, move || asked.ask("receipt"));
    }
    dom::on_click("burn", || {
        confirm(true);
        page::focus("keep");
    });
    dom::on_click("keep", || {
        confirm(false);
        page::focus("burn");
    });
    let burned = Rc::clone(&sender);
    dom::on_click("burn-indeed", move || burned.ask("burn"));
    let seen = Rc::clone(&sender);
    page::on_visibility(move |visible| {
        if visible {
            seen.follow();
        }
    });
    sender.ask("receipt");
    leptos::task::spawn_local(async move {
        loop {
            sleep(REFRESH).await;
            if page::is_visible() {
                sender.follow();
            }
        }
    });
}

impl Sender {
    /// Asks because somebody wants to know, and moves the focus to the answer. Burning twice is burning once,
    /// so that is repeated until it is answered.
    fn ask(self: &Rc<Self>, name: &'static str) {
        self.asked.set(self.asked.get() + 1);
        let sender = Rc::clone(self);
        leptos::task::spawn_local(async move {
            let request = ReceiptRequest { token: sender.token.clone() };
            let waited = Patience::new("asking", "No answer yet.");
            let answer = match name {
                "burn" => call_until_answered(name, &request, PATIENCE_MS, || {}).await,
                _ => call(name, &request, PATIENCE_MS).await,
            };
            drop(waited);
            match answer {
                Ok(answer) => {
                    show(&answer);
                    sender.last.replace(Some(answer));
                    confirm(false);
                    dom::show_one(&STAGES, "shown");
                    page::focus("shown-title");
                }
                Err(Failure::Silence) if name == "burn" => fail(&Problem(
                    "The server does not answer",
                    "It is not known whether the secret was burned. Check your connection and try again to see.",
                )),
                Err(failure) => fail(&problem(&failure)),
            }
        });
    }

    /// Asks by itself, as long as something can still happen. What changed is announced, and the focus
    /// stays where it is.
    fn follow(self: &Rc<Self>) {
        if !self.last.borrow().as_ref().is_some_and(|last| last.state == SecretState::Live) {
            return;
        }
        let (sender, asked) = (Rc::clone(self), self.asked.get());
        leptos::task::spawn_local(async move {
            let request = ReceiptRequest { token: sender.token.clone() };
            // No answer is no news: whoever wants to know it now presses Refresh.
            let Ok(answer) = call::<_, ReceiptResponse>("receipt", &request, PATIENCE_MS).await else {
                return;
            };
            // Somebody has asked in between, and this answer may be the older one.
            if sender.asked.get() != asked {
                return;
            }
            show(&answer);
            let last = sender.last.replace(Some(answer.clone()));
            if last.is_some_and(|last| last != answer) {
                dom::say("news", headline(&answer));
            }
        });
    }
}

fn confirm(asking: bool) {
    dom::show("burn", !asking);
    dom::show("keep", asking);
    dom::show("burn-indeed", asking);
}

fn fail(problem: &Problem) {
    dom::say("failed-title", problem.0);
    dom::say("failed-text", problem.1);
    dom::show_one(&STAGES, "failed");
    page::focus("failed-title");
}

fn show(receipt: &ReceiptResponse) {
    let is_live = receipt.state == SecretState::Live;
    dom::say("shown-title", headline(receipt));
    let used = receipt.viewed_at.len();
    dom::say("views", &format!("{used} of {} used.", format::count(receipt.max_views.into(), "view")));
    let wrong = match receipt.wrong_passphrases {
        0 => String::new(),
        wrong => format!("{} tried.", format::count(wrong.into(), "wrong passphrase")),
    };
    dom::announce("wrong", &wrong);
    let line = dom::at("timeline");
    line.set_text_content(None);
    for (class, text) in events(receipt) {
        dom::append(&line, &dom::element("li", class, &text));
    }
    dom::show("live", is_live);
}

fn headline(receipt: &ReceiptResponse) -> &'static str {
    match (receipt.state, receipt.viewed_at.is_empty()) {
        (SecretState::Live, true) => "Not opened yet",
        (SecretState::Live, false) => "Opened, with views left",
        (SecretState::Viewed, _) => "Opened, and deleted",
        (SecretState::Expired, true) => "Expired without being opened",
        (SecretState::Expired, false) => "Expired",
        (SecretState::Burned, _) => "Burned",
    }
}

/// What happened, in its order, and what will; each with how it looks.
fn events(receipt: &ReceiptResponse) -> Vec<(&'static str, String)> {
    let at = |what: &str, when| format!("{what} {}", time::moment(when));
    let mut events = vec![("", at("Created", receipt.created_at))];
    events.extend(
        receipt.viewed_at.iter().map(|when| ("viewed", at("Released to somebody who has the link", *when))),
    );
    match (receipt.state, receipt.ended_at) {
        (SecretState::Burned, Some(when)) => events.push(("ended", at("Burned by you", when))),
        (SecretState::Expired, Some(when)) => events.push(("ended", at("Expired", when))),
        (SecretState::Viewed, Some(when)) => events.push(("ended", at("Deleted with the last view", when))),
        (SecretState::Live, _) => {
            let ahead = time::relative(receipt.expires_at);
            events.push(("ahead", format!("{} ({ahead})", at("Expires", receipt.expires_at))));
        }
        _ => {}
    }
    events
}

fn problem(failure: &Failure) -> Problem {
    match failure {
        Failure::Silence => {
            Problem("The server does not answer", "Nothing was changed. Check your connection and try again.")
        }
        Failure::Refused { refusal: ErrorBody::NotFound, .. } => Problem(
            "There is no receipt for this link",
            "Receipts are kept for a week after the secret's expiry. If this one should still be there, copy the whole link again.",
        ),
        Failure::Refused { refusal: ErrorBody::RateLimited, .. } => {
            Problem("Too many requests from here", "Wait a minute and try again.")
        }
        Failure::Refused { .. } => {
            Problem("The server did not accept this", "Reload the page and try again.")
        }
    }
}
