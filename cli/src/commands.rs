//! The commands, one module each.

pub(crate) mod burn;
pub(crate) mod open;
pub(crate) mod receipt;
pub(crate) mod send;
pub(crate) mod verify;
