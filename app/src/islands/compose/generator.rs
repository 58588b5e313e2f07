//! Secrets and passphrases that are made up here.

use std::rc::Rc;

use shared_crypto::Recipe;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;
use web_sys::Response;

use super::Form;
use crate::browser::dom;
use crate::islands::passphrase;

/// Words of a passphrase: 64 bits.
const WORDS: u8 = 5;

pub(super) fn wake(form: &Rc<Form>) {
    dom::on("recipe", "change", |_| describe());
    let insert = Rc::clone(form);
    dom::on_click("generate", move || {
        let form = Rc::clone(&insert);
        leptos::task::spawn_local(async move {
            let recipe = recipe();
            let text = make(recipe).await;
            if let Some(text) = &text {
                let secret = dom::area("secret");
                // It takes the place of what is selected, and the undo of the browser's own.
                let (start, end) = (secret.selection_start(), secret.selection_end());
                let (start, end) = (start.ok().flatten().unwrap_or(0), end.ok().flatten().unwrap_or(0));
                drop(secret.set_range_text_with_start_and_end(text, start, end));
                form.count();
            }
            dom::say(
                "generated",
                &outcome(text.is_some(), &format!("Put into your secret: {} bits.", recipe.bits())),
            );
        });
    });
    dom::on_click("make-passphrase", || {
        leptos::task::spawn_local(async {
            let recipe = Recipe::Words(WORDS);
            let text = make(recipe).await;
            if let Some(text) = &text {
                dom::field("passphrase").set_value(text);
                passphrase::reveal(true);
            }
            let said = format!(
                "Five random words, {} bits. You can copy them once the link is made.",
                recipe.bits()
            );
            dom::say("passphrase-made", &outcome(text.is_some(), &said));
        });
    });
    describe();
}

fn outcome(made: bool, said: &str) -> String {
    if made {
        said.to_owned()
    } else {
        "The list of words could not be loaded. Check your connection and try again.".to_owned()
    }
}

fn recipe() -> Recipe {
    match dom::field("recipe").value().as_str() {
        "words" => Recipe::Words(6),
        "hex" => Recipe::Hex(32),
        "base64" => Recipe::Base64(32),
        _ => Recipe::Password(24),
    }
}

fn describe() {
    dom::say("generated", &format!("{} bits of entropy.", recipe().bits()));
}

/// Follows a recipe; nothing where its list of words could not be had.
async fn make(recipe: Recipe) -> Option<String> {
    let words = if matches!(recipe, Recipe::Words(_)) { words().await.ok()? } else { String::new() };
    recipe.generate(&words).ok().map(|text| text.to_string())
}

/// The EFF's large list, which is loaded only when somebody wants words.
async fn words() -> Result<String, JsValue> {
    let response: Response =
        JsFuture::from(leptos::prelude::window().fetch_with_str("/words.txt")).await?.into();
    let text = JsFuture::from(response.text()?).await?;
    if response.ok() { text.as_string().ok_or(JsValue::NULL) } else { Err(JsValue::NULL) }
}
