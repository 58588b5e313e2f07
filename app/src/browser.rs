//! Everything that touches the browser. On the server it compiles, and nothing there calls it.

pub mod api;
pub mod page;
pub mod time;

pub use api::{Failure, call};
