//! What people see, the five server functions, and the rules of a view.
//!
//! With the feature `ssr` this is the server's: pages are rendered, [`api`] is served, [`vault`] decides.
//! With `hydrate` it is the browser's: the [`islands`] wake up, and nothing else is in the WebAssembly.

// A page is one deeply nested type.
#![recursion_limit = "256"]
#![allow(
    unreachable_pub,
    reason = "the macros for components and islands make public structs of private ones"
)]
#![allow(
    clippy::needless_pass_by_value,
    reason = "components own their properties, and handlers their events"
)]

#[cfg(feature = "ssr")]
pub mod api;
pub mod browser;
#[cfg(feature = "ssr")]
mod components;
#[cfg(feature = "ssr")]
pub mod error;
pub mod islands;
#[cfg(feature = "ssr")]
pub mod openapi;
#[cfg(feature = "ssr")]
pub mod pages;
pub mod phrase;
#[cfg(feature = "ssr")]
pub mod shell;
#[cfg(feature = "ssr")]
pub mod store;
#[cfg(feature = "ssr")]
pub mod vault;
