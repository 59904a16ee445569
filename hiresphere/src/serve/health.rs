//! Whether the server lives and is ready, and its numbers.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderName, StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Role;
use super::numbers::{Numbers, Sources};
use crate::engine::Engine;
use crate::telemetry;

/// Events that the read models may be behind the log and still be called ready.
const BEHIND: u64 = 1000;

/// What the parts of the server say of themselves.
#[derive(Clone)]
pub(crate) struct Health {
    inner: Arc<Inner>,
}

struct Inner {
    /// `None` for roles that neither open events nor read read models.
    engine: Option<Arc<Engine>>,
    failing: Mutex<BTreeMap<&'static str, String>>,
    ending: AtomicBool,
    numbers: Numbers,
}

impl Health {
    pub(super) fn new(engine: Option<Arc<Engine>>, roles: &[Role]) -> Self {
        let (failing, ending) = (Mutex::default(), AtomicBool::new(false));
        let numbers = Numbers::new(roles, engine.as_deref().map(Sources::of));
        Self { inner: Arc::new(Inner { engine, failing, ending, numbers }) }
    }

    /// Says where numbers come from, where that was not known from the start.
    pub(super) fn watch(&self, sources: Sources) {
        self.inner.numbers.watch(sources);
    }

    /// A role fails, with this code, until it is well again.
    pub(super) fn failing(&self, role: &'static str, code: Option<&str>) {
        let mut failing = self.inner.failing.lock().unwrap_or_else(PoisonError::into_inner);
        match code {
            Some(code) => failing.insert(role, code.to_owned()),
            None => failing.remove(role),
        };
    }

    /// What fails at the moment, and the code of why.
    fn failures(&self) -> BTreeMap<&'static str, String> {
        self.inner.failing.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The server was asked to end: no new work is wanted.
    pub(super) fn ending(&self) {
        self.inner.ending.store(true, Ordering::Relaxed);
    }
}

pub(super) fn routes() -> OpenApiRouter<Health> {
    OpenApiRouter::new().routes(routes!(healthz)).routes(routes!(readyz)).routes(routes!(metrics))
}

/// That it lives.
#[derive(Debug, Serialize, ToSchema)]
struct Alive {
    /// `alive`.
    status: &'static str,
}

/// Does the server live?
#[utoipa::path(get, path = "/healthz", tag = "health", operation_id = "healthz",
    responses((status = 200, body = Alive)))]
async fn healthz() -> Json<Alive> {
    Json(Alive { status: "alive" })
}

/// How ready it is.
#[derive(Debug, Serialize, ToSchema)]
struct Ready {
    /// Whether work is welcome.
    ready: bool,
    /// The position of the last event, where this process reads the log.
    #[serde(skip_serializing_if = "Option::is_none")]
    head: Option<u64>,
    /// The position that the read models are at, where this process reads them.
    #[serde(skip_serializing_if = "Option::is_none")]
    read_models: Option<u64>,
    /// Parts that fail at the moment, and the code of why.
    failing: BTreeMap<&'static str, String>,
}

/// Is the server ready for work?
#[utoipa::path(get, path = "/readyz", tag = "health", operation_id = "readyz",
    responses((status = 200, body = Ready), (status = 503, body = Ready)))]
async fn readyz(State(health): State<Health>) -> (StatusCode, Json<Ready>) {
    let inner = &health.inner;
    let mut failing = health.failures();
    let (mut head, mut read_models) = (None, None);
    if let Some(engine) = &inner.engine {
        let (log, read) = tokio::join!(engine.log.store.head(), engine.read.checkpoint());
        for (role, result) in [("log", &log), ("read models", &read)] {
            if let Err(error) = result {
                failing.insert(role, error.code().to_owned());
            }
        }
        (head, read_models) = (log.ok(), read.ok());
        if head > read_models.map(|at| at + BEHIND) {
            failing.entry("read models").or_insert_with(|| "BEHIND".into());
        }
    }
    if inner.ending.load(Ordering::Relaxed) {
        failing.insert("server", "ENDING".into());
    }
    let ready = failing.is_empty();
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(Ready { ready, head, read_models, failing }))
}

/// How much is there, and how fast?
///
/// The numbers of this process, as Prometheus reads them.
#[utoipa::path(get, path = "/metrics", tag = "health", operation_id = "metrics",
    responses((status = 200, body = String, content_type = "text/plain")))]
async fn metrics(State(health): State<Health>) -> ([(HeaderName, &'static str); 1], String) {
    health.inner.numbers.gather(&health.failures()).await;
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], telemetry::numbers::render())
}
