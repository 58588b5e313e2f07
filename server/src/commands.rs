//! What the program does: one module a command.

pub mod admin;
pub mod check;
pub mod health;
pub mod manifest;
pub mod serve;
