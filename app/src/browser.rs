//! Everything that touches the browser. On the server it compiles, and nothing there calls it.

pub mod api;
pub mod dom;
pub mod download;
pub mod json;
pub mod page;
pub mod patience;
pub mod qr;
pub mod stretch;
pub mod time;

pub use api::{Failure, call};
