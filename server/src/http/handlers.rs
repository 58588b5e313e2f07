//! What is served beside the pages and the API: files, descriptions and probes.

pub mod assets;
pub(crate) mod discovery;
pub(crate) mod health;
pub(crate) mod security_txt;
pub mod settings;
