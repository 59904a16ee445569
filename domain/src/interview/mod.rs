//! The interview: people meet an applicant at a time, and those on the panel hand in scorecards.

mod commands;
mod events;
mod scorecard;
#[cfg(test)]
mod tests;

pub use commands::*;
pub use events::*;
pub use scorecard::*;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::actor::Actor;
use crate::decide::{Decider, Decision, Issued, Reserve, Timestamp, aggregate, names};
use crate::ids::{ApplicationId, CandidateId, InterviewId, MemberId, StreamKind};
use crate::pii::{Pii, PiiField};
use crate::refusal::{Fields, Refusal};

/// The longest an interview may be, in minutes.
const LONGEST: i64 = 8 * 60;
/// The most people on a panel.
const LARGEST_PANEL: usize = 12;

/// Where an interview stands.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum InterviewStatus {
    /// There is no such interview.
    #[default]
    Unknown,
    /// To come, or under way.
    Scheduled,
    /// It took place.
    Completed,
    /// It will not take place.
    Cancelled,
    /// Somebody did not come.
    NoShow,
}

impl InterviewStatus {
    /// The name used on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Scheduled => "scheduled",
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
            Self::NoShow => "no_show",
        }
    }
}

/// An interview, folded from its stream.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Interview {
    /// What it is, once scheduled.
    pub known: Option<Known>,
    /// Where it stands.
    pub status: InterviewStatus,
    /// When.
    pub slot: Option<Slot>,
    /// Who holds it.
    pub panel: Vec<MemberId>,
    /// Who handed in a scorecard.
    pub submitted: BTreeSet<MemberId>,
}

/// What never changes of an interview.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Known {
    /// Its id.
    pub id: InterviewId,
    /// Whose application.
    pub application: ApplicationId,
    /// Whom.
    pub candidate: CandidateId,
    /// The stage that it was for.
    pub stage: String,
    /// What it asks.
    pub kit: Kit,
}

aggregate!(Interview, InterviewEvent, InterviewCommand, "interview");

impl Interview {
    fn evolve(&mut self, event: InterviewEvent) {
        use InterviewEvent as E;
        match event {
            E::InterviewScheduled {
                interview: id,
                application,
                candidate,
                stage,
                panel,
                slot,
                kit,
                ..
            } => {
                self.known = Some(Known { id, application, candidate, stage, kit });
                self.status = InterviewStatus::Scheduled;
                self.panel = panel;
                self.slot = Some(slot);
            }
            E::InterviewRescheduled { to, .. } => self.slot = Some(to),
            E::PanelChanged { to, .. } => self.panel = to,
            E::InterviewCancelled { .. } => self.status = InterviewStatus::Cancelled,
            E::InterviewCompleted { .. } => self.status = InterviewStatus::Completed,
            E::InterviewNoShow { .. } => self.status = InterviewStatus::NoShow,
            E::ScorecardSubmitted { member, .. } => {
                self.submitted.insert(member);
            }
            E::ScorecardAmended { .. } => {}
        }
    }

    fn known(&self) -> Result<&Known, Refusal> {
        self.known.as_ref().ok_or_else(|| Refusal::not_found("interview"))
    }

    /// What it is and when, while it is to come.
    fn to_come(&self) -> Result<(&Known, &Slot), Refusal> {
        let known = self.known()?;
        match (self.status, &self.slot) {
            (InterviewStatus::Scheduled, Some(slot)) => Ok((known, slot)),
            (status, _) => {
                let message = format!("the interview is {}", status.as_str().replace('_', "-"));
                Err(Refusal::conflict("WRONG_STATE", message))
            }
        }
    }
}

impl Decider for Interview {
    const KIND: StreamKind = StreamKind::Interview;
    type Order = InterviewCommand;

    fn decide(
        &self,
        issued: Issued<InterviewCommand>,
    ) -> Result<Decision<InterviewEvent>, Refusal> {
        use InterviewCommand as C;
        use InterviewEvent as E;
        // What has no sense any more, the system may take away; all else is people's.
        if !matches!(issued.command, C::CancelInterview { .. }) {
            human(&issued.actor)?;
        }
        match issued.command {
            C::ScheduleInterview(plan) => self.schedule(plan, issued.at),
            C::RescheduleInterview { slot, reason } => self.reschedule(slot, reason, issued.at),
            C::ChangePanel { panel } => self.change_panel(panel),
            C::CancelInterview { by, reason } => {
                let (known, slot) = self.to_come()?;
                let application = known.application;
                let event = E::InterviewCancelled { application, by, reason };
                Ok(self.over(Decision::of(event), known, slot))
            }
            C::CompleteInterview {} => {
                if self.status == InterviewStatus::Completed {
                    return Ok(Decision::unchanged());
                }
                let (known, slot) = self.to_come()?;
                if issued.at < slot.start {
                    let message = "the interview has not begun";
                    return Err(Refusal::conflict("WRONG_STATE", message));
                }
                let event = E::InterviewCompleted { application: known.application };
                Ok(self.over(Decision::of(event), known, slot))
            }
            C::MarkNoShow { who } => {
                let (known, slot) = self.to_come()?;
                if issued.at < slot.start {
                    let message = "the interview has not begun; cancel it instead";
                    return Err(Refusal::conflict("WRONG_STATE", message));
                }
                let event = E::InterviewNoShow { application: known.application, who };
                Ok(self.over(Decision::of(event), known, slot))
            }
            C::SubmitScorecard { member, scores, notes } => {
                let known = self.rates(member, &scores)?;
                if self.submitted.contains(&member) {
                    let message = "a scorecard was handed in; amend it instead";
                    return Err(Refusal::conflict("ALREADY_SUBMITTED", message));
                }
                let name = names::scorecard(known.application, &known.stage, known.id, member);
                let taken = Refusal::conflict("ALREADY_SUBMITTED", "a scorecard was handed in");
                let application = known.application;
                Ok(Decision::of(E::ScorecardSubmitted { application, member, scores, notes })
                    .reserve(Reserve::Claim { name, taken }))
            }
            C::AmendScorecard { member, scores, notes } => {
                let application = self.rates(member, &scores)?.application;
                if !self.submitted.contains(&member) {
                    let message = "there is no scorecard to amend; submit one";
                    return Err(Refusal::conflict("NOT_SUBMITTED", message));
                }
                Ok(Decision::of(E::ScorecardAmended { application, member, scores, notes }))
            }
        }
    }

    fn person(&self) -> Option<CandidateId> {
        self.known.as_ref().map(|known| known.candidate)
    }

    fn personal(event: &mut InterviewEvent) -> Vec<&mut dyn PiiField> {
        use InterviewEvent as E;
        match event {
            E::InterviewScheduled { place, .. } => vec![place],
            E::InterviewRescheduled { reason, .. } | E::InterviewCancelled { reason, .. } => {
                vec![reason]
            }
            E::ScorecardSubmitted { notes, .. } | E::ScorecardAmended { notes, .. } => vec![notes],
            E::PanelChanged { .. } | E::InterviewCompleted { .. } | E::InterviewNoShow { .. } => {
                vec![]
            }
        }
    }
}

fn human(actor: &Actor) -> Result<(), Refusal> {
    if actor.is_machine() {
        let message = "people arrange interviews and judge them";
        return Err(Refusal::forbidden("HUMAN_REQUIRED", message));
    }
    Ok(())
}

impl Interview {
    fn schedule(&self, plan: Plan, at: Timestamp) -> Result<Decision<InterviewEvent>, Refusal> {
        if self.known.is_some() {
            return Err(Refusal::conflict("WRONG_STATE", "the interview was already scheduled"));
        }
        let mut fields = Fields::default();
        check_panel(&plan.panel, &mut fields);
        plan.kit.check(&mut fields, "kit");
        if let Some(Some(place)) = plan.place.get() {
            match place {
                Place::At(place) => fields.text(place, "place", 500),
                Place::Link(link) => {
                    let web = link.starts_with("https://") && link.len() <= 2_000;
                    fields.check(web, "link", "is not an address that begins with https://");
                }
            }
        }
        check_slot(&plan.slot, &mut fields);
        fields.done()?;
        check_time(&plan.slot, at)?;
        let Plan { interview, application, candidate, job, stage, kind, panel, slot, place, kit } =
            plan;
        let known = Known { id: interview, application, candidate, stage: stage.clone(), kit };
        let kit = known.kit.clone();
        let decision = Decision::of(InterviewEvent::InterviewScheduled {
            interview,
            application,
            candidate,
            job,
            stage,
            kind,
            panel: panel.clone(),
            slot: slot.clone(),
            place,
            kit,
        });
        let message = "the application is not active";
        let name = names::active_in_job(job, application);
        let missing = Refusal::conflict("NOT_ACTIVE", message);
        let decision = decision.reserve(Reserve::Require { name, missing });
        let name = names::interview(application, interview);
        let taken = Refusal::conflict("WRONG_STATE", "the interview was already scheduled");
        let decision = decision.reserve(Reserve::Claim { name, taken });
        Ok(take(decision, candidate, &panel, &slot))
    }

    fn reschedule(
        &self,
        slot: Slot,
        reason: Pii<Option<String>>,
        at: Timestamp,
    ) -> Result<Decision<InterviewEvent>, Refusal> {
        let (known, from) = self.to_come()?;
        let mut fields = Fields::default();
        check_slot(&slot, &mut fields);
        fields.done()?;
        check_time(&slot, at)?;
        if slot == *from {
            return Ok(Decision::unchanged());
        }
        let event = InterviewEvent::InterviewRescheduled {
            application: known.application,
            from: from.clone(),
            to: slot.clone(),
            reason,
        };
        let decision = free(Decision::of(event), known, &self.panel, from);
        Ok(take(decision, known.candidate, &self.panel, &slot))
    }

    fn change_panel(&self, panel: Vec<MemberId>) -> Result<Decision<InterviewEvent>, Refusal> {
        let (known, slot) = self.to_come()?;
        let mut fields = Fields::default();
        check_panel(&panel, &mut fields);
        fields.done()?;
        if panel == self.panel {
            return Ok(Decision::unchanged());
        }
        if self.submitted.iter().any(|member| !panel.contains(member)) {
            let message = "whoever handed in a scorecard stays on the panel";
            return Err(Refusal::conflict("ALREADY_SUBMITTED", message).on_field("panel"));
        }
        let event = InterviewEvent::PanelChanged {
            application: known.application,
            from: self.panel.clone(),
            to: panel.clone(),
        };
        let mut decision = Decision::of(event);
        for member in self.panel.iter().filter(|member| !panel.contains(member)) {
            for at in slot.grains() {
                decision =
                    decision.reserve(Reserve::Release { name: names::busy_member(*member, at) });
            }
        }
        let new: Vec<_> = panel.iter().filter(|m| !self.panel.contains(m)).copied().collect();
        Ok(new.iter().fold(decision, |decision, member| take_member(decision, *member, slot)))
    }

    /// It is not to come any more, and takes nobody's time.
    fn over(
        &self,
        decision: Decision<InterviewEvent>,
        known: &Known,
        slot: &Slot,
    ) -> Decision<InterviewEvent> {
        let name = names::interview(known.application, known.id);
        free(decision, known, &self.panel, slot).reserve(Reserve::Release { name })
    }

    /// Whether somebody may hand in these scores: also before the time that was planned, since people meet when they can.
    fn rates(&self, member: MemberId, scores: &Scores) -> Result<&Known, Refusal> {
        let known = self.known()?;
        if !self.panel.contains(&member) {
            let message = "only the panel hands in scorecards";
            return Err(Refusal::forbidden("NOT_ON_PANEL", message));
        }
        let held = matches!(self.status, InterviewStatus::Scheduled | InterviewStatus::Completed);
        if !held {
            let message = "there is nothing to judge: the interview did not take place";
            return Err(Refusal::conflict("WRONG_STATE", message));
        }
        let mut fields = Fields::default();
        scores.check(&known.kit, &mut fields);
        fields.done()?;
        Ok(known)
    }
}

/// Takes the time of everybody who is needed.
fn take(
    decision: Decision<InterviewEvent>,
    candidate: CandidateId,
    panel: &[MemberId],
    slot: &Slot,
) -> Decision<InterviewEvent> {
    let decision = slot.grains().fold(decision, |decision, at| {
        let message = "the candidate has another interview then";
        let taken = Refusal::conflict("CANDIDATE_BUSY", message);
        decision.reserve(Reserve::Claim { name: names::busy_candidate(candidate, at), taken })
    });
    panel.iter().fold(decision, |decision, member| take_member(decision, *member, slot))
}

fn take_member(
    decision: Decision<InterviewEvent>,
    member: MemberId,
    slot: &Slot,
) -> Decision<InterviewEvent> {
    slot.grains().fold(decision, |decision, at| {
        let message = format!("{member} has another interview then");
        let taken = Refusal::conflict("INTERVIEWER_BUSY", message).on_field("panel");
        decision.reserve(Reserve::Claim { name: names::busy_member(member, at), taken })
    })
}

/// Gives everybody's time back.
fn free(
    decision: Decision<InterviewEvent>,
    known: &Known,
    panel: &[MemberId],
    slot: &Slot,
) -> Decision<InterviewEvent> {
    let whose = slot.grains().flat_map(|at| {
        let members = panel.iter().map(move |member| names::busy_member(*member, at));
        members.chain([names::busy_candidate(known.candidate, at)])
    });
    let names: Vec<String> = whose.collect();
    names.into_iter().fold(decision, |decision, name| decision.reserve(Reserve::Release { name }))
}

fn check_panel(panel: &[MemberId], fields: &mut Fields) {
    fields.check(!panel.is_empty(), "panel", "is empty");
    fields.check(panel.len() <= LARGEST_PANEL, "panel", "are more than 12");
    let doubled = panel.iter().collect::<BTreeSet<_>>().len() < panel.len();
    fields.check(!doubled, "panel", "names somebody twice");
}

fn check_slot(slot: &Slot, fields: &mut Fields) {
    let whole =
        |at: Timestamp| at.timestamp() % (GRAIN * 60) == 0 && at.timestamp_subsec_nanos() == 0;
    fields.check(whole(slot.start), "start", "is not on a whole five minutes");
    fields.check(whole(slot.end), "end", "is not on a whole five minutes");
    let known = slot.time_zone.parse::<chrono_tz::Tz>().is_ok();
    fields.check(known, "time_zone", "is not the IANA name of a time zone such as Europe/Berlin");
    let minutes = (slot.end - slot.start).num_minutes();
    fields.check(minutes <= LONGEST, "end", "is more than eight hours after the start");
}

fn check_time(slot: &Slot, at: Timestamp) -> Result<(), Refusal> {
    if slot.end <= slot.start {
        let message = "the interview ends before it begins";
        return Err(Refusal::invalid("END_BEFORE_START", message).on_field("end"));
    }
    if slot.start < at {
        return Err(
            Refusal::invalid("IN_PAST", "the interview begins in the past").on_field("start")
        );
    }
    Ok(())
}
