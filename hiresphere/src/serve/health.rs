//! Whether the server lives and is ready.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::engine::Engine;

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
}

impl Health {
    pub(super) fn new(engine: Option<Arc<Engine>>) -> Self {
        let (failing, ending) = (Mutex::default(), AtomicBool::new(false));
        Self { inner: Arc::new(Inner { engine, failing, ending }) }
    }

    /// A role fails, with this code, until it is well again.
    pub(super) fn failing(&self, role: &'static str, code: Option<&str>) {
        let mut failing = self.inner.failing.lock().unwrap_or_else(PoisonError::into_inner);
        match code {
            Some(code) => failing.insert(role, code.to_owned()),
            None => failing.remove(role),
        };
    }

    /// The server was asked to end: no new work is wanted.
    pub(super) fn ending(&self) {
        self.inner.ending.store(true, Ordering::Relaxed);
    }
}

pub(super) fn routes() -> OpenApiRouter<Health> {
    OpenApiRouter::new().routes(routes!(healthz)).routes(routes!(readyz))
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
    let mut failing = inner.failing.lock().unwrap_or_else(PoisonError::into_inner).clone();
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
