//! Work that runs beside the requests: cleanup and measuring.

pub mod cleanup;
pub(crate) mod quota;
