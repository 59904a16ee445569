//! What ends an application well, and what puts a person's number in the place of a machine's: hire, take a hire back, override a
//! score.

use chrono::NaiveDate;

use super::{Application, ApplicationEvent, ApplicationStatus, RunId, RunOutcome, said};
use crate::decide::{Decision, Reserve, names};
use crate::ids::OfferId;
use crate::pii::Pii;
use crate::refusal::Refusal;
use crate::score::Points;

impl Application {
    pub(super) fn hire(
        &self,
        offer: Option<OfferId>,
        offer_needed: bool,
        start: Option<NaiveDate>,
        opening: u32,
    ) -> Result<Decision<ApplicationEvent>, Refusal> {
        let (id, candidate, job) = self.under_way()?;
        let unaccepted = Refusal::conflict("OFFER_NOT_ACCEPTED", "no offer was accepted");
        let none = Refusal::conflict("NO_OPENING", "every opening of the job is filled");
        let mut decision =
            Decision::of(ApplicationEvent::ApplicationHired { offer, start, opening });
        decision = match offer {
            Some(offer) => {
                let name = names::accepted_offer(id, offer);
                let taken = Refusal::conflict("WRONG_STATE", "somebody was hired with this offer");
                decision
                    .reserve(Reserve::Require { name, missing: unaccepted })
                    .reserve(Reserve::Claim { name: names::hired_on(offer), taken })
            }
            None if offer_needed => return Err(unaccepted),
            None => {
                let message = "an offer is being made; wait for its answer, or rescind it";
                let found = Refusal::conflict("OFFER_OUTSTANDING", message);
                decision.reserve(Reserve::RequireNone { prefix: names::open_offer(id), found })
            }
        };
        let decision = decision
            .reserve(Reserve::Require { name: names::opening(job, opening), missing: none.clone() })
            .reserve(Reserve::Claim { name: names::filled(job, opening), taken: none });
        Ok(self.leaving(decision, id, candidate, job))
    }

    pub(super) fn unhire(
        &self,
        reason: Pii<String>,
    ) -> Result<Decision<ApplicationEvent>, Refusal> {
        let (id, candidate, job) = self.ids()?;
        let (ApplicationStatus::Hired, Some(opening)) = (self.standing.status, self.opening) else {
            return Err(Refusal::conflict("NOT_HIRED", "nobody was hired on this application"));
        };
        if !said(&reason) {
            let message = "say why the hire is taken back";
            return Err(Refusal::invalid("REASON_REQUIRED", message).on_field("reason"));
        }
        let mut decision = Decision::of(ApplicationEvent::HireReversed { reason, opening })
            .reserve(Reserve::Release { name: names::filled(job, opening) });
        if let Some(offer) = self.hired_on {
            decision = decision.reserve(Reserve::Release { name: names::hired_on(offer) });
        }
        Ok(self.entering(decision, id, candidate, job, self.standing.stage.as_ref()))
    }

    pub(super) fn override_score(
        &self,
        run: RunId,
        to: Points,
        reason: Pii<String>,
    ) -> Result<Decision<ApplicationEvent>, Refusal> {
        self.active()?;
        if to.tenths() > 1_000 {
            let message = "a total is 0 to 100";
            return Err(Refusal::out_of_range(message).on_field("to"));
        }
        let known = self.run(&run)?;
        let (RunOutcome::Recorded, Some(from)) = (known.outcome, known.total) else {
            let message = "the run has no score to put another in the place of";
            return Err(Refusal::conflict("WRONG_STATE", message));
        };
        if !said(&reason) {
            let message = "say why the score is another";
            return Err(Refusal::invalid("REASON_REQUIRED", message).on_field("reason"));
        }
        if from == to {
            return Ok(Decision::unchanged());
        }
        Ok(Decision::of(ApplicationEvent::ScoreOverridden { run, from, to, reason }))
    }
}
