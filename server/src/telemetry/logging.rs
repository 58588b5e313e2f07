//! The structured log, on standard error.

use std::io::IsTerminal as _;

use tracing::Subscriber;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::registry::LookupSpan;

use crate::config::LogFormat;

/// Lets only events of this project pass: a library may log a path, or the values of a statement.
pub(super) fn filter(level: LevelFilter) -> Targets {
    Targets::new()
        .with_target("app", level)
        .with_target("vault", level)
        .with_target("server", level)
        .with_target("ikrypt_server", level)
}

/// Writes events to standard error.
pub(super) fn layer<S>(format: LogFormat) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    // Colours only in a terminal: a file would contain the escape sequences.
    let layer = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    match format {
        LogFormat::Text => layer.boxed(),
        LogFormat::Json => layer.json().boxed(),
    }
}
