//! Given/when/then for every rule and refusal of the offer.

use chrono::TimeDelta;
use uuid::Uuid;

use super::*;
use crate::job::Pay;
use crate::spec::{given, now};

fn ids() -> (OfferId, ApplicationId, CandidateId, JobId) {
    let id = Uuid::from_u128;
    (OfferId(id(1)), ApplicationId(id(2)), CandidateId(id(3)), JobId(id(4)))
}

fn terms() -> Terms {
    let pay = Pay { min: 35_000, max: 35_000, currency: "GBP".into(), per: "year".into() };
    Terms { pay: Some(pay), text: "30 days of leave".into(), ..Terms::default() }
}

fn draft_of(terms: Terms) -> OfferCommand {
    let (offer, application, candidate, job) = ids();
    OfferCommand::DraftOffer { offer, application, candidate, job, terms: Pii::new(terms) }
}

fn drafted() -> Vec<OfferEvent> {
    given::<Offer>([]).when(draft_of(terms())).history()
}

fn approved() -> Vec<OfferEvent> {
    given::<Offer>(drafted()).when(OfferCommand::ApproveOffer { v: 1 }).history()
}

fn in_a_week() -> Timestamp {
    now() + TimeDelta::days(7)
}

fn sent() -> Vec<OfferEvent> {
    given::<Offer>(approved()).when(OfferCommand::SendOffer { expires: in_a_week() }).history()
}

fn decline() -> OfferCommand {
    OfferCommand::DeclineOffer { reason: Pii::new(None) }
}

fn rescind() -> OfferCommand {
    OfferCommand::RescindOffer { reason: Pii::new(None) }
}

#[test]
fn one_offer_is_made_at_a_time_on_an_active_application() {
    let (_, application, _, job) = ids();
    given::<Offer>([])
        .when(draft_of(terms()))
        .needs(&names::open_offer(application), "OFFER_OUTSTANDING")
        .needs(&names::active_in_job(job, application), "NOT_ACTIVE");
    given::<Offer>([]).when(draft_of(Terms::default())).refused("VALIDATION");
    let upside_down = Pay { min: 2, max: 1, currency: "gbp".into(), per: "week".into() };
    let refusal = given::<Offer>([])
        .when(draft_of(Terms { pay: Some(upside_down), ..Terms::default() }))
        .refused("VALIDATION");
    let fields: Vec<_> = refusal.fields.iter().map(|field| field.field.as_str()).collect();
    assert_eq!(fields, ["pay.currency", "pay.per", "pay.min"]);
}

#[test]
fn what_is_sent_was_approved_as_it_stands() {
    let send = OfferCommand::SendOffer { expires: in_a_week() };
    let approve = |v| OfferCommand::ApproveOffer { v };
    given::<Offer>(drafted()).when(send.clone()).refused("NOT_APPROVED");
    given::<Offer>(drafted()).when(approve(2)).refused("STALE_OFFER");
    given::<Offer>(drafted()).by(Actor::system("s")).when(approve(1)).refused("HUMAN_REQUIRED");
    given::<Offer>(approved()).when(approve(1)).changes_nothing();
    let again = given::<Offer>(approved()).when(draft_of(terms())).history();
    given::<Offer>(again.clone()).when(send).refused("NOT_APPROVED");
    given::<Offer>(again.clone()).when(approve(1)).refused("STALE_OFFER");
    given::<Offer>(again)
        .when(approve(2))
        .emits([OfferEvent::OfferApproved { application: ids().1, v: 2 }]);
    given::<Offer>(approved()).when(OfferCommand::SendOffer { expires: now() }).refused("IN_PAST");
    given::<Offer>(sent()).when(approve(1)).refused("WRONG_STATE");
    given::<Offer>([]).when(approve(1)).refused("NOT_FOUND");
}

#[test]
fn an_offer_is_answered_while_there_is_time() {
    let (offer, application, _, job) = ids();
    let accept = OfferCommand::AcceptOffer {};
    given::<Offer>(approved()).when(accept.clone()).refused("NOT_SENT");
    given::<Offer>(approved()).when(decline()).refused("NOT_SENT");
    given::<Offer>(sent()).at(in_a_week()).when(accept.clone()).refused("EXPIRED");
    given::<Offer>(sent()).by(Actor::system("s")).when(accept.clone()).refused("HUMAN_REQUIRED");
    let accepted = given::<Offer>(sent())
        .when(accept.clone())
        .needs(&names::accepted_offer(application, offer), "WRONG_STATE")
        .needs(&names::active_in_job(job, application), "NOT_ACTIVE")
        .releases(&names::open_offer(application))
        .history();
    given::<Offer>(accepted.clone()).when(accept.clone()).changes_nothing();
    given::<Offer>(accepted.clone()).when(decline()).refused("NOT_SENT");
    given::<Offer>(accepted).when(draft_of(terms())).refused("WRONG_STATE");
    let declined =
        given::<Offer>(sent()).when(decline()).releases(&names::open_offer(application)).history();
    given::<Offer>(declined.clone()).when(decline()).changes_nothing();
    given::<Offer>(declined.clone()).when(rescind()).refused("WRONG_STATE");
    given::<Offer>(declined).when(accept).refused("NOT_SENT");
}

#[test]
fn its_time_is_up_when_it_is_and_not_before() {
    let expire = OfferCommand::ExpireOffer {};
    let system = |history: Vec<OfferEvent>| given::<Offer>(history).by(Actor::system("clock"));
    system(sent()).when(expire.clone()).refused("NOT_EXPIRED");
    system(drafted()).when(expire.clone()).refused("NOT_SENT");
    let expired = system(sent()).at(in_a_week()).when(expire.clone()).history();
    system(expired.clone()).at(in_a_week()).when(expire).changes_nothing();
    given::<Offer>(expired.clone()).when(OfferCommand::AcceptOffer {}).refused("EXPIRED");
    given::<Offer>(expired).when(decline()).refused("EXPIRED");
}

#[test]
fn it_is_taken_back_at_any_time_unless_somebody_was_hired_with_it() {
    let (offer, application, ..) = ids();
    for history in [drafted(), approved(), sent()] {
        given::<Offer>(history)
            .by(Actor::system("workflow"))
            .when(rescind())
            .releases(&names::open_offer(application));
    }
    let accepted = given::<Offer>(sent()).when(OfferCommand::AcceptOffer {}).history();
    given::<Offer>(accepted)
        .when(rescind())
        .needs(&names::hired_on(offer), "HIRED")
        .releases(&names::accepted_offer(application, offer));
}
