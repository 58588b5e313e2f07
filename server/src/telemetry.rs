//! The log: structured, to standard error. It holds no path of a secret, no id, no body, no address. Traces hold
//! the same.

pub(crate) mod log_limit;
pub(crate) mod metrics;

use std::io::IsTerminal as _;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use app::pages::Page;
use axum::extract::{MatchedPath, Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{ExporterBuildError, SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::field::Empty;
use tracing::{Instrument as _, Level};
use tracing_subscriber::Layer as _;
use tracing_subscriber::prelude::*;

use crate::config::{Config, LogFormat};
use crate::http::handlers::health;
use crate::http::state::AppState;
use crate::telemetry::log_limit::{Line, LogLimit};

/// Spans have a target of their own: without a collector there are none.
const TRACES: &str = "ikrypt_traces";

/// Sends what is left when it is dropped.
pub struct Telemetry(Option<SdkTracerProvider>);

impl Drop for Telemetry {
    fn drop(&mut self) {
        if let Some(Err(error)) = self.0.as_ref().map(SdkTracerProvider::shutdown) {
            tracing::warn!(%error, "the last traces could not be sent");
        }
    }
}

/// Writes the log, and sends traces, as the configuration says.
pub fn init(config: &Config) -> Result<Telemetry, ExporterBuildError> {
    let provider = config.otlp_endpoint.as_deref().map(provider).transpose()?;
    // Only what this project writes: a library may name a path or a statement's values.
    let mut filter = tracing_subscriber::filter::Targets::new()
        .with_target("app", config.log)
        .with_target("vault", config.log)
        .with_target("server", config.log)
        .with_target("ikrypt_server", config.log);
    let spans = provider.as_ref().map(|provider| {
        tracing_opentelemetry::layer()
            .with_tracer(provider.tracer("ikrypt-server"))
            .with_location(false)
            .with_threads(false)
            .with_tracked_inactivity(false)
    });
    if spans.is_some() {
        filter = filter.with_target(TRACES, Level::INFO);
    }
    // Colours are for a terminal: in a file they are noise.
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    let lines = match config.log_format {
        LogFormat::Text => lines.boxed(),
        LogFormat::Json => lines.json().boxed(),
    };
    // For all layers at once: with a filter of its own a layer loses events, since sqlx asks whether its
    // own would be written and then writes none.
    tracing_subscriber::registry().with(filter).with(lines).with(spans).init();
    Ok(Telemetry(provider))
}

fn provider(endpoint: &str) -> Result<SdkTracerProvider, ExporterBuildError> {
    let exporter =
        SpanExporter::builder().with_http().with_endpoint(format!("{endpoint}/v1/traces")).build()?;
    let resource = Resource::builder().with_service_name("ikrypt-server").build();
    Ok(SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource).build())
}

/// One line a request: what kind, how it ended, how long it took.
pub(crate) async fn log_request(State(state): State<AppState>, request: Request, next: Next) -> Response {
    static REQUESTS: AtomicU64 = AtomicU64::new(1);
    static REFUSED: LazyLock<LogLimit> = LazyLock::new(LogLimit::default);
    static PROBES: LazyLock<LogLimit> = LazyLock::new(LogLimit::default);
    let number = REQUESTS.fetch_add(1, Ordering::Relaxed);
    let method = method_name(request.method());
    let route = match request.extensions().get::<MatchedPath>() {
        Some(path) => path.as_str().to_owned(),
        None => Page::at(request.uri().path()).route().to_owned(),
    };
    let span = tracing::info_span!(
        target: TRACES,
        "request",
        otel.name = route,
        otel.kind = "server",
        http.request.method = %method,
        http.route = route,
        http.response.status_code = Empty,
    );
    let started = Instant::now();
    let response = next.run(request).instrument(span.clone()).await;
    let took = started.elapsed();
    span.record("http.response.status_code", response.status().as_u16());
    state.metrics().answered(&route, response.status(), took);
    // No rate limit bounds these two.
    if health::is_probe(&route) {
        match PROBES.next(Instant::now()) {
            Line::Write => {}
            Line::WriteAndReport(lines) => tracing::info!(lines, "health checks were not logged"),
            Line::Drop => return response,
        }
    } else if response.status().is_client_error() {
        match REFUSED.next(Instant::now()) {
            Line::Write => {}
            Line::WriteAndReport(lines) => tracing::info!(lines, "refused requests were not logged"),
            Line::Drop => return response,
        }
    }
    tracing::info!(
        number,
        %method,
        route,
        status = response.status().as_u16(),
        micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
        "answered"
    );
    response
}

/// The name of a method, from a known set: a client may send 60 KB as the name of another.
fn method_name(method: &Method) -> &'static str {
    let known = ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"];
    known.into_iter().find(|name| *name == method.as_str()).unwrap_or("OTHER")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_methods_share_one_name() {
        assert_eq!(method_name(&Method::PATCH), "PATCH");
        for sent in ["get", "PROPFIND", "GET\u{7c}", &"A".repeat(60_000)] {
            assert_eq!(method_name(&Method::from_bytes(sent.as_bytes()).unwrap()), "OTHER");
        }
    }
}
