//! The recipient's page: reads the fragment, looks without a view, and reveals at a click.

mod attempt;
mod ended;
mod load;
mod ready;
mod revealed;

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use leptos::prelude::*;
use shared_crypto::messages::RevealRequest;
use shared_crypto::{Payload, RevealKeys, SecretLink};

use crate::browser::page::LeaveGuard;
use crate::browser::patience::Patience;
use crate::browser::{dom, page};
use attempt::Attempt;
use ended::Ended;
use load::{Secret, load, start};

/// A secret that nobody looks at is hidden after so long.
const ABSENCE: Duration = Duration::from_mins(2);

/// Everything between a link and the secret.
#[island]
pub fn Reveal(children: Children) -> impl IntoView {
    if cfg!(feature = "hydrate") {
        wake();
    }
    children()
}

/// What the page knows. All of it is in memory and nowhere else.
#[derive(Default)]
struct Reader {
    /// Kept for another try.
    link: RefCell<Option<SecretLink>>,
    secret: RefCell<Option<Rc<Secret>>>,
    attempt: Cell<Attempt>,
    /// An unanswered reveal is repeated with the same claim: it may have been granted, and is granted once.
    pending: RefCell<Option<(Rc<RevealKeys>, RevealRequest)>>,
    /// From the click to an answer: leaving could lose a view that was granted.
    guard: RefCell<Option<LeaveGuard>>,
    payload: RefCell<Option<Payload>>,
}

/// What the page shows: exactly one of these at any time.
enum Stage {
    /// The fragment is not read yet, or the envelope is on its way.
    Looking,
    /// It can be revealed.
    Ready(Rc<Secret>),
    /// It is here, decrypted.
    Revealed { payload: Payload, views_left: u8 },
    /// There is nothing to reveal.
    Ended(Ended),
}

const STAGES: [&str; 4] = ["looking", "ready", "revealed", "ended"];

fn wake() {
    page::reload_on_new_fragment();
    let reader = Rc::new(Reader::default());
    ready::wake(&reader);
    revealed::wake(&reader);
    let again = Rc::clone(&reader);
    dom::on_click("look-again", move || again.look());
    let left = Rc::clone(&reader);
    page::on_leave(move || left.forget());
    let away = Rc::clone(&reader);
    page::on_absence(ABSENCE, move || away.conceal(true));
    match start(&page::href()) {
        Ok(link) => {
            dom::show("exposed", link.is_exposed());
            reader.link.replace(Some(link));
            reader.look();
        }
        Err(ended) => reader.enter(Stage::Ended(ended)),
    }
}

impl Reader {
    /// Fetches the envelope.
    fn look(self: &Rc<Self>) {
        let Some(link) = self.link.borrow().clone() else { return };
        self.enter(Stage::Looking);
        let reader = Rc::clone(self);
        leptos::task::spawn_local(async move {
            let waited = Patience::new(
                "looking-status",
                "Still on its way: a slow line, or a large secret. Nothing was opened.",
            );
            let stage = load(link).await;
            drop(waited);
            reader.enter(stage);
        });
    }

    fn enter(self: &Rc<Self>, stage: Stage) {
        match stage {
            Stage::Looking => dom::show_one(&STAGES, "looking"),
            Stage::Ready(secret) => {
                ready::show(&secret);
                self.secret.replace(Some(secret));
                self.attempt(Attempt::Waiting);
                dom::show_one(&STAGES, "ready");
                page::focus("ready-title");
            }
            Stage::Revealed { payload, views_left } => {
                self.forget();
                revealed::show(self, &payload, views_left);
                self.payload.replace(Some(payload));
                self.conceal(false);
                dom::show_one(&STAGES, "revealed");
                page::focus("revealed-title");
            }
            Stage::Ended(ended) => {
                self.forget();
                ended::show(ended);
                dom::show_one(&STAGES, "ended");
                page::focus("ended-title");
            }
        }
    }

    /// Wipes the secret from the page, and what opens it from memory, but for the link of another try.
    fn forget(&self) {
        self.secret.take();
        self.pending.take();
        self.payload.take();
        crate::islands::passphrase::clear();
        revealed::clear();
    }
}
