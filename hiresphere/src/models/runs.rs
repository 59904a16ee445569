//! Every score run in the log, by what it was made of: what comparing releases rests on.

use std::collections::HashMap;

use domain::application::{Application, ApplicationEvent, RunId, ScoreRequest, Usage};
use domain::ids::JobId;
use domain::model_release::{ModelRelease, ModelReleaseEvent, Release};
use event_log::{Log, LogError};
use uuid::Uuid;

/// How many events are read at once.
const BATCH: u32 = 2_000;

/// A run and how it ended.
pub(super) struct Run {
    pub(super) application: Uuid,
    pub(super) job: JobId,
    pub(super) request: ScoreRequest,
    /// Its total, or why there is none; `None` while it is under way.
    pub(super) ended: Option<Result<f64, String>>,
    pub(super) usage: Usage,
}

/// What the log holds of scoring.
#[derive(Default)]
pub(super) struct Found {
    pub(super) runs: Vec<Run>,
    pub(super) releases: Vec<Release>,
}

/// Reads the whole log once; personal data stays sealed.
pub(super) async fn all(log: &Log) -> Result<Found, LogError> {
    let mut jobs: HashMap<Uuid, JobId> = HashMap::new();
    let mut at: HashMap<(Uuid, RunId), usize> = HashMap::new();
    let mut found = Found::default();
    let mut position = 0;
    loop {
        let batch = log.store.read_all(position, BATCH).await?;
        let Some(last) = batch.last() else { return Ok(found) };
        position = last.position;
        for event in &batch {
            if event.kind.starts_with("model_release.") {
                let ModelReleaseEvent::ModelReleased { release, .. } =
                    event.decode::<ModelRelease>()?;
                found.releases.push(release);
            }
            if !event.kind.starts_with("application.s") {
                continue;
            }
            let application = event.stream.id;
            let mut end = |run: RunId, ended, usage: Usage| {
                let run = at.get(&(application, run)).and_then(|i| found.runs.get_mut(*i));
                if let Some(run) = run {
                    run.ended = Some(ended);
                    run.usage += usage;
                }
            };
            match event.decode::<Application>()? {
                ApplicationEvent::ApplicationSubmitted { job, .. } => {
                    jobs.insert(application, job);
                }
                ApplicationEvent::ScoreRequested { run, request } => {
                    let Some(job) = jobs.get(&application).copied() else { continue };
                    at.entry((application, run)).or_insert_with(|| {
                        let (ended, usage) = (None, Usage::default());
                        found.runs.push(Run { application, job, request, ended, usage });
                        found.runs.len() - 1
                    });
                }
                ApplicationEvent::ScoreRecorded { run, total, usage, .. } => {
                    end(run, Ok(total.value()), usage);
                }
                ApplicationEvent::ScoreFailed { run, reason, usage, .. } => {
                    end(run, Err(reason), usage);
                }
                _ => {}
            }
        }
    }
}
