//! The application: one candidate's wish for one job, its scores and what people decided.

mod commands;
mod events;
mod hiring;
mod run;
mod standing;
#[cfg(test)]
mod tests;

pub use commands::*;
pub use events::*;
pub use run::*;
pub use standing::*;

use serde::{Deserialize, Serialize};

use crate::actor::Actor;
use crate::decide::{Decider, Decision, Issued, Reserve, aggregate, names};
use crate::ids::{ApplicationId, CandidateId, DocumentId, JobId, OfferId, StreamKind};
use crate::job::StageKind;
use crate::pii::{Pii, PiiField};
use crate::refusal::{Fields, Refusal};
use crate::score::{Points, assess};

/// People that a note may name.
const MENTIONS: usize = 50;

/// An application, folded from its stream.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Application {
    /// Its id, once submitted.
    pub id: Option<ApplicationId>,
    /// Whose it is.
    pub candidate: Option<CandidateId>,
    /// For which job.
    pub job: Option<JobId>,
    /// The resume it stands on: what it is scored on, whatever else the candidate hands in elsewhere.
    pub document: Option<DocumentId>,
    /// Where it stands.
    pub standing: Standing,
    /// Whether the applicant refused machine scoring.
    pub ai_opt_out: bool,
    /// Every score run that was asked for.
    pub runs: Vec<Run>,
    /// The run that people are shown, or will be once it ends.
    #[serde(default)]
    pub shown: Option<RunId>,
    /// How many notes people left.
    pub notes: u32,
    /// The opening that it fills, once hired.
    #[serde(default)]
    pub opening: Option<u32>,
    /// The offer that it was hired with, likewise.
    #[serde(default)]
    pub hired_on: Option<OfferId>,
    /// The application to another job that it takes the place of.
    #[serde(default)]
    pub transferred_from: Option<ApplicationId>,
    /// The application to another job that took its place.
    #[serde(default)]
    pub transferred_to: Option<ApplicationId>,
}

/// One score run and how it ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// Its identity.
    pub id: RunId,
    /// How it ended.
    pub outcome: RunOutcome,
    /// Whether it stands beside the one that people are shown.
    #[serde(default)]
    pub shadow: bool,
    /// Its total, once recorded; or what a person put in its place.
    #[serde(default)]
    pub total: Option<Points>,
}

/// How a score run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunOutcome {
    /// Not yet.
    Requested,
    /// With a score.
    Recorded,
    /// Without one; may be tried again.
    FailedRetryable,
    /// Without one, for good.
    Failed,
}

aggregate!(Application, ApplicationEvent, ApplicationCommand, "application");

impl Application {
    fn evolve(&mut self, event: ApplicationEvent) {
        use ApplicationEvent as E;
        self.standing.evolve(&event);
        match event {
            E::ApplicationSubmitted {
                application,
                candidate,
                job,
                document,
                ai_opt_out,
                transferred_from,
                ..
            } => {
                self.transferred_from = transferred_from;
                self.id = Some(application);
                self.candidate = Some(candidate);
                self.job = Some(job);
                self.document = Some(document);
                self.ai_opt_out = ai_opt_out;
            }
            E::ResumeReplaced { document } => self.document = Some(document),
            E::ScoreRequested { run, request } => {
                if !request.shadow {
                    self.shown = Some(run.clone());
                }
                match self.runs.iter_mut().find(|r| r.id == run) {
                    Some(run) => {
                        (run.outcome, run.shadow) = (RunOutcome::Requested, request.shadow);
                    }
                    None => {
                        let outcome = RunOutcome::Requested;
                        let shadow = request.shadow;
                        self.runs.push(Run { id: run, outcome, shadow, total: None });
                    }
                }
            }
            E::ScoreShown { run } => {
                if let Some(run) = self.runs.iter_mut().find(|r| r.id == run) {
                    run.shadow = false;
                }
                self.shown = Some(run);
            }
            E::ScoreRecorded { run, total, .. } => {
                self.end_run(run, RunOutcome::Recorded, Some(total));
            }
            E::ScoreOverridden { run, to, .. } => {
                self.end_run(run, RunOutcome::Recorded, Some(to));
            }
            E::ScoreFailed { run, retryable, .. } => {
                let outcome =
                    if retryable { RunOutcome::FailedRetryable } else { RunOutcome::Failed };
                self.end_run(run, outcome, None);
            }
            E::NoteAdded { .. } => self.notes += 1,
            E::ApplicationTransferred { to, .. } => self.transferred_to = Some(to),
            E::ApplicationHired { offer, opening, .. } => {
                (self.opening, self.hired_on) = (Some(opening), offer);
            }
            E::HireReversed { .. } => (self.opening, self.hired_on) = (None, None),
            E::StageChanged { .. }
            | E::ScoreDisputed { .. }
            | E::ApplicationHeld { .. }
            | E::ApplicationResumed {}
            | E::ApplicationShortlisted { .. }
            | E::ApplicationUnshortlisted {}
            | E::ApplicationRejected { .. }
            | E::RejectionReversed { .. }
            | E::ApplicationWithdrawn { .. } => {}
        }
    }

    fn end_run(&mut self, id: RunId, outcome: RunOutcome, total: Option<Points>) {
        if let Some(run) = self.runs.iter_mut().find(|r| r.id == id) {
            run.outcome = outcome;
            run.total = total;
        }
    }

    fn ids(&self) -> Result<(ApplicationId, CandidateId, JobId), Refusal> {
        match (self.id, self.candidate, self.job) {
            (Some(id), Some(candidate), Some(job)) => Ok((id, candidate, job)),
            _ => Err(Refusal::not_found("application")),
        }
    }

    fn active(&self) -> Result<(ApplicationId, CandidateId, JobId), Refusal> {
        let ids = self.ids()?;
        if !self.standing.status.is_active() {
            let message = format!("the application is {:?}", self.standing.status).to_lowercase();
            return Err(Refusal::conflict("NOT_ACTIVE", message));
        }
        Ok(ids)
    }

    /// Like [`Self::active`], for what nobody does while it is on hold.
    fn under_way(&self) -> Result<(ApplicationId, CandidateId, JobId), Refusal> {
        let ids = self.active()?;
        if self.standing.on_hold {
            let message = "the application is on hold; resume it first";
            return Err(Refusal::conflict("ON_HOLD", message));
        }
        Ok(ids)
    }

    /// Its ids, while it may be ended.
    ///
    /// # Errors
    /// NOT_FOUND, TERMINAL.
    pub fn not_terminal(&self) -> Result<(ApplicationId, CandidateId, JobId), Refusal> {
        self.active().map_err(|refusal| match refusal.code.as_str() {
            "NOT_ACTIVE" => Refusal::conflict("TERMINAL", refusal.message),
            _ => refusal,
        })
    }

    fn run(&self, id: &RunId) -> Result<&Run, Refusal> {
        let run = self.runs.iter().find(|r| r.id == *id);
        run.ok_or_else(|| Refusal::not_found("score run"))
    }
}

impl Decider for Application {
    const KIND: StreamKind = StreamKind::Application;
    type Order = ApplicationCommand;

    fn decide(
        &self,
        issued: Issued<ApplicationCommand>,
    ) -> Result<Decision<ApplicationEvent>, Refusal> {
        use ApplicationCommand as C;
        use ApplicationEvent as E;
        let actor = &issued.actor;
        match issued.command {
            C::SubmitApplication(submission) => self.submit(submission),
            C::ReplaceResume { document } => {
                self.active()?;
                if self.document == Some(document) {
                    return Ok(Decision::unchanged());
                }
                Ok(Decision::of(E::ResumeReplaced { document }))
            }
            C::RequestScore { request, again } => self.request_score(request, again),
            C::RecordScore(result) => self.record_score(actor, result),
            C::FailScore { run, reason, retryable, usage, exchanges } => {
                self.ids()?;
                only_scorers(actor)?;
                let &Run { outcome: RunOutcome::Requested, shadow, .. } = self.run(&run)? else {
                    return Ok(Decision::unchanged());
                };
                let failed = E::ScoreFailed { run, reason, retryable, usage, exchanges, shadow };
                Ok(Decision::of(failed))
            }
            C::ShowScore { run } => {
                human_decides(actor)?;
                self.active()?;
                if self.run(&run)?.outcome != RunOutcome::Recorded {
                    let message = "the run has no score to show";
                    return Err(Refusal::conflict("WRONG_STATE", message));
                }
                if self.shown.as_ref() == Some(&run) {
                    return Ok(Decision::unchanged());
                }
                Ok(Decision::of(E::ScoreShown { run }))
            }
            C::OverrideScore { run, to, reason } => {
                human_decides(actor)?;
                self.override_score(run, to, reason)
            }
            C::DisputeScore { text } => {
                human_decides(actor)?;
                self.active()?;
                if !said(&text) {
                    let message = "say what is wrong with the score";
                    return Err(Refusal::invalid("REASON_REQUIRED", message).on_field("text"));
                }
                Ok(Decision::of(E::ScoreDisputed { run: self.shown.clone(), text }))
            }
            C::MoveToStage { to, reason, seen, cards } => {
                human_decides(actor)?;
                self.move_to(to, reason, seen, cards)
            }
            C::Hold { reason, until } => {
                human_decides(actor)?;
                self.active()?;
                Ok(Decision::of(E::ApplicationHeld { reason, until }))
            }
            C::Resume {} => {
                self.active()?;
                if !self.standing.on_hold {
                    return Ok(Decision::unchanged());
                }
                human_decides(actor)?;
                Ok(Decision::of(E::ApplicationResumed {}))
            }
            C::Transfer { to, job, reason } => {
                human_decides(actor)?;
                let (id, candidate, from) = self.not_terminal()?;
                let event = E::ApplicationTransferred { to, job, reason };
                Ok(self.leaving(Decision::of(event), id, candidate, from))
            }
            C::Hire { offer, offer_needed, start, opening } => {
                human_decides(actor)?;
                self.hire(offer, offer_needed, start, opening)
            }
            C::Unhire { reason } => {
                human_decides(actor)?;
                self.unhire(reason)
            }
            C::Shortlist { seen } => {
                self.active()?;
                if self.standing.shortlisted {
                    return Ok(Decision::unchanged());
                }
                human_decides(actor)?;
                Ok(Decision::of(E::ApplicationShortlisted { seen }))
            }
            C::Unshortlist {} => {
                self.active()?;
                if !self.standing.shortlisted {
                    return Ok(Decision::unchanged());
                }
                human_decides(actor)?;
                Ok(Decision::of(E::ApplicationUnshortlisted {}))
            }
            C::Reject { reason, category, note, seen } => {
                human_decides(actor)?;
                let (id, candidate, job) = self.not_terminal()?;
                if !said(&reason) || category.trim().is_empty() {
                    let message = "a rejection needs a reason and a category";
                    return Err(Refusal::invalid("REASON_REQUIRED", message).on_field("reason"));
                }
                let event = E::ApplicationRejected { reason, category, note, seen };
                Ok(self.leaving(Decision::of(event), id, candidate, job))
            }
            C::Unreject { reason } => {
                let (id, candidate, job) = self.ids()?;
                if self.standing.status != ApplicationStatus::Rejected {
                    return Err(Refusal::conflict(
                        "NOT_REJECTED",
                        "the application is not rejected",
                    ));
                }
                human_decides(actor)?;
                let event = E::RejectionReversed { reason };
                let missing =
                    Refusal::conflict("JOB_NOT_OPEN", "the job does not take applications");
                let name = names::open_job(job);
                let decision = Decision::of(event).reserve(Reserve::Require { name, missing });
                Ok(self.entering(decision, id, candidate, job, self.standing.stage.as_ref()))
            }
            C::Withdraw { reason } => {
                human_decides(actor)?;
                let (id, candidate, job) = self.not_terminal()?;
                let decision = Decision::of(E::ApplicationWithdrawn { reason })
                    .reserve(Reserve::Release { name: names::applied(candidate, job) });
                Ok(self.leaving(decision, id, candidate, job))
            }
            C::AddNote { note, visibility, text, mut mentions } => {
                self.ids()?;
                let mut fields = Fields::default();
                let says = text.get().is_none_or(|text| !text.trim().is_empty());
                fields.check(says, "text", "says nothing");
                mentions.sort_unstable();
                mentions.dedup();
                let few = mentions.len() <= MENTIONS;
                fields.check(few, "mentions", "are more than 50 people");
                let readable = mentions.is_empty() || visibility == Visibility::Team;
                fields.check(readable, "mentions", "name people who cannot read a private note");
                fields.done()?;
                Ok(Decision::of(E::NoteAdded { note, visibility, text, mentions }))
            }
        }
    }

    fn person(&self) -> Option<CandidateId> {
        self.candidate
    }

    fn personal(event: &mut ApplicationEvent) -> Vec<&mut dyn PiiField> {
        use ApplicationEvent as E;
        match event {
            E::ApplicationSubmitted { answers, .. } => vec![answers],
            E::ScoreRecorded { explanations, .. } => vec![explanations],
            E::StageChanged { reason, .. }
            | E::ApplicationHeld { reason, .. }
            | E::ApplicationTransferred { reason, .. } => vec![reason],
            E::ScoreOverridden { reason, .. } | E::HireReversed { reason, .. } => vec![reason],
            E::ScoreDisputed { text, .. } => vec![text],
            E::ApplicationRejected { reason, note, .. } => vec![reason, note],
            E::RejectionReversed { reason } | E::ApplicationWithdrawn { reason } => vec![reason],
            E::NoteAdded { text, .. } => vec![text],
            E::ResumeReplaced { .. }
            | E::ScoreRequested { .. }
            | E::ScoreFailed { .. }
            | E::ScoreShown { .. }
            | E::ApplicationResumed {}
            | E::ApplicationHired { .. }
            | E::ApplicationShortlisted { .. }
            | E::ApplicationUnshortlisted {} => vec![],
        }
    }
}

/// Whether a text says something.
fn said(text: &Pii<String>) -> bool {
    text.get().is_some_and(|text| !text.trim().is_empty())
}

/// A decision about a person is a person's: no model and no part of the system may take it.
fn human_decides(actor: &Actor) -> Result<(), Refusal> {
    if actor.is_machine() {
        let message = "only a person may decide about an applicant";
        return Err(Refusal::forbidden("HUMAN_REQUIRED", message));
    }
    Ok(())
}

fn only_scorers(actor: &Actor) -> Result<(), Refusal> {
    if !actor.is_machine() {
        return Err(Refusal::forbidden("FORBIDDEN", "only a scorer records scores"));
    }
    Ok(())
}

impl Application {
    fn submit(&self, s: Submission) -> Result<Decision<ApplicationEvent>, Refusal> {
        let already =
            Refusal::conflict("ALREADY_APPLIED", "the candidate already applied to this job");
        if let Some(id) = self.id {
            return Err(already.with_existing(id.to_string()));
        }
        let mut fields = Fields::default();
        fields.text(&s.source, "source", 100);
        fields.done()?;
        let (id, candidate, job) = (s.application, s.candidate, s.job);
        let closed = Refusal::conflict("JOB_NOT_OPEN", "the job does not take applications");
        let decision = Decision::of(ApplicationEvent::ApplicationSubmitted {
            application: id,
            candidate,
            job,
            document: s.document,
            answers: s.answers,
            source: s.source,
            ai_notice_version: s.ai_notice_version,
            ai_opt_out: s.ai_opt_out,
            transferred_from: s.transferred_from,
        })
        // Applied before open: an applicant who comes twice is told so even when the job has closed.
        .reserve(Reserve::Claim { name: names::applied(candidate, job), taken: already })
        .reserve(Reserve::Require { name: names::open_job(job), missing: closed });
        Ok(self.entering(decision, id, candidate, job, None))
    }

    /// Claims what an active application holds.
    fn entering(
        &self,
        decision: Decision<ApplicationEvent>,
        id: ApplicationId,
        candidate: CandidateId,
        job: JobId,
        stage: Option<&StageRef>,
    ) -> Decision<ApplicationEvent> {
        let stage = stage.map_or("submitted", |s| s.id.as_str());
        active_names(id, candidate, job, stage).into_iter().fold(decision, |decision, name| {
            let taken = Refusal::conflict("WRONG_STATE", "another application holds this place");
            decision.reserve(Reserve::Claim { name, taken })
        })
    }

    /// Releases what an active application holds.
    fn leaving(
        &self,
        decision: Decision<ApplicationEvent>,
        id: ApplicationId,
        candidate: CandidateId,
        job: JobId,
    ) -> Decision<ApplicationEvent> {
        let stage = self.standing.stage.as_ref().map_or("submitted", |s| s.id.as_str());
        active_names(id, candidate, job, stage)
            .into_iter()
            .fold(decision, |decision, name| decision.reserve(Reserve::Release { name }))
    }

    fn request_score(
        &self,
        request: ScoreRequest,
        again: bool,
    ) -> Result<Decision<ApplicationEvent>, Refusal> {
        let (application, ..) = self.active()?;
        if self.ai_opt_out {
            let message = "the applicant chose not to be scored by a machine";
            return Err(Refusal::conflict("AI_OPT_OUT", message));
        }
        if self.document != Some(request.document) {
            let message = "the application stands on another resume";
            return Err(Refusal::conflict("ANOTHER_RESUME", message));
        }
        let run = request.run_id(application);
        match self.run(&run).map(|run| run.outcome) {
            Ok(RunOutcome::FailedRetryable) if again => {}
            Ok(_) => {
                let message = "this resume was already scored under this rubric by this release";
                return Err(Refusal::conflict("DUPLICATE_RUN", message).with_existing(run.0));
            }
            Err(_) => {}
        }
        let missing = Refusal::conflict("UNSCORABLE", "no text could be read from the resume");
        let name = names::readable(request.document);
        Ok(Decision::of(ApplicationEvent::ScoreRequested { run, request })
            .reserve(Reserve::Require { name, missing }))
    }

    fn record_score(
        &self,
        actor: &Actor,
        result: ScoreResult,
    ) -> Result<Decision<ApplicationEvent>, Refusal> {
        self.ids()?;
        only_scorers(actor)?;
        // A second delivery of the same run adds nothing.
        let &Run { outcome: RunOutcome::Requested, shadow, .. } = self.run(&result.run)? else {
            return Ok(Decision::unchanged());
        };
        let assessment = assess(&result.rubric, result.grades, &result.text)?;
        let (criteria, explanations) =
            assessment.criteria.into_iter().map(RecordedCriterion::split).unzip();
        Ok(Decision::of(ApplicationEvent::ScoreRecorded {
            run: result.run,
            total: assessment.total,
            criteria,
            explanations: Pii::new(explanations),
            usage: result.usage,
            exchanges: result.exchanges,
            shadow,
        }))
    }

    fn move_to(
        &self,
        to: StageRef,
        reason: Pii<Option<String>>,
        seen: Option<Seen>,
        cards: Cards,
    ) -> Result<Decision<ApplicationEvent>, Refusal> {
        let (id, _, job) = self.under_way()?;
        if to.kind == StageKind::Hired {
            let message = "nobody is hired by a move; make an offer and hire";
            return Err(Refusal::invalid("STAGE_NOT_IN_PIPELINE", message).on_field("to"));
        }
        let from = self.standing.stage.as_ref().map_or("submitted", |s| s.id.as_str()).to_owned();
        if from == to.id {
            return Ok(Decision::unchanged());
        }
        if cards.there < cards.needed {
            let Cards { there, needed } = cards;
            let message =
                format!("stage `{from}` asks for {needed} scorecards, and there are {there}");
            return Err(Refusal::invalid("SCORECARDS_MISSING", message));
        }
        let message = format!("`{}` is not a stage of the job's pipeline", to.id);
        let missing = Refusal::invalid("STAGE_NOT_IN_PIPELINE", message).on_field("to");
        let taken = Refusal::conflict("WRONG_STATE", "another application holds this place");
        Ok(Decision::of(ApplicationEvent::StageChanged {
            from: from.clone(),
            to: to.clone(),
            reason,
            seen,
        })
        .reserve(Reserve::Require { name: names::stage(job, &to.id, to.kind.as_str()), missing })
        .reserve(Reserve::Release { name: names::in_stage(job, &from, id) })
        .reserve(Reserve::Claim { name: names::in_stage(job, &to.id, id), taken }))
    }
}

fn active_names(id: ApplicationId, candidate: CandidateId, job: JobId, stage: &str) -> [String; 3] {
    [
        names::active_in_job(job, id),
        names::active_of(candidate, id),
        names::in_stage(job, stage, id),
    ]
}
