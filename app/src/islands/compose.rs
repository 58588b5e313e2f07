//! The sender's form, and the two links that come of it.

mod choice;
mod done;
mod send;

use leptos::either::Either;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::browser::page;
use crate::components::{Asleep, Notice, Tone, hush};
use crate::islands::passphrase::PassphraseField;
use crate::phrase;
use choice::Choice;
use done::Done;
use send::{Draft, Sent, send};

/// What the operator allows, as far as the form must know.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct SendLimits {
    /// Most bytes of a secret.
    pub max_bytes: u32,
    /// Longest life, in seconds.
    pub max_ttl: u32,
    /// Most views.
    pub max_views: u8,
}

const TTLS: [u32; 6] = [600, 3_600, 86_400, 259_200, 604_800, 2_592_000];
const USUAL_TTL: u32 = 86_400;
const VIEWS: [u8; 4] = [1, 3, 5, 10];

#[derive(Clone)]
enum Stage {
    Writing { problem: Option<String> },
    Sending,
    Done(Sent),
}

/// What the operator allows of the usual choices; at least the one that is allowed at the most.
fn allowed<T: Copy + PartialOrd>(usual: &[T], most: T) -> Vec<T> {
    let mut options: Vec<T> = usual.iter().copied().filter(|option| *option <= most).collect();
    if options.is_empty() {
        options.push(most);
    }
    options
}

/// The form, and in its place the links once the secret is on the server.
#[island]
pub fn Compose(limits: SendLimits) -> impl IntoView {
    let awake = RwSignal::new(false);
    // Effects run in the browser only: until then the fields are disabled, and nothing can be typed
    // into a page that would lose it.
    Effect::new(move || awake.set(true));

    let stage = RwSignal::new(Stage::Writing { problem: None });
    let text = RwSignal::new(String::new());
    let pasted = StoredValue::new(String::new());
    let ttl = RwSignal::new(USUAL_TTL.min(limits.max_ttl));
    let views = RwSignal::new(1_u8);
    let passphrase = RwSignal::new(String::new());

    let create = move |event: leptos::ev::MouseEvent| {
        if !event.is_trusted() {
            return;
        }
        let draft = Draft {
            text: send::with_line_ends(text.get_untracked(), pasted.get_value()),
            passphrase: passphrase.get_untracked(),
            ttl: ttl.get_untracked(),
            views: views.get_untracked(),
        };
        if let Err(problem) = draft.check(limits) {
            stage.set(Stage::Writing { problem: Some(problem) });
            page::focus("secret");
            return;
        }
        stage.set(Stage::Sending);
        leptos::task::spawn_local(async move {
            match send(draft).await {
                Ok(sent) => {
                    text.set(String::new());
                    pasted.set_value(String::new());
                    passphrase.set(String::new());
                    stage.set(Stage::Done(sent));
                    page::focus("done-title");
                }
                Err(problem) => stage.set(Stage::Writing { problem: Some(problem) }),
            }
        });
    };
    let again = move || {
        stage.set(Stage::Writing { problem: None });
        page::focus("secret");
    };

    let sending = Memo::new(move |_| matches!(stage.get(), Stage::Sending));
    let problem = Memo::new(move |_| match stage.get() {
        Stage::Writing { problem } => problem,
        _ => None,
    });
    let done = Memo::new(move |_| match stage.get() {
        Stage::Done(sent) => Some(sent),
        _ => None,
    });
    let form = move || {
        view! {
            <Asleep reassurance="nothing was sent"/>
            <fieldset class="form" disabled=move || !awake.get() || sending.get()>
                <legend class="visually-hidden">"Your secret"</legend>
                <label for="secret">"Your secret"</label>
                <textarea
                    id="secret"
                    class="secret"
                    rows="6"
                    placeholder=move || if awake.get() { "Paste a password, a key or an .env file" } else { "One moment, the page is waking up" }
                    aria-describedby="secret-problem"
                    aria-invalid=move || problem.get().is_some().then_some("true")
                    {..hush()}
                    prop:value=move || text.get()
                    on:input=move |event| text.set(event_target_value(&event))
                    on:paste=move |event| pasted.set_value(page::pasted_text(&event))
                ></textarea>
                <div id="secret-problem">
                    {move || problem.get().map(|problem| view! { <Notice tone=Tone::Alert>{problem}</Notice> })}
                </div>
                <div class="row">
                    <Choice id="ttl" label="Expires after" value=ttl options=allowed(&TTLS, limits.max_ttl) say=|ttl| phrase::duration(ttl.into())/>
                    <Choice id="views" label="Can be opened" value=views options=allowed(&VIEWS, limits.max_views) say=phrase::times/>
                </div>
                <details class="more">
                    <summary>"Add a passphrase"</summary>
                    <p id="passphrase-help">
                        "Who has the link then needs this too. Send it another way, by phone for example. It also stops mail scanners that open links by themselves."
                    </p>
                    <label for="passphrase">"Passphrase"</label>
                    <PassphraseField value=passphrase described_by="passphrase-help" on_key=|_| {}/>
                </details>
                <button type="button" class="primary" on:click=create>
                    {move || if sending.get() { "Encrypting and sending" } else { "Create link" }}
                </button>
            </fieldset>
        }
    };
    view! {
        <div class="compose">
            {move || match done.get() {
                Some(sent) => Either::Left(view! { <Done sent again/> }),
                None => Either::Right(form()),
            }}
        </div>
    }
}
