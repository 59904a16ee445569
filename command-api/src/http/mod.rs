//! The HTTP write side: every command that people can give, one endpoint in one place.
//!
//! What machines record (extractions, profiles, scores) has no endpoint: scorers dispatch it, and nobody
//! else may.

mod applications;
mod applying;
mod bulk;
mod candidates;
mod decisions;
mod hiring;
mod interviews;
mod jobs;
mod model_releases;
mod notifications;
mod offers;
mod people;
mod posting;
mod rubrics;
mod slack;
mod tokens;

use std::sync::Arc;

use async_trait::async_trait;
use axum::extract::DefaultBodyLimit;
use domain::application::Seen;
use domain::decide::Decider;
use domain::ids::{ApplicationId, SubscriptionId};
use event_log::{Dispatcher, Envelope, LogError};
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use web::access::{ApplicantTokens, Tokens};
use web::extract::Meta;
use web::{Problem, Written, limits};

/// What the write side needs.
#[derive(Clone)]
pub struct CommandApi {
    pub(crate) dispatcher: Dispatcher,
    pub(crate) tokens: Tokens,
    pub(crate) applicants: ApplicantTokens,
    pub(crate) beside: Arc<dyn Beside>,
}

/// What stands beside the write side, told to it by whoever composes the program.
#[async_trait]
pub trait Beside: Send + Sync + 'static {
    /// What people are shown of an application right now: position, score run, rank.
    async fn shown(&self, application: ApplicationId) -> Result<Option<Seen>, LogError>;

    /// The media type of a file by its content, when resumes of that type can be read.
    fn readable(&self, bytes: &[u8]) -> Option<String>;

    /// The release that scores are asked of: its label, and the version of its prompt.
    fn scoring(&self) -> (String, String);

    /// What signs what a webhook is told, by the subscription and a counter.
    fn signing_secret(&self, subscription: SubscriptionId, generation: u32) -> String;

    /// What Slack signs its requests with, where it is set up.
    fn slack_signing_secret(&self) -> Option<String>;

    /// Answers a click in Slack, in time; `undo` offers to take back that an application was shortlisted.
    fn answer_in_slack(&self, url: &str, text: &str, undo: Option<ApplicationId>);

    /// Somebody was erased by the event at this position: older copies of what read models held are swept.
    async fn erased(&self, position: Option<u64>) -> Result<(), LogError>;
}

impl CommandApi {
    /// The write side onto a log.
    pub fn new(dispatcher: Dispatcher, tokens: Tokens, beside: Arc<dyn Beside>) -> Self {
        let applicants = ApplicantTokens::new(dispatcher.log().vault.clone());
        Self { dispatcher, tokens, applicants, beside }
    }

    /// What was answered to this very write before: for those that look at anything but their own stream, which
    /// may have changed since.
    pub(crate) async fn answered(
        &self,
        meta: &Meta,
        body: &[u8],
    ) -> Result<Option<Written>, Problem> {
        let Some(key) = meta.scoped_key() else { return Ok(None) };
        let before = self.dispatcher.repeated(&key, &meta.fingerprint(body)).await?;
        Ok(before.map(Written::from))
    }

    /// Dispatches a command and answers where the thing now stands.
    pub(crate) async fn run<A>(&self, envelope: Envelope<A::Order>) -> Result<Written, Problem>
    where
        A: Decider,
        A::Order: Clone,
    {
        Ok(self.dispatcher.dispatch::<A>(envelope).await?.into())
    }
}

fn routes() -> OpenApiRouter<CommandApi> {
    let uploads = OpenApiRouter::new()
        .merge(applying::router())
        .merge(candidates::uploads())
        .layer(DefaultBodyLimit::max(limits::UPLOAD_BYTES));
    OpenApiRouter::new()
        .merge(jobs::router())
        .merge(candidates::router())
        .merge(applications::router())
        .merge(decisions::router())
        .merge(bulk::router())
        .merge(hiring::router())
        .merge(interviews::router())
        .merge(offers::router())
        .merge(rubrics::router())
        .merge(model_releases::router())
        .merge(notifications::router())
        .merge(slack::router())
        .merge(tokens::router())
        .layer(DefaultBodyLimit::max(limits::JSON_BYTES))
        .merge(uploads)
}

/// Every endpoint of the write side.
pub fn router(api: CommandApi) -> OpenApiRouter {
    routes().with_state(api)
}

/// What the endpoints say of themselves.
pub fn document() -> OpenApi {
    routes().into_openapi()
}
