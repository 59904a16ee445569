//! Interviews, scorecards and offers: what is asked of them, page by page, and that a rebuild shows the same.

use chrono::{TimeDelta, TimeZone as _, Utc};
use domain::application::ApplicationCommand as A;
use domain::candidate::Personal;
use domain::decide::Decider;
use domain::ids::{InterviewId, MemberId, OfferId};
use domain::interview::{
    Interview, InterviewCommand as I, InterviewKind, Kit, Place as At, Plan, Rating, Scores, Side,
    Slot, Verdict,
};
use domain::job::{JobCommand as J, Pay, Posting};
use domain::offer::{Offer, OfferCommand as O, Terms};
use domain::pii::Pii;
use event_log::Envelope;
use projections::Builder;
use projections::models::{interviews, offers};
use uuid::Uuid;

use crate::engine::{Place, on_every_engine};
use crate::story::{Applicant, Story, member, none, some};

on_every_engine!(interviews_and_offers_are_shown_and_rebuilt,);

pub(crate) fn who(n: u128) -> MemberId {
    MemberId(Uuid::from_u128(n))
}

fn slot(day: i64) -> Slot {
    let start = Utc.with_ymd_and_hms(2099, 1, 1, 9, 0, 0).unwrap() + TimeDelta::days(day);
    Slot { start, end: start + TimeDelta::minutes(45), time_zone: "Europe/London".into() }
}

async fn tell<D: Decider>(story: &Story, id: impl Into<Uuid>, command: D::Order)
where
    D::Order: Clone,
{
    let envelope = Envelope::new(id, command, member("recruiter"));
    story.log.dispatcher().dispatch::<D>(envelope).await.unwrap();
}

/// Everything that can happen with interviews and an offer, up to a hire and back. What is personal in it has `Secret` in it.
pub(crate) async fn hires(story: &Story, applicant: Applicant) -> (InterviewId, OfferId) {
    let Applicant { candidate, application, job, .. } = applicant;
    let notes = some("Secret notes");
    let arrange = async |day: i64, panel: &[MemberId]| {
        let interview = InterviewId(story.log.ids.next());
        let plan = Plan {
            interview,
            application,
            candidate,
            job,
            stage: "interview".into(),
            kind: InterviewKind::Onsite,
            panel: panel.to_vec(),
            slot: slot(day),
            place: Pii::new(Some(At::At("Secret room".into()))),
            kit: Kit { skills: vec!["care".into()], questions: vec![] },
        };
        tell::<Interview>(story, interview, I::ScheduleInterview(plan)).await;
        interview
    };
    let first = arrange(3, &[who(1), who(2)]).await;
    let reason = some("Secret train");
    tell::<Interview>(story, first, I::RescheduleInterview { slot: slot(1), reason }).await;
    tell::<Interview>(story, first, I::ChangePanel { panel: vec![who(1), who(3)] }).await;
    let scores =
        |overall| Scores { ratings: vec![Rating { skill: "care".into(), level: 4 }], overall };
    let card =
        I::SubmitScorecard { member: who(1), scores: scores(Verdict::No), notes: notes.clone() };
    tell::<Interview>(story, first, card).await;
    let card = I::AmendScorecard { member: who(1), scores: scores(Verdict::Yes), notes };
    tell::<Interview>(story, first, card).await;
    let second = arrange(2, &[who(1)]).await;
    let cancel = I::CancelInterview { by: Side::Candidate, reason: some("Secret illness") };
    tell::<Interview>(story, second, cancel).await;
    let until = "2099-03-01".parse().ok();
    story.application(application, A::Hold { reason: some("Secret budget"), until }).await;
    story.application(application, A::Resume {}).await;
    story
        .application(application, A::DisputeScore { text: Pii::new("Secret protest".into()) })
        .await;

    let offer = OfferId(story.log.ids.next());
    let draft = |text: &str| {
        let pay = Pay { min: 1, max: 1, currency: "GBP".into(), per: "year".into() };
        let terms = Terms { pay: Some(pay), text: text.into(), ..Terms::default() };
        O::DraftOffer { offer, application, candidate, job, terms: Pii::new(terms) }
    };
    tell::<Offer>(story, offer, draft("Secret first terms")).await;
    tell::<Offer>(story, offer, draft("Secret terms")).await;
    tell::<Offer>(story, offer, O::ApproveOffer { v: 2 }).await;
    tell::<Offer>(story, offer, O::SendOffer { expires: slot(30).start }).await;
    tell::<Offer>(story, offer, O::AcceptOffer {}).await;
    let hire = A::Hire {
        offer: Some(offer),
        offer_needed: true,
        start: "2099-02-01".parse().ok(),
        opening: 1,
    };
    story.application(application, hire).await;
    story.application(application, A::Unhire { reason: Pii::new("Secret absence".into()) }).await;
    tell::<Offer>(story, offer, O::RescindOffer { reason: some("Secret cut") }).await;
    (first, offer)
}

async fn interviews_and_offers_are_shown_and_rebuilt(place: Place) {
    let story = Story::begin(&place).await;
    let job = story.draft("Nurse", None).await;
    let more = Posting { title: "Nurse".into(), openings: 2, ..Posting::default() };
    story.job(job, J::EditJob { posting: more }).await;
    story.open(job, None).await;
    let applicant = story.applies(Personal::default(), job).await;
    let (first, offer) = hires(&story, applicant).await;
    story.application(applicant.application, A::Withdraw { reason: none() }).await;
    let read = place.store().await;
    let builder = Builder::new(story.log.clone());
    for position in 1..=story.head().await {
        assert_eq!(builder.catch_up(&read, position).await.unwrap(), 1, "event by event");
    }
    let tables = read.pool().await;

    let shown = interviews::one(&tables, first).await.unwrap().unwrap();
    assert_eq!((shown.status.as_str(), shown.start), ("scheduled", slot(1).start));
    assert_eq!(shown.panel, [who(1), who(3)]);
    assert_eq!(shown.submitted, [who(1)]);
    assert_eq!(shown.place, Some(At::At("Secret room".into())));
    let of = interviews::of_application(&tables, applicant.application).await.unwrap();
    let statuses: Vec<_> = of.iter().map(|row| row.status.as_str()).collect();
    assert_eq!(statuses, ["scheduled", "cancelled"], "by their beginning");
    let cards = interviews::scorecards(&tables, applicant.application).await.unwrap();
    assert_eq!(cards.len(), 1);
    assert_eq!((cards[0].overall.as_str(), cards[0].amended_at.is_some()), ("yes", true));
    let of_member = async |n, from, cursor: Option<&str>, limit| {
        interviews::of_member(&tables, who(n), from, cursor, limit).await.unwrap()
    };
    assert_eq!(of_member(2, None, None, 10).await.items, [], "not on the panel any more");
    let page = of_member(1, None, None, 1).await;
    assert_eq!(page.items[0].interview, first);
    let rest = of_member(1, None, page.next.as_deref(), 1).await;
    assert_eq!((rest.items.len(), rest.next), (1, None));
    assert_eq!(of_member(1, Some(slot(2).start), None, 10).await.items.len(), 1, "later ones");

    let shown = offers::one(&tables, offer).await.unwrap().unwrap();
    assert_eq!((shown.status.as_str(), shown.v), ("rescinded", 2));
    assert_eq!(shown.terms.unwrap().text, "Secret terms");
    assert_eq!(offers::of_application(&tables, applicant.application).await.unwrap().len(), 1);
    let rebuilt = read.rebuild(&story.log).await.unwrap();
    assert!(rebuilt.equal(), "{rebuilt:?}");
}
