//! The two links, plainly different, so that nobody sends the wrong one.

use std::rc::Rc;

use super::Form;
use super::send::Sent;
use crate::browser::{dom, page, qr, time};
use crate::islands::copy;
use shared_crypto::format;

pub(super) fn wake(form: &Rc<Form>) {
    for id in ["link", "receipt"] {
        dom::on(id, "focus", move |_| dom::field(id).select());
    }
    let copies = |button, text: fn(&Sent) -> String| {
        let form = Rc::clone(form);
        copy::wake(button, move || form.sent.borrow().as_ref().map(text).unwrap_or_default());
    };
    copies("copy-link", |sent| sent.link.clone());
    copies("copy-instructions", instructions);
    copies("copy-passphrase", |sent| sent.passphrase.clone());
    copies("copy-receipt", |sent| sent.receipt.clone());
    dom::show("share", page::can_share());
    let shared = Rc::clone(form);
    dom::on_click("share", move || {
        if let Some(sent) = shared.sent.borrow().as_ref() {
            page::share("A secret for you", &instructions(sent));
        }
    });
    let again = Rc::clone(form);
    dom::on_click("again", move || again.start_again());
}

pub(super) fn show(sent: &Sent) {
    let Sent { link, receipt, views, expires_at, passphrase } = sent;
    dom::say(
        "done-promise",
        &format!("Opens {}, until {}.", format::times((*views).into()), time::moment(*expires_at)),
    );
    dom::field("link").set_value(link);
    dom::field("receipt").set_value(receipt);
    dom::attribute("open-receipt", "href", Some(receipt));
    let body = js_sys::encode_uri_component(&instructions(sent));
    dom::attribute("mail", "href", Some(&format!("mailto:?subject=A%20secret%20for%20you&body={body}")));
    dom::show("done-passphrase", !passphrase.is_empty());
    if let Some(code) = qr::draw(link) {
        dom::append(&dom::at("qr"), &code);
    }
    dom::show("write", false);
    dom::show("done", true);
    page::focus("done-title");
}

/// No link stays on the page.
pub(super) fn clear() {
    for id in ["link", "receipt"] {
        dom::field(id).set_value("");
    }
    for id in ["open-receipt", "mail"] {
        dom::attribute(id, "href", None);
    }
    dom::say("qr", "");
    copy::clear();
}

/// A message for somebody who never heard of this. It may be read tomorrow, so the day is said in full.
fn instructions(sent: &Sent) -> String {
    let Sent { link, views, expires_at, passphrase, .. } = sent;
    let passphrase =
        if passphrase.is_empty() { "" } else { " It asks for a passphrase, which I send you another way." };
    format!(
        "Here is a secret for you. The link opens {}, until {}:\n\n{link}\n\nLooking at the page does not use it up, \
         the button \"Reveal secret\" does.{passphrase} Save what you need before you close the page.\n",
        format::times((*views).into()),
        time::date(*expires_at),
    )
}
