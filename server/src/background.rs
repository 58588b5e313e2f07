//! Background tasks: the deletion of expired rows, and measurements for the quota.

pub mod cleanup;
pub(crate) mod quota;
