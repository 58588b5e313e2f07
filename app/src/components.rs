//! What several pages are made of. All of it is rendered on the server.

mod hush;
mod layout;
mod notice;
mod passphrase;

pub(crate) use hush::hush;
pub(crate) use layout::Layout;
pub(crate) use notice::{Alert, Asleep};
pub(crate) use passphrase::PassphraseField;
