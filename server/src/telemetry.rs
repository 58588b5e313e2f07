//! Logging, traces and metrics. None of them contains the path or id of a secret, a body, or a client's address.

pub(crate) mod log_limit;
mod logging;
pub(crate) mod metrics;
pub(crate) mod traces;

use opentelemetry_otlp::ExporterBuildError;
use tracing::Level;
use tracing_subscriber::prelude::*;

use crate::config::Config;
use traces::TracesGuard;

/// Starts the log, and the export of traces if the configuration has an endpoint for them.
pub fn init(config: &Config) -> Result<TracesGuard, ExporterBuildError> {
    let traces = TracesGuard::new(config.otlp_endpoint.as_deref())?;
    let spans = traces.layer();
    let mut filter = logging::filter(config.log);
    if spans.is_some() {
        filter = filter.with_target(traces::TARGET, Level::INFO);
    }
    // One filter for all layers: with a filter of its own a layer would lose events, because sqlx asks whether its own
    // events are enabled and then writes none.
    tracing_subscriber::registry().with(filter).with(logging::layer(config.log_format)).with(spans).init();
    Ok(traces)
}
