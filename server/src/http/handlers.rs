//! The handlers: pages, the API, files, descriptions of the site, and probes.

pub(crate) mod api;
pub mod assets;
pub(crate) mod discovery;
pub(crate) mod health;
pub mod manifest;
pub(crate) mod pages;
pub(crate) mod security_txt;
pub mod settings;
