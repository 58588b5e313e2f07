//! A field for a passphrase, hidden until somebody asks to see it.

use crate::browser::dom;

pub(super) fn wake() {
    dom::on_click("show-passphrase", || reveal(dom::field("passphrase").type_() == "password"));
}

/// Shows what is typed, or hides it.
pub(super) fn reveal(shown: bool) {
    dom::field("passphrase").set_type(if shown { "text" } else { "password" });
    dom::say("show-passphrase", if shown { "Hide" } else { "Show" });
}

/// Forgets it.
pub(super) fn clear() {
    dom::field("passphrase").set_value("");
    reveal(false);
}
