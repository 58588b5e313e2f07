//! Work that no request waits for.

pub mod cleanup;
pub(crate) mod quota;
