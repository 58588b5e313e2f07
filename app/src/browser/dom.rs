//! The document: what the server rendered, found by its id, filled, shown and listened to.
//!
//! Pages come whole from the server, every state of them. What is alive here only shows one and hides the
//! others: views that are built in the browser as well would double its WebAssembly.

use leptos::prelude::document;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::Closure;
use web_sys::{Element, Event, EventTarget, HtmlElement, HtmlInputElement, HtmlTextAreaElement};

/// What has this id.
///
/// # Panics
/// Where the page has none: the server renders it, so the page is of another build.
pub fn at(id: &str) -> HtmlElement {
    let element = document().get_element_by_id(id);
    element.unwrap_or_else(|| panic!("the page has no #{id}")).unchecked_into()
}

/// The input or select with this id; both have a value and can be disabled.
pub fn field(id: &str) -> HtmlInputElement {
    at(id).unchecked_into()
}

/// The text area with this id.
pub fn area(id: &str) -> HtmlTextAreaElement {
    at(id).unchecked_into()
}

/// Shows or hides.
pub fn show(id: &str, shown: bool) {
    at(id).set_hidden(!shown);
}

/// Shows one of several, and hides the others.
pub fn show_one(of: &[&str], id: &str) {
    for one in of {
        show(one, *one == id);
    }
}

/// Puts text, and nothing but text, into an element.
pub fn say(id: &str, text: &str) {
    at(id).set_text_content(Some(text));
}

/// Puts text into a message, and hides the message where there is none.
pub fn announce(id: &str, text: &str) {
    say(id, text);
    show(id, !text.is_empty());
}

/// Sets or removes an attribute. It fails only for names that no attribute can have.
pub fn attribute(id: &str, name: &str, value: Option<&str>) {
    let element = at(id);
    drop(match value {
        Some(value) => element.set_attribute(name, value),
        None => element.remove_attribute(name),
    });
}

/// Enables or disables a button, a field, or all that is in a fieldset.
pub fn disable(id: &str, disabled: bool) {
    attribute(id, "disabled", disabled.then_some(""));
}

/// A new element with a class and a text.
pub fn element(tag: &str, class: &str, text: &str) -> Element {
    // It fails only for names that no element can have.
    let element = document().create_element(tag).unwrap_or_else(|_| unreachable!("{tag} is an element"));
    element.set_class_name(class);
    element.set_text_content(Some(text));
    element
}

/// Puts one element into another.
pub fn append(parent: &Element, child: &Element) {
    // It fails only for a parent inside its own child.
    drop(parent.append_child(child));
}

/// A new button, and what a click of a person does.
pub fn button(text: &str, label: &str, click: impl FnMut() + 'static) -> Element {
    let button = element("button", "", text);
    drop(button.set_attribute("type", "button"));
    drop(button.set_attribute("aria-label", label));
    listen(&button, "click", trusted(click));
    button
}

/// Calls the handler for as long as the page lives.
pub fn on(id: &str, event: &str, handler: impl FnMut(Event) + 'static) {
    listen(&at(id), event, Box::new(handler));
}

/// Calls the handler for clicks of a person: not for those that a script makes.
pub fn on_click(id: &str, handler: impl FnMut() + 'static) {
    listen(&at(id), "click", trusted(handler));
}

/// Calls the handler of something that is not an element, or of one that has no id.
pub fn listen(target: &EventTarget, event: &str, handler: Box<dyn FnMut(Event)>) {
    let closure = Closure::wrap(handler);
    drop(target.add_event_listener_with_callback(event, closure.as_ref().unchecked_ref()));
    closure.forget();
}

fn trusted(mut handler: impl FnMut() + 'static) -> Box<dyn FnMut(Event)> {
    Box::new(move |event| {
        if event.is_trusted() {
            handler();
        }
    })
}
