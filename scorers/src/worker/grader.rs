//! Step 4: the score that was asked for is made, by one engine: each release has a subscription of its own, so that one
//! that is slow or away holds up no other.

use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use domain::actor::{Actor, ActorKind};
use domain::application::{
    Application, ApplicationCommand, ApplicationEvent, RunId, RunOutcome, ScoreRequest,
    ScoreResult, Usage,
};
use domain::ids::{CandidateId, JobId};
use domain::job::Job;
use event_log::subscribe::{Handler, HandlerError};
use event_log::{DispatchError, Dispatcher, LogError, Recorded};
use uuid::Uuid;

use super::command;
use super::desk::{Budgets, RunDesk};
use super::engine::{Engine, EngineError, Task};
use super::material::Material;
use crate::steps::Step;

/// Makes the scores that are asked of one release.
pub struct Grader {
    dispatcher: Dispatcher,
    engine: Arc<dyn Engine>,
    budgets: Budgets,
    release: String,
    name: &'static str,
}

/// What a run is made from.
struct Asked {
    candidate: CandidateId,
    job: JobId,
    stopped: bool,
    material: Material,
}

impl Grader {
    /// A grader that asks this engine, within these budgets.
    pub fn new(dispatcher: Dispatcher, engine: Arc<dyn Engine>, budgets: Budgets) -> Self {
        let release = engine.release();
        let name = format!("grader-{}-v{}", release.name, release.version).replace('.', "_");
        // Once for each release in a process's life.
        let name = Box::leak(name.into_boxed_str());
        Self { dispatcher, engine, budgets, release: release.label(), name }
    }

    async fn score(
        &self,
        application: Uuid,
        run: RunId,
        request: ScoreRequest,
        event: &Recorded,
    ) -> Result<(), HandlerError> {
        let asked = Step::Fetch.of(self.asked(application, &run, &request)).await?;
        let Some(asked) = asked else { return Ok(()) };
        let nothing = Usage::default();
        let fail = |reason: String, retryable, usage, exchanges| {
            let run = run.clone();
            ApplicationCommand::FailScore { run, reason, retryable, usage, exchanges }
        };
        let command = if asked.stopped {
            fail("SCORING_STOPPED".into(), true, nothing, vec![])
        } else {
            match Step::Grade.of(self.grade(&asked, event)).await {
                Ok(result) => {
                    ApplicationCommand::RecordScore(ScoreResult { run: run.clone(), ..result })
                }
                Err(EngineError::Failed { reason, detail, retryable, usage, exchanges }) => {
                    let position = event.position;
                    tracing::info!(release = self.release, position, reason, detail, "no score");
                    fail(reason, retryable, usage, exchanges)
                }
                Err(EngineError::Later { after, waits_for }) => {
                    return Err(HandlerError::Later { after, error: waits_for });
                }
                // Whose data is gone needs no score.
                Err(EngineError::Log(LogError::Erased)) => return Ok(()),
                Err(EngineError::Log(error)) => return Err(error.into()),
            }
        };
        let (usage, exchanges) = match &command {
            ApplicationCommand::RecordScore(result) => (result.usage, result.exchanges.clone()),
            _ => (nothing, vec![]),
        };
        let recording = Instant::now();
        let mut envelope = self::command(application, command, "scorer", event);
        envelope.actor = Actor::new(ActorKind::Model, self.release.clone());
        let outcome = match self.dispatcher.dispatch::<Application>(envelope.clone()).await {
            // An answer outside its bounds is a failed run, never a default number.
            Err(DispatchError::Refused(refusal)) => {
                envelope.command = fail(refusal.code, false, usage, exchanges);
                self.dispatcher.dispatch::<Application>(envelope).await?
            }
            other => other?,
        };
        Step::Record.since(recording);
        // A second delivery ends no run.
        if outcome.events > 0 {
            let took = self.dispatcher.log().clock.now() - event.recorded_at;
            metrics::histogram!("hiresphere_score_run_seconds", "release" => self.release.clone())
                .record(took.to_std().unwrap_or_default());
        }
        Ok(())
    }

    /// What a run is to be made from; `None` when there is nothing to do any more.
    async fn asked(
        &self,
        application: Uuid,
        run: &RunId,
        request: &ScoreRequest,
    ) -> Result<Option<Asked>, HandlerError> {
        let (state, _) = self.dispatcher.load::<Application>(application).await?;
        let waits = state.runs.iter().any(|r| r.id == *run && r.outcome == RunOutcome::Requested);
        let (Some(candidate), Some(id), true) = (state.candidate, state.job, waits) else {
            return Ok(None);
        };
        let material = Material::of(&self.dispatcher, candidate, id, request).await?;
        let Some(material) = material else { return Ok(None) };
        let (job, _) = self.dispatcher.load::<Job>(id.0).await?;
        Ok(Some(Asked { candidate, job: id, stopped: job.scoring_stopped, material }))
    }

    async fn grade(&self, asked: &Asked, event: &Recorded) -> Result<ScoreResult, EngineError> {
        let Asked { candidate, job, material, .. } = asked;
        let Material { rubric, brief, text, profile } = material;
        let desk = RunDesk::new(&self.dispatcher, *candidate, event.event_id, *job, &self.budgets);
        let task = Task { job: brief, rubric, text, profile, as_of: event.occurred_at };
        let graded = self.engine.grade(task, &desk).await?;
        Ok(ScoreResult {
            run: RunId(String::new()),
            rubric: rubric.clone(),
            grades: graded.grades,
            text: text.clone(),
            usage: graded.usage,
            exchanges: graded.exchanges,
        })
    }
}

#[async_trait]
impl Handler for Grader {
    fn name(&self) -> &'static str {
        self.name
    }

    fn wants(&self, kind: &str) -> bool {
        kind == "application.score_requested.v1"
    }

    async fn handle(&self, event: &Recorded) -> Result<(), HandlerError> {
        match event.decode::<Application>()? {
            // Another's is none of its business.
            ApplicationEvent::ScoreRequested { run, request }
                if request.model_release == self.release =>
            {
                self.score(event.stream.id, run, request, event).await
            }
            _ => Ok(()),
        }
    }
}
