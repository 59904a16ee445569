//! Commands of the offer.

use super::Terms;
use crate::decide::Timestamp;
use crate::ids::{ApplicationId, CandidateId, JobId, OfferId};
use crate::pii::Pii;

/// What a recruiter, whoever approves, or the applicant can ask of an offer.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "fields are those of the events they lead to")]
pub enum OfferCommand {
    /// Begin an offer, or its next version; a version that was approved or sent needs approval again. Refused: VALIDATION,
    /// OFFER_OUTSTANDING (names the other offer), NOT_ACTIVE, WRONG_STATE.
    DraftOffer {
        offer: OfferId,
        application: ApplicationId,
        candidate: CandidateId,
        job: JobId,
        terms: Pii<Terms>,
    },
    /// A person approves the version that is drafted. Refused: WRONG_STATE, STALE_OFFER, HUMAN_REQUIRED.
    ApproveOffer { v: u32 },
    /// To the applicant. Refused: NOT_APPROVED, WRONG_STATE, IN_PAST, NOT_ACTIVE, HUMAN_REQUIRED.
    SendOffer { expires: Timestamp },
    /// (applicant) Refused: NOT_SENT, EXPIRED, NOT_ACTIVE, HUMAN_REQUIRED.
    AcceptOffer {},
    /// (applicant) Refused: NOT_SENT, HUMAN_REQUIRED.
    DeclineOffer { reason: Pii<Option<String>> },
    /// Take it back, at whatever it is, also when it was accepted. Refused: WRONG_STATE, HIRED.
    RescindOffer { reason: Pii<Option<String>> },
    /// (system) Its time is up. Refused: NOT_SENT, NOT_EXPIRED.
    ExpireOffer {},
}

crate::decide::named!(OfferCommand {
    DraftOffer,
    ApproveOffer,
    SendOffer,
    AcceptOffer,
    DeclineOffer,
    RescindOffer,
    ExpireOffer
});
