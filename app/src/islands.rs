//! What is interactive: one file an island, woken up in the browser.

mod compose;
mod copy;
mod passphrase;
mod receipt;
mod reveal;

pub use compose::{Compose, SendLimits};
pub use receipt::ReceiptView;
pub use reveal::Reveal;
