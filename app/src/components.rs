//! What several pages are made of.

mod hush;
#[cfg(feature = "ssr")]
mod layout;
mod notice;

pub(crate) use hush::hush;
#[cfg(feature = "ssr")]
pub(crate) use layout::Layout;
pub(crate) use notice::{Asleep, Notice, Tone};
