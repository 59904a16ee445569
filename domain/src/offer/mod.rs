//! The offer: written in versions, approved, sent, and answered. One is being made on an application at a time.

mod commands;
mod events;
#[cfg(test)]
mod tests;

pub use commands::*;
pub use events::*;

use serde::{Deserialize, Serialize};

use crate::actor::Actor;
use crate::decide::{Decider, Decision, Issued, Reserve, Timestamp, aggregate, names};
use crate::ids::{ApplicationId, CandidateId, JobId, OfferId, StreamKind};
use crate::pii::{Pii, PiiField};
use crate::refusal::{Fields, Refusal};

/// Where an offer stands.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum OfferStatus {
    /// There is no such offer.
    #[default]
    Unknown,
    /// Being written.
    Draft,
    /// May be sent.
    Approved,
    /// The applicant has it.
    Sent,
    /// The applicant said yes.
    Accepted,
    /// The applicant said no.
    Declined,
    /// It was taken back.
    Rescinded,
    /// Its time was up.
    Expired,
}

impl OfferStatus {
    /// The name used on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Draft => "draft",
            Self::Approved => "approved",
            Self::Sent => "sent",
            Self::Accepted => "accepted",
            Self::Declined => "declined",
            Self::Rescinded => "rescinded",
            Self::Expired => "expired",
        }
    }

    /// Whether it is still being made.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Draft | Self::Approved | Self::Sent)
    }
}

/// An offer, folded from its stream.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Offer {
    /// Its id, application, candidate and job, once drafted.
    pub of: Option<(OfferId, ApplicationId, CandidateId, JobId)>,
    /// Where it stands.
    pub status: OfferStatus,
    /// Its version: 1, 2, 3...
    pub v: u32,
    /// Until when the applicant may answer, once sent.
    pub expires: Option<Timestamp>,
}

aggregate!(Offer, OfferEvent, OfferCommand, "offer");

impl Offer {
    fn evolve(&mut self, event: OfferEvent) {
        use OfferEvent as E;
        self.status = match event {
            E::OfferDrafted { offer, application, candidate, job, v, .. } => {
                self.of = Some((offer, application, candidate, job));
                self.v = v;
                OfferStatus::Draft
            }
            E::OfferApproved { .. } => OfferStatus::Approved,
            E::OfferSent { expires, .. } => {
                self.expires = Some(expires);
                OfferStatus::Sent
            }
            E::OfferAccepted { .. } => OfferStatus::Accepted,
            E::OfferDeclined { .. } => OfferStatus::Declined,
            E::OfferRescinded { .. } => OfferStatus::Rescinded,
            E::OfferExpired { .. } => OfferStatus::Expired,
        };
    }

    fn known(&self) -> Result<(OfferId, ApplicationId, CandidateId, JobId), Refusal> {
        self.of.ok_or_else(|| Refusal::not_found("offer"))
    }

    fn wrong_state(&self) -> Refusal {
        Refusal::conflict("WRONG_STATE", format!("the offer is {}", self.status.as_str()))
    }

    /// Until when it may be answered.
    fn sent(&self) -> Result<Timestamp, Refusal> {
        self.known()?;
        match (self.status, self.expires) {
            (OfferStatus::Sent, Some(expires)) => Ok(expires),
            (OfferStatus::Expired, _) => Err(expired()),
            _ => {
                let message = format!("the offer is {}", self.status.as_str());
                Err(Refusal::conflict("NOT_SENT", message))
            }
        }
    }
}

fn expired() -> Refusal {
    Refusal::conflict("EXPIRED", "the time to answer the offer is over")
}

fn human(actor: &Actor) -> Result<(), Refusal> {
    if actor.is_machine() {
        return Err(Refusal::forbidden(
            "HUMAN_REQUIRED",
            "only a person may decide about an offer",
        ));
    }
    Ok(())
}

impl Decider for Offer {
    const KIND: StreamKind = StreamKind::Offer;
    type Order = OfferCommand;

    fn decide(&self, issued: Issued<OfferCommand>) -> Result<Decision<OfferEvent>, Refusal> {
        use OfferCommand as C;
        use OfferEvent as E;
        let Issued { actor, at, command } = issued;
        // What has no sense any more, the system may take away; all else is people's.
        if !matches!(command, C::ExpireOffer {} | C::RescindOffer { .. }) {
            human(&actor)?;
        }
        match command {
            C::DraftOffer { offer, application, candidate, job, terms } => {
                self.draft((offer, application, candidate, job), terms)
            }
            C::ApproveOffer { v } => {
                let (_, application, ..) = self.known()?;
                if v != self.v {
                    let message = format!("version {v} is not the one that is drafted: {}", self.v);
                    return Err(Refusal::conflict("STALE_OFFER", message).on_field("v"));
                }
                match self.status {
                    OfferStatus::Draft => Ok(Decision::of(E::OfferApproved { application, v })),
                    OfferStatus::Approved => Ok(Decision::unchanged()),
                    _ => Err(self.wrong_state()),
                }
            }
            C::SendOffer { expires } => self.send(expires, at),
            C::AcceptOffer {} => {
                let (offer, application, _, job) = self.known()?;
                if self.status == OfferStatus::Accepted {
                    return Ok(Decision::unchanged());
                }
                if self.sent()? <= at {
                    return Err(expired());
                }
                let taken = Refusal::conflict("WRONG_STATE", "another offer was accepted");
                let claim =
                    Reserve::Claim { name: names::accepted_offer(application, offer), taken };
                let decision =
                    Decision::of(E::OfferAccepted { application, v: self.v }).reserve(claim);
                Ok(done(decision, application).reserve(active(application, job)))
            }
            C::DeclineOffer { reason } => {
                let (_, application, ..) = self.known()?;
                if self.status == OfferStatus::Declined {
                    return Ok(Decision::unchanged());
                }
                self.sent()?;
                let event = E::OfferDeclined { application, v: self.v, reason };
                Ok(done(Decision::of(event), application))
            }
            C::RescindOffer { reason } => {
                let (offer, application, ..) = self.known()?;
                if !self.status.is_open() && self.status != OfferStatus::Accepted {
                    return Err(self.wrong_state());
                }
                let event = E::OfferRescinded { application, v: self.v, reason };
                let name = names::accepted_offer(application, offer);
                let message = "the person was hired with this offer; take the hire back first";
                let found = Refusal::conflict("HIRED", message);
                Ok(done(Decision::of(event), application)
                    .reserve(Reserve::RequireNone { prefix: names::hired_on(offer), found })
                    .reserve(Reserve::Release { name }))
            }
            C::ExpireOffer {} => {
                let (_, application, ..) = self.known()?;
                if self.status == OfferStatus::Expired {
                    return Ok(Decision::unchanged());
                }
                if at < self.sent()? {
                    let message = "there is time left to answer the offer";
                    return Err(Refusal::conflict("NOT_EXPIRED", message));
                }
                Ok(done(Decision::of(E::OfferExpired { application, v: self.v }), application))
            }
        }
    }

    fn person(&self) -> Option<CandidateId> {
        self.of.map(|(_, _, candidate, _)| candidate)
    }

    fn personal(event: &mut OfferEvent) -> Vec<&mut dyn PiiField> {
        use OfferEvent as E;
        match event {
            E::OfferDrafted { terms, .. } => vec![terms],
            E::OfferDeclined { reason, .. } | E::OfferRescinded { reason, .. } => vec![reason],
            E::OfferApproved { .. }
            | E::OfferSent { .. }
            | E::OfferAccepted { .. }
            | E::OfferExpired { .. } => vec![],
        }
    }
}

impl Offer {
    fn draft(
        &self,
        of: (OfferId, ApplicationId, CandidateId, JobId),
        terms: Pii<Terms>,
    ) -> Result<Decision<OfferEvent>, Refusal> {
        let mut fields = Fields::default();
        if let Some(terms) = terms.get() {
            terms.check(&mut fields);
        }
        fields.done()?;
        if self.of.is_some_and(|known| known != of) || self.of.is_some() && !self.status.is_open() {
            return Err(self.wrong_state());
        }
        let (offer, application, candidate, job) = of;
        let v = self.v + 1;
        let event = OfferEvent::OfferDrafted { offer, application, candidate, job, v, terms };
        let message = "another offer is being made on this application";
        let taken = Refusal::conflict("OFFER_OUTSTANDING", message);
        Ok(Decision::of(event)
            .reserve(active(application, job))
            .reserve(Reserve::Claim { name: names::open_offer(application), taken }))
    }

    fn send(&self, expires: Timestamp, at: Timestamp) -> Result<Decision<OfferEvent>, Refusal> {
        let (_, application, _, job) = self.known()?;
        match self.status {
            OfferStatus::Approved => {}
            OfferStatus::Draft => {
                let message = "the offer needs approval before it is sent";
                return Err(Refusal::conflict("NOT_APPROVED", message));
            }
            _ => return Err(self.wrong_state()),
        }
        if expires <= at {
            let message = "the offer would end before it begins";
            return Err(Refusal::invalid("IN_PAST", message).on_field("expires"));
        }
        Ok(Decision::of(OfferEvent::OfferSent { application, v: self.v, expires })
            .reserve(active(application, job)))
    }
}

/// Only an active application is made an offer on.
fn active(application: ApplicationId, job: JobId) -> Reserve {
    let missing = Refusal::conflict("NOT_ACTIVE", "the application is not active");
    Reserve::Require { name: names::active_in_job(job, application), missing }
}

/// It is not being made any more.
fn done(decision: Decision<OfferEvent>, application: ApplicationId) -> Decision<OfferEvent> {
    decision.reserve(Reserve::Release { name: names::open_offer(application) })
}
