//! Traces, told to a collector by OpenTelemetry's protocol over HTTP.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SdkTracerProvider, Tracer};
use tokio::runtime::Handle;
use tracing::{Level, Subscriber};
use tracing_opentelemetry::OpenTelemetryLayer;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::registry::LookupSpan;

use crate::failure::Failure;

/// How long a collector may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// Names the service to the collector; read by OpenTelemetry.
const SERVICE_NAME: &str = "OTEL_SERVICE_NAME";

/// The traces of this process.
pub(crate) struct Traces {
    provider: SdkTracerProvider,
}

impl Traces {
    /// Traces that are told to nobody: they give logs their trace ids.
    pub(crate) fn untold() -> Self {
        Self { provider: SdkTracerProvider::builder().build() }
    }

    /// Traces that are told to the collector at a URL (`http://host:4318`). The runtime must live until
    /// [`Self::end`].
    pub(crate) fn told(endpoint: &str, service: &str, runtime: &Handle) -> Result<Self, Failure> {
        let failed = |problem: String| {
            let message = format!("cannot tell traces to a collector: {problem}");
            Failure::new("TELEMETRY", message, "give --otlp-endpoint as http://host:4318")
        };
        let http = reqwest::Client::builder().timeout(PATIENCE).build();
        let client = Client {
            http: http.map_err(|e| failed(e.to_string()))?,
            runtime: runtime.clone(),
            reached: Arc::new(AtomicBool::new(true)),
        };
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(client)
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')))
            .with_timeout(PATIENCE)
            .build()
            .map_err(|e| failed(e.to_string()))?;
        let mut resource = Resource::builder();
        if std::env::var_os(SERVICE_NAME).is_none() {
            resource = resource.with_service_name(service.to_owned());
        }
        let provider = SdkTracerProvider::builder()
            .with_resource(resource.build())
            .with_batch_exporter(exporter)
            .build();
        Ok(Self { provider })
    }

    /// What makes spans parts of traces.
    pub(super) fn layer<S>(&self) -> impl Layer<S> + use<S>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let layer: OpenTelemetryLayer<S, Tracer> =
            tracing_opentelemetry::layer().with_tracer(self.provider.tracer("hiresphere"));
        // Ids and names: not where in the code, nor in which thread. What is logged on the way stays in the log.
        let spans = filter_fn(|what| what.is_span() && *what.level() <= Level::INFO);
        layer
            .with_location(false)
            .with_threads(false)
            .with_tracked_inactivity(false)
            .with_filter(spans)
    }

    /// Tells what was not told yet, within a bound.
    pub(crate) fn end(self) {
        // Whoever was not reached before is not now; that was said.
        let _ = self.provider.shutdown_with_timeout(PATIENCE);
    }
}

/// The exporter works in a thread of its own, which cannot wait for the network: the runtime does.
#[derive(Debug)]
struct Client {
    http: reqwest::Client,
    runtime: Handle,
    /// Whether the last try got there.
    reached: Arc<AtomicBool>,
}

#[async_trait]
impl HttpClient for Client {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let http = self.http.clone();
        let sent = self.runtime.spawn(async move { http.send_bytes(request).await }).await?;
        let before = self.reached.swap(sent.is_ok(), Ordering::Relaxed);
        if let (true, Err(error)) = (before, &sent) {
            tracing::warn!(%error, "the trace collector cannot be reached; spans are dropped until it is");
        }
        sent
    }
}
