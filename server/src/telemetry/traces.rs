//! Exports traces to an OpenTelemetry collector: one span a request, with the fields of its log line.

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{ExporterBuildError, SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::Subscriber;
use tracing_subscriber::Layer;
use tracing_subscriber::registry::LookupSpan;

/// The target of spans. The filter enables it only if there is a collector, so that without one no span is created.
pub(crate) const TARGET: &str = "ikrypt_traces";
const SERVICE_NAME: &str = "ikrypt-server";

/// Exports traces until it is dropped, and sends the remaining ones then. Dropping blocks on the network.
pub struct TracesGuard(Option<SdkTracerProvider>);

impl TracesGuard {
    /// Prepares the export to an endpoint such as `http://127.0.0.1:4318`; without one, nothing is exported.
    pub(super) fn new(endpoint: Option<&str>) -> Result<Self, ExporterBuildError> {
        endpoint.map(provider).transpose().map(Self)
    }

    /// Turns spans into traces.
    pub(super) fn layer<S>(&self) -> Option<impl Layer<S> + use<S>>
    where
        S: Subscriber + for<'a> LookupSpan<'a> + Send + Sync,
    {
        self.0.as_ref().map(|provider| {
            tracing_opentelemetry::layer()
                .with_tracer(provider.tracer(SERVICE_NAME))
                .with_location(false)
                .with_threads(false)
                .with_tracked_inactivity(false)
        })
    }
}

impl Drop for TracesGuard {
    fn drop(&mut self) {
        if let Some(Err(error)) = self.0.as_ref().map(SdkTracerProvider::shutdown) {
            tracing::warn!(%error, "the remaining traces could not be sent");
        }
    }
}

fn provider(endpoint: &str) -> Result<SdkTracerProvider, ExporterBuildError> {
    let exporter =
        SpanExporter::builder().with_http().with_endpoint(format!("{endpoint}/v1/traces")).build()?;
    let resource = Resource::builder().with_service_name(SERVICE_NAME).build();
    Ok(SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource).build())
}
