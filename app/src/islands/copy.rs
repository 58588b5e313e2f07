//! Buttons that copy a text and say so, behind the row they stand in.

use crate::browser::{dom, page};

/// Where all of them say what came of it.
const SAID: &str = "copied";

/// A button that copies what `text` gives at the click.
pub(super) fn wake(button: &'static str, text: impl Fn() -> String + 'static) {
    dom::on_click(button, move || {
        let text = text();
        leptos::task::spawn_local(async move {
            let said = if page::copy(&text).await {
                "Copied"
            } else {
                "Copying is not allowed here: select the text and copy it by hand"
            };
            clear();
            // Said behind the buttons of which this is one.
            if let Some(row) = dom::at(button).parent_element() {
                dom::append(&row, &dom::at(SAID));
            }
            dom::say(SAID, said);
        });
    });
}

/// Says nothing any more.
pub(super) fn clear() {
    dom::say(SAID, "");
}
