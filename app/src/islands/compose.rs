//! The sender's form, and the two links that come of it.

mod choice;
mod done;
mod draft;
mod files;
mod generator;
mod send;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use leptos::prelude::*;
use wasm_bindgen::JsCast;

use crate::browser::patience::Patience;
use crate::browser::{dom, page};
use crate::islands::passphrase;
#[cfg(feature = "ssr")]
pub(crate) use choice::CUSTOM;
use draft::{Draft, Problem};
use files::Files;
use send::{Sent, send};

/// The form, and in its place the links once the secret is on the server.
#[island]
pub fn Compose(children: Children) -> impl IntoView {
    if cfg!(feature = "hydrate") {
        wake();
    }
    children()
}

/// What the form knows beside what stands in its fields.
#[derive(Default)]
struct Form {
    files: Files,
    /// The last paste, line ends included.
    pasted: RefCell<String>,
    sending: Cell<bool>,
    sent: RefCell<Option<Sent>>,
}

fn wake() {
    let form = Rc::new(Form::default());
    choice::wake();
    files::wake(&form);
    generator::wake(&form);
    passphrase::wake();
    done::wake(&form);

    let written = Rc::clone(&form);
    dom::on("secret", "input", move |_| written.count());
    let pasted = Rc::clone(&form);
    dom::on("secret", "paste", move |event| {
        pasted.pasted.replace(page::pasted_text(event.unchecked_ref()));
    });
    let create = Rc::clone(&form);
    dom::on_click("create", move || create.create());
    let left = Rc::clone(&form);
    page::on_leave(move || {
        left.clear();
        left.sent.take();
        done::clear();
    });

    dom::area("secret").set_placeholder("Paste a password, a key or an .env file");
    form.count();
    dom::disable("form", false);
    // A browser gives the focus to no field that is disabled.
    if dom::at("secret").autofocus() && page::has_no_focus() {
        page::focus("secret");
    }
}

impl Form {
    /// Bytes that would be sent now, against the limit.
    fn count(&self) {
        let size = draft::Size::of(&dom::area("secret").value(), &self.files);
        dom::say("counter", &size.in_words());
        dom::attribute("counter", "data-over", size.is_over().then_some(""));
        let problem = if size.is_over() { size.problem() } else { String::new() };
        draft::complain(&Problem { field: "secret", text: problem });
    }

    fn create(self: &Rc<Self>) {
        if self.sending.get() {
            return;
        }
        let draft = match Draft::read(self) {
            Ok(draft) => draft,
            Err(problem) => {
                draft::complain(&problem);
                return page::focus(problem.field);
            }
        };
        draft::complain(&Problem::default());
        self.busy(true);
        let form = Rc::clone(self);
        leptos::task::spawn_local(async move {
            let waited = Patience::new(
                "sending",
                "Still on its way: a slow line, or large files. Your text stays here until the server has it.",
            );
            let sent = send(draft).await;
            drop(waited);
            form.busy(false);
            match sent {
                Ok(sent) => {
                    form.clear();
                    done::show(&sent);
                    form.sent.replace(Some(sent));
                }
                Err(text) => {
                    draft::complain(&Problem { field: "", text });
                    page::focus("create");
                }
            }
        });
    }

    fn busy(&self, busy: bool) {
        self.sending.set(busy);
        dom::disable("form", busy);
        dom::show("progress", busy);
        dom::say("create", if busy { "Encrypting and sending" } else { "Create link" });
    }

    /// Forgets what was written.
    fn clear(&self) {
        dom::area("secret").set_value("");
        self.pasted.take();
        self.files.clear();
        passphrase::clear();
        dom::say("passphrase-made", "");
        generator::describe();
        self.count();
    }

    /// Empty again, for another secret.
    fn start_again(&self) {
        self.sent.take();
        done::clear();
        dom::show("done", false);
        dom::show("write", true);
        page::focus("secret");
    }
}
