//! The Leptos app: pages, islands, components, and the server functions.
//!
//! With the feature `ssr`, the server renders pages and serves [`api`]. With `hydrate`, this is the WebAssembly for the
//! browser, which contains the [`islands`] and their dependencies.

// The type of a page's view is deeply nested.
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
#[cfg(feature = "ssr")]
pub mod shell;
#[cfg(feature = "ssr")]
pub mod site;
