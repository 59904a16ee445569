//! The job: an opening people apply to. Draft, then open, paused or closed.

mod commands;
mod events;
mod pipeline;
mod requirement;
#[cfg(test)]
mod tests;

pub use commands::*;
pub use events::*;
pub use pipeline::*;
pub use requirement::*;

use serde::{Deserialize, Serialize};

use crate::decide::{Decider, Decision, Issued, Reserve, aggregate, names};
use crate::ids::{CandidateId, JobId, StreamKind};
use crate::pii::PiiField;
use crate::refusal::{Fields, Refusal};

/// Where a job stands.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum JobStatus {
    /// There is no such job.
    #[default]
    Unknown,
    /// Being written; nobody can apply.
    Draft,
    /// Takes applications.
    Open,
    /// Takes none for now.
    Paused,
    /// Takes none any more.
    Closed,
}

/// A job, folded from its stream.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// Its id, once drafted.
    pub id: Option<JobId>,
    /// Where it stands.
    pub status: JobStatus,
    /// What it says.
    pub posting: Posting,
    /// Its stages, in order.
    pub pipeline: Vec<Stage>,
    /// The rubric that scores are made with: name and version.
    pub rubric: Option<(String, u32)>,
    /// Raised by each change of what a score depends on.
    pub content_version: u32,
    /// Whether machines are kept from scoring its applications.
    #[serde(default)]
    pub scoring_stopped: bool,
}

aggregate!(Job, JobEvent, JobCommand, "job");

impl Job {
    fn evolve(&mut self, event: JobEvent) {
        match event {
            JobEvent::JobDrafted { job, posting, pipeline } => {
                self.id = Some(job);
                self.status = JobStatus::Draft;
                self.posting = posting;
                self.pipeline = pipeline;
                self.content_version = 1;
            }
            JobEvent::JobEdited { posting, .. } => {
                self.posting = posting;
                self.content_version += 1;
            }
            JobEvent::PipelineDefined { stages } => self.pipeline = stages,
            JobEvent::RubricBound { rubric, version } => self.rubric = Some((rubric, version)),
            JobEvent::JobPublished { .. } | JobEvent::JobReopened {} => {
                self.status = JobStatus::Open
            }
            JobEvent::ScoringStopped { .. } => self.scoring_stopped = true,
            JobEvent::ScoringResumed {} => self.scoring_stopped = false,
            JobEvent::JobPaused {} => self.status = JobStatus::Paused,
            JobEvent::JobClosed { .. } => self.status = JobStatus::Closed,
        }
    }

    /// The job as it was when its content had this version; what was changed in it later is left out.
    pub fn at_content(events: impl IntoIterator<Item = JobEvent>, version: u32) -> Self {
        let mut job = Self::default();
        for event in events {
            if matches!(event, JobEvent::JobEdited { .. }) && job.content_version == version {
                return job;
            }
            job.evolve(event);
        }
        job
    }

    /// The id, or 404 when the job was never drafted.
    fn known(&self) -> Result<JobId, Refusal> {
        self.id.ok_or_else(|| Refusal::not_found("job"))
    }

    fn not_closed(&self) -> Result<JobId, Refusal> {
        let id = self.known()?;
        if self.status == JobStatus::Closed {
            return Err(Refusal::conflict("JOB_CLOSED", "the job is closed; reopen it first"));
        }
        Ok(id)
    }

    fn in_state(&self, allowed: &[JobStatus], doing: &str) -> Result<JobId, Refusal> {
        let id = self.known()?;
        if allowed.contains(&self.status) {
            return Ok(id);
        }
        let message = format!("a job that is {:?} cannot be {doing}", self.status).to_lowercase();
        Err(Refusal::conflict("WRONG_STATE", message))
    }
}

impl Decider for Job {
    const KIND: StreamKind = StreamKind::Job;
    type Order = JobCommand;

    fn decide(&self, issued: Issued<JobCommand>) -> Result<Decision<JobEvent>, Refusal> {
        match issued.command {
            JobCommand::DraftJob { job, posting } => self.draft(job, posting),
            JobCommand::EditJob { posting } => self.edit(posting),
            JobCommand::DefinePipeline { stages } => self.define_pipeline(stages),
            JobCommand::BindRubric { rubric, version } => self.bind_rubric(rubric, version),
            JobCommand::PublishJob { valid_through, ai_notice_version } => {
                let job = self.in_state(&[JobStatus::Draft], "published")?;
                if self.rubric.is_none() {
                    let message = "bind a published rubric to the job first";
                    return Err(Refusal::conflict("RUBRIC_MISSING", message));
                }
                Ok(Decision::of(JobEvent::JobPublished { valid_through, ai_notice_version })
                    .reserve(open_for(job)))
            }
            JobCommand::PauseJob {} => {
                let job = self.in_state(&[JobStatus::Open], "paused")?;
                Ok(Decision::of(JobEvent::JobPaused {})
                    .reserve(Reserve::Release { name: names::open_job(job) }))
            }
            JobCommand::ReopenJob {} => {
                let job = self.in_state(&[JobStatus::Paused, JobStatus::Closed], "reopened")?;
                Ok(Decision::of(JobEvent::JobReopened {}).reserve(open_for(job)))
            }
            JobCommand::StopScoring { reason } => {
                self.known()?;
                let mut fields = Fields::default();
                fields.text(&reason, "reason", 500);
                fields.done()?;
                if self.scoring_stopped {
                    return Ok(Decision::unchanged());
                }
                Ok(Decision::of(JobEvent::ScoringStopped { reason }))
            }
            JobCommand::ResumeScoring {} => {
                self.known()?;
                if !self.scoring_stopped {
                    return Ok(Decision::unchanged());
                }
                Ok(Decision::of(JobEvent::ScoringResumed {}))
            }
            JobCommand::CloseJob { reason, filled, disposition } => {
                self.close(reason, filled, disposition)
            }
        }
    }

    fn person(&self) -> Option<CandidateId> {
        None
    }

    fn personal(_: &mut JobEvent) -> Vec<&mut dyn PiiField> {
        vec![]
    }
}

/// The name that applications require; nobody else can hold it.
fn open_for(job: JobId) -> Reserve {
    Reserve::Claim {
        name: names::open_job(job),
        taken: Refusal::conflict("WRONG_STATE", "the job is already open"),
    }
}

/// The reservation that makes a stage a valid target of moves.
fn stage_of(job: JobId, stage: &Stage) -> Reserve {
    Reserve::Claim {
        name: names::stage(job, &stage.id, stage.kind.as_str()),
        taken: Refusal::conflict("WRONG_STATE", "another job holds this stage"),
    }
}

/// The reservation that makes an opening one that can be filled.
fn opening_of(job: JobId, number: u32) -> Reserve {
    Reserve::Claim {
        name: names::opening(job, number),
        taken: Refusal::conflict("WRONG_STATE", "another job holds this opening"),
    }
}

impl Job {
    fn draft(&self, job: JobId, posting: Posting) -> Result<Decision<JobEvent>, Refusal> {
        if self.id.is_some() {
            return Err(Refusal::conflict("WRONG_STATE", "the job was already drafted"));
        }
        posting.check()?;
        let pipeline = default_pipeline();
        let openings = (1..=posting.openings).map(|number| opening_of(job, number));
        let stages = pipeline.iter().map(|s| stage_of(job, s));
        let reservations = stages.chain(openings).collect();
        let events = vec![JobEvent::JobDrafted { job, posting, pipeline }];
        Ok(Decision { events, reservations })
    }

    fn edit(&self, posting: Posting) -> Result<Decision<JobEvent>, Refusal> {
        let job = self.not_closed()?;
        posting.check()?;
        let changes = self.posting.changes_to(&posting);
        if changes.is_empty() {
            return Ok(Decision::unchanged());
        }
        let (before, after) = (self.posting.openings, posting.openings);
        let mut decision = Decision::of(JobEvent::JobEdited { changes, posting });
        for number in before + 1..=after {
            decision = decision.reserve(opening_of(job, number));
        }
        for number in after + 1..=before {
            let message =
                format!("opening {number} is filled; a job has as many openings as it filled");
            let found = Refusal::conflict("OPENING_FILLED", message).on_field("openings");
            decision = decision
                .reserve(Reserve::RequireNone { prefix: names::filled(job, number), found })
                .reserve(Reserve::Release { name: names::opening(job, number) });
        }
        Ok(decision)
    }

    fn define_pipeline(&self, stages: Vec<Stage>) -> Result<Decision<JobEvent>, Refusal> {
        let job = self.not_closed()?;
        check_pipeline(&stages)?;
        if stages == self.pipeline {
            return Ok(Decision::unchanged());
        }
        let kept = |s: &Stage| stages.iter().any(|n| n.id == s.id && n.kind == s.kind);
        let mut decision = Decision::of(JobEvent::PipelineDefined { stages: stages.clone() });
        for gone in self.pipeline.iter().filter(|s| !kept(s)) {
            let message = format!("applications stand in stage `{}`; move them first", gone.id);
            let found = Refusal::conflict("STAGE_IN_USE", message);
            let prefix = names::in_stage_prefix(job, &gone.id);
            let name = names::stage(job, &gone.id, gone.kind.as_str());
            decision = decision
                .reserve(Reserve::RequireNone { prefix, found })
                .reserve(Reserve::Release { name });
        }
        for stage in &stages {
            if !self.pipeline.iter().any(|s| s.id == stage.id && s.kind == stage.kind) {
                decision = decision.reserve(stage_of(job, stage));
            }
        }
        Ok(decision)
    }

    fn bind_rubric(&self, rubric: String, version: u32) -> Result<Decision<JobEvent>, Refusal> {
        self.not_closed()?;
        if self.rubric.as_ref() == Some(&(rubric.clone(), version)) {
            return Ok(Decision::unchanged());
        }
        let message = format!("rubric `{rubric}` has no published version {version}");
        let missing = Refusal::conflict("RUBRIC_NOT_PUBLISHED", message);
        let name = names::rubric(&rubric, version);
        Ok(Decision::of(JobEvent::RubricBound { rubric, version })
            .reserve(Reserve::Require { name, missing }))
    }

    fn close(
        &self,
        reason: String,
        filled: bool,
        disposition: Option<Disposition>,
    ) -> Result<Decision<JobEvent>, Refusal> {
        let allowed = [JobStatus::Draft, JobStatus::Open, JobStatus::Paused];
        let job = self.in_state(&allowed, "closed")?;
        let mut fields = Fields::default();
        fields.text(&reason, "reason", 500);
        fields.done()?;
        let mut decision = Decision::of(JobEvent::JobClosed { reason, filled, disposition })
            .reserve(Reserve::Release { name: names::open_job(job) });
        if disposition != Some(Disposition::KeepForReview) {
            let message = "applications are still active; say what becomes of them (a disposition)";
            decision = decision.reserve(Reserve::RequireNone {
                prefix: names::active_in_job_prefix(job),
                found: Refusal::conflict("ACTIVE_APPLICATIONS", message),
            });
        }
        Ok(decision)
    }
}
