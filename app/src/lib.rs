//! The Leptos app: pages, islands, components, and the server functions.
//!
//! With the feature `ssr` pages are rendered and [`api`] is served. With `hydrate` this is the WebAssembly of the
//! browser, which holds the [`islands`] and what they need.

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
