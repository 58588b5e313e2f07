//! The secret itself: text, and files, and nothing else.

use std::rc::Rc;

use shared_crypto::Payload;

use super::Reader;
use crate::browser::{dom, download};
use crate::islands::copy;
use shared_crypto::format;

/// Up to so many bytes each line of the text is laid out in its own direction: on a megabyte that takes
/// Chromium seconds.
const SHORT: usize = 65_536;

pub(super) fn wake(reader: &Rc<Reader>) {
    let copied = Rc::clone(reader);
    copy::wake("copy", move || text_of(copied.payload.borrow().as_ref()).to_owned());
    let saved = Rc::clone(reader);
    dom::on_click("download", move || {
        download::save("secret.txt", text_of(saved.payload.borrow().as_ref()).as_bytes());
    });
    let hidden = Rc::clone(reader);
    dom::on_click("conceal", move || hidden.conceal(dom::at("concealed").hidden()));
}

/// The text that was sent, or the note beside the files.
fn text_of(payload: Option<&Payload>) -> &str {
    match payload {
        Some(Payload::Text(text)) => text,
        Some(Payload::Files(bundle)) => bundle.note(),
        _ => "",
    }
}

pub(super) fn show(reader: &Rc<Reader>, payload: &Payload, views_left: u8) {
    dom::say(
        "left",
        &if views_left == 0 {
            "It is deleted from the server now. Save what you need before you close this page.".to_owned()
        } else {
            format!("The link can be opened {} more.", format::times(views_left.into()))
        },
    );
    let text = text_of(Some(payload));
    let is_short = text.len() <= SHORT;
    dom::attribute("text", "dir", is_short.then_some("auto"));
    let list = dom::at("files");
    if let Payload::Files(bundle) = payload {
        for (index, file) in bundle.files().iter().enumerate() {
            let (reader, name) = (Rc::clone(reader), file.safe_name());
            let row = dom::element("li", "file", "");
            dom::append(&row, &dom::element("bdi", "name", &name));
            dom::append(&row, &dom::element("span", "size", &format::size(file.bytes().len() as u64)));
            let label = format!("Save {name}");
            // The reader owns the only copy, and wipes it.
            let save = dom::button("Save", &label, move || {
                if let Some(Payload::Files(bundle)) = reader.payload.borrow().as_ref() {
                    download::save(&name, bundle.files()[index].bytes());
                }
            });
            dom::append(&row, &save);
            dom::append(&list, &row);
        }
    }
}

/// Nothing of it stays on the page.
pub(super) fn clear() {
    dom::say("text", "");
    dom::say("files", "");
    copy::clear();
}

impl Reader {
    /// Takes the text off the screen, or puts it back.
    pub(super) fn conceal(&self, concealed: bool) {
        let payload = self.payload.borrow();
        if payload.is_none() {
            return;
        }
        let text = text_of(payload.as_ref());
        let has_files = matches!(*payload, Some(Payload::Files(_)));
        dom::say("text", if concealed { "" } else { text });
        let has_text = !has_files || !text.is_empty();
        dom::show("text-part", !concealed && has_text);
        dom::show("files-part", !concealed && has_files);
        dom::show("concealed", concealed);
        dom::say("conceal", if concealed { "Show" } else { "Hide" });
    }
}
