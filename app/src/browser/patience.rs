//! Saying what is waited for, where it takes long.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use super::api::sleep;
use super::dom;

/// So long nobody wonders.
const SHORT: Duration = Duration::from_secs(8);

/// From its making on something is waited for: if that takes long it is said, until the value goes.
pub struct Patience {
    id: &'static str,
    state: Rc<RefCell<State>>,
}

enum State {
    Waiting,
    /// It is said, in place of what stood there.
    Said(String),
    Over,
}

impl Patience {
    /// Says it in the element with this id.
    pub fn new(id: &'static str, what: &'static str) -> Self {
        let state = Rc::new(RefCell::new(State::Waiting));
        let waiting = Rc::clone(&state);
        leptos::task::spawn_local(async move {
            sleep(SHORT).await;
            if matches!(*waiting.borrow(), State::Waiting) {
                waiting.replace(State::Said(dom::at(id).text_content().unwrap_or_default()));
                dom::say(id, what);
            }
        });
        Self { id, state }
    }
}

impl Drop for Patience {
    fn drop(&mut self) {
        if let State::Said(before) = self.state.replace(State::Over) {
            dom::say(self.id, &before);
        }
    }
}
