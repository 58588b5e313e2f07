//! What is interactive: one file an island, woken up in the browser. Their markup is in [`crate::pages`],
//! and comes from the server whole.

mod compose;
mod copy;
mod passphrase;
mod receipt;
mod reveal;

#[cfg(feature = "ssr")]
pub(crate) use compose::CUSTOM;
pub use compose::Compose;
pub use receipt::Receipt;
pub use reveal::Reveal;
