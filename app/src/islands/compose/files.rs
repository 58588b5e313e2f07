//! Files beside the text: chosen, dropped or pasted.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::Uint8Array;
use shared_crypto::{File, MAX_FILES};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{ClipboardEvent, DataTransfer, DragEvent, FileList};

use super::Form;
use super::draft::{self, Problem};
use crate::browser::{dom, page};
use shared_crypto::format;

/// A file that somebody picked, not read yet.
pub(super) type Picked = web_sys::File;

/// The list beside the form.
#[derive(Default)]
pub(super) struct Files(RefCell<Vec<Picked>>);

impl Files {
    pub(super) fn is_empty(&self) -> bool {
        self.0.borrow().is_empty()
    }

    pub(super) fn list(&self) -> Vec<Picked> {
        self.0.borrow().clone()
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a size in whole bytes")]
    pub(super) fn bytes(&self) -> u64 {
        self.0.borrow().iter().map(|file| file.size() as u64).sum()
    }

    pub(super) fn clear(&self) {
        self.0.borrow_mut().clear();
        dom::say("files", "");
        dom::show("files", false);
    }
}

pub(super) fn wake(form: &Rc<Form>) {
    dom::on_click("add-files", || dom::at("file").click());
    let chosen = Rc::clone(form);
    dom::on("file", "change", move |_| {
        add(&chosen, dom::field("file").files());
        // The same file can be chosen again after it was removed.
        dom::field("file").set_value("");
    });
    let dropped = Rc::clone(form);
    dom::on("write", "drop", move |event| {
        if let Some(data) = carried(event.unchecked_ref()) {
            event.prevent_default();
            dom::attribute("write", "data-drop", None);
            add(&dropped, data.files());
        }
    });
    dom::on("write", "dragover", |event| {
        if carried(event.unchecked_ref()).is_some() {
            event.prevent_default();
            dom::attribute("write", "data-drop", Some(""));
        }
    });
    dom::on("write", "dragleave", |_| dom::attribute("write", "data-drop", None));
    let pasted = Rc::clone(form);
    dom::on("secret", "paste", move |event| {
        let clipboard = event.unchecked_ref::<ClipboardEvent>();
        // Office programs put a picture of a text beside the text: the text is meant.
        if page::pasted_text(clipboard).is_empty() {
            add(&pasted, clipboard.clipboard_data().and_then(|data| data.files()));
        }
    });
}

/// What is dragged, if there are files in it. Text finds its way into the text area by itself.
fn carried(event: &DragEvent) -> Option<DataTransfer> {
    event.data_transfer().filter(|data| data.types().includes(&"Files".into(), 0))
}

fn add(form: &Rc<Form>, files: Option<FileList>) {
    let Some(files) = files.filter(|_| !form.sending.get()) else { return };
    let mut list = form.files.0.borrow_mut();
    let room = MAX_FILES - list.len();
    list.extend((0..files.length()).filter_map(|index| files.get(index)).take(room));
    drop(list);
    draw(form);
    if files.length() as usize > room {
        draft::complain(&Problem {
            field: "secret",
            text: format!("{MAX_FILES} files are the most that go with one link."),
        });
    }
}

/// The list anew, with a button to remove each.
fn draw(form: &Rc<Form>) {
    let rows = dom::at("files");
    rows.set_text_content(None);
    for (index, file) in form.files.0.borrow().iter().enumerate() {
        let row = dom::element("li", "file", "");
        dom::append(&row, &dom::element("bdi", "name", &file.name()));
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a size in whole bytes")]
        let size = format::size(file.size() as u64);
        dom::append(&row, &dom::element("span", "size", &size));
        let (owner, label) = (Rc::clone(form), format!("Remove {}", file.name()));
        let remove = dom::button("Remove", &label, move || {
            owner.files.0.borrow_mut().remove(index);
            draw(&owner);
            page::focus("add-files");
        });
        dom::append(&row, &remove);
        dom::append(&rows, &row);
    }
    dom::show("files", !form.files.is_empty());
    form.count();
}

/// Reads a file.
pub(super) async fn read(file: &Picked) -> Result<File, String> {
    let bytes = JsFuture::from(file.array_buffer()).await;
    let bytes = bytes.map(|buffer| Uint8Array::new(&buffer).to_vec());
    let unreadable = |_| {
        format!(
            "{} could not be read: a folder, or it was moved or changed. Remove it and add it again.",
            file.name()
        )
    };
    File::new(&file.name(), &file.type_(), bytes.map_err(unreadable)?)
        .map_err(|_| format!("The name of {} is too long: 255 bytes are the most.", file.name()))
}
