//! The query API: what read models hold, as JSON. One resource, one file.
//!
//! Every answer says at which position of the log it was read. `min_position` waits for one's own write;
//! `as_of` answers from a fold of the log to a position or a time, through the same queries.

mod applications;
mod candidates;
mod decisions;
mod interviews;
mod jobs;
mod pool;
mod resumes;
mod rubrics;
mod view;

use std::sync::Arc;

use event_log::Log;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::as_of::AsOf;
use crate::store::ReadStore;

pub use view::schemas;

/// What the query side needs.
#[derive(Clone)]
pub struct QueryApi {
    pub(crate) log: Log,
    pub(crate) live: Arc<ReadStore>,
    pub(crate) as_of: Arc<AsOf>,
}

impl QueryApi {
    /// The query side over live read models, and a log to fold for the past.
    pub fn new(log: Log, live: Arc<ReadStore>) -> Self {
        let as_of = Arc::new(AsOf::new(log.clone()));
        Self { log, live, as_of }
    }

    /// Drops what was folded of the past. Called when somebody was erased.
    pub fn forget_folds(&self) {
        self.as_of.forget();
    }
}

fn routes() -> OpenApiRouter<QueryApi> {
    OpenApiRouter::new()
        .merge(jobs::router())
        .merge(pool::router())
        .merge(applications::router())
        .merge(resumes::router())
        .merge(decisions::router())
        .merge(interviews::router())
        .merge(candidates::router())
        .merge(rubrics::router())
}

/// Every endpoint of the query side.
pub fn router(api: QueryApi) -> OpenApiRouter {
    routes().with_state(api)
}

/// What the endpoints say of themselves.
pub fn document() -> OpenApi {
    routes().into_openapi()
}
