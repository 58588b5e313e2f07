//! Secrets and passphrases that are made up here.

use std::rc::Rc;

use shared_crypto::Generator;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, RequestInit, Response};

use super::Form;
use super::draft::{self, Problem};
use crate::browser::{dom, page};
use crate::islands::passphrase;

/// Words of a passphrase: 64 bits.
const WORDS: u8 = 5;

pub(super) fn wake(form: &Rc<Form>) {
    dom::on("recipe", "change", |_| describe());
    let insert = Rc::clone(form);
    dom::on_click("generate", move || {
        let recipe = recipe();
        Rc::clone(&insert).make(recipe, "generate", move |form, text| {
            let secret = dom::area("secret");
            let place = |at: Result<Option<u32>, _>| at.ok().flatten().unwrap_or(0);
            let (start, end) = (place(secret.selection_start()), place(secret.selection_end()));
            // It takes the place of what is selected, and is selected itself: another one takes its place.
            drop(secret.set_range_text_with_start_and_end_and_mode(text, start, end, "select"));
            form.count();
            dom::say("generated", &format!("Put into your secret: {} bits.", recipe.bits()));
        });
    });
    let passphrase = Rc::clone(form);
    dom::on_click("make-passphrase", move || {
        let recipe = Generator::Words(WORDS);
        Rc::clone(&passphrase).make(recipe, "make-passphrase", move |_, text| {
            dom::field("passphrase").set_value(text);
            passphrase::reveal(true);
            let bits = recipe.bits();
            dom::say(
                "passphrase-made",
                &format!("Five random words, {bits} bits. You can copy them once the link is made."),
            );
        });
    });
    describe();
}

impl Form {
    /// Follows a recipe. Until it is done nothing can be sent: somebody waits for what comes of it.
    fn make(
        self: Rc<Self>,
        recipe: Generator,
        button: &'static str,
        put: impl FnOnce(&Self, &str) + 'static,
    ) {
        dom::disable("form", true);
        leptos::task::spawn_local(async move {
            let text = make(recipe).await;
            dom::disable("form", false);
            match text {
                Some(text) => put(&self, &text),
                None => draft::complain(&Problem {
                    field: "",
                    text: "The list of words could not be loaded. Check your connection and try again."
                        .to_owned(),
                }),
            }
            page::focus(button);
        });
    }
}

fn recipe() -> Generator {
    match dom::field("recipe").value().as_str() {
        "words" => Generator::Words(6),
        "hex" => Generator::Hex(32),
        "base64" => Generator::Base64(32),
        _ => Generator::Password(24),
    }
}

/// Says what the chosen recipe is worth.
pub(super) fn describe() {
    dom::say("generated", &format!("{} bits of entropy.", recipe().bits()));
}

/// Follows a recipe; nothing where its list of words could not be had.
async fn make(recipe: Generator) -> Option<String> {
    let words = if matches!(recipe, Generator::Words(_)) { words().await.ok()? } else { String::new() };
    recipe.generate(&words).ok().map(|text| text.to_string())
}

/// The EFF's large list, which is loaded only when somebody wants words.
async fn words() -> Result<String, JsValue> {
    let init = RequestInit::new();
    init.set_signal(Some(&AbortSignal::timeout_with_u32(10_000)));
    let answer = leptos::prelude::window().fetch_with_str_and_init("/words.txt", &init);
    let response: Response = JsFuture::from(answer).await?.into();
    let text = JsFuture::from(response.text()?).await?;
    if response.ok() { text.as_string().ok_or(JsValue::NULL) } else { Err(JsValue::NULL) }
}
