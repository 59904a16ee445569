//! What follows by itself: once, however often and however late it is delivered.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use chrono::{TimeDelta, TimeZone as _, Utc};
use command_api::workflow::expire_offers;
use command_api::{Resume, Workflow, apply, open_job, setup};
use domain::actor::{Actor, ActorKind};
use domain::application::{Application, ApplicationCommand as A};
use domain::decide::Decider;
use domain::ids::{ApplicationId, CandidateId, InterviewId, JobId, MemberId, OfferId};
use domain::interview::{
    Interview, InterviewCommand as I, InterviewKind, InterviewStatus, Kit, Plan, Slot,
};
use domain::job::Posting;
use domain::offer::{Offer, OfferCommand as O, OfferStatus, Terms};
use domain::pii::Pii;
use event_log::folder::Folder;
use event_log::subscribe::Handler as _;
use event_log::{Dispatcher, Envelope};
use tempfile::TempDir;
use uuid::Uuid;

/// A log with somebody who applied.
struct Scene {
    _folders: (TempDir, Folder),
    dispatcher: Dispatcher,
    job: JobId,
    candidate: CandidateId,
    application: ApplicationId,
}

fn recruiter() -> Actor {
    Actor::new(ActorKind::Member, "recruiter")
}

impl Scene {
    async fn begin() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (held, log) = Folder::open(folder.path()).await.unwrap();
        let dispatcher = log.dispatcher();
        setup(&dispatcher, &[], &recruiter()).await.unwrap();
        let posting = Posting { title: "Nurse".into(), openings: 1, ..Posting::default() };
        let job = open_job(&dispatcher, posting, &recruiter()).await.unwrap();
        let resume = Resume { origin: "a".into(), file: "cv.txt".into(), bytes: b"Ada".to_vec() };
        let applied = apply(&dispatcher, job, resume, "test", &recruiter()).await.unwrap();
        let (candidate, application) = (applied.candidate, applied.application);
        Self { _folders: (folder, held), dispatcher, job, candidate, application }
    }

    async fn tell<D: Decider>(&self, id: impl Into<Uuid>, order: D::Order)
    where
        D::Order: Clone,
    {
        let envelope = Envelope::new(id, order, recruiter());
        self.dispatcher.dispatch::<D>(envelope).await.unwrap();
    }

    async fn interview(&self, day: i64) -> InterviewId {
        let interview = InterviewId(self.dispatcher.log().ids.next());
        let start = Utc.with_ymd_and_hms(2099, 1, 1, 9, 0, 0).unwrap() + TimeDelta::days(day);
        let slot = Slot { start, end: start + TimeDelta::hours(1), time_zone: "UTC".into() };
        let plan = Plan {
            interview,
            application: self.application,
            candidate: self.candidate,
            job: self.job,
            stage: "submitted".into(),
            kind: InterviewKind::Phone,
            panel: vec![MemberId(Uuid::from_u128(1))],
            slot,
            place: Pii::new(None),
            kit: Kit::default(),
        };
        self.tell::<Interview>(interview, I::ScheduleInterview(plan)).await;
        interview
    }

    async fn offer(&self) -> OfferId {
        let offer = OfferId(self.dispatcher.log().ids.next());
        let (application, candidate, job) = (self.application, self.candidate, self.job);
        let terms = Pii::new(Terms { text: "a post".into(), ..Terms::default() });
        let draft = O::DraftOffer { offer, application, candidate, job, terms };
        self.tell::<Offer>(offer, draft).await;
        offer
    }

    async fn standing(
        &self,
        interview: InterviewId,
        offer: OfferId,
    ) -> (InterviewStatus, OfferStatus) {
        let (interview, _) = self.dispatcher.load::<Interview>(interview.0).await.unwrap();
        let (offer, _) = self.dispatcher.load::<Offer>(offer.0).await.unwrap();
        (interview.status, offer.status)
    }

    /// Delivers every event of the log that the workflow wants, twice.
    async fn deliver(&self) -> u64 {
        let workflow = Workflow::new(self.dispatcher.clone());
        for event in self.dispatcher.log().store.read_all(0, 1_000).await.unwrap() {
            if workflow.wants(&event.kind) {
                workflow.handle(&event).await.unwrap();
                workflow.handle(&event).await.unwrap();
            }
        }
        self.dispatcher.log().store.head().await.unwrap()
    }
}

fn reject() -> A {
    A::Reject {
        reason: Pii::new("no licence".into()),
        category: "requirements".into(),
        note: Pii::new(None),
        seen: None,
    }
}

#[tokio::test]
async fn what_was_arranged_for_an_application_ends_with_it_once() {
    let scene = Scene::begin().await;
    let (interview, offer) = (scene.interview(0).await, scene.offer().await);
    scene.tell::<Application>(scene.application, reject()).await;
    let head = scene.deliver().await;
    let ended = (InterviewStatus::Cancelled, OfferStatus::Rescinded);
    assert_eq!(scene.standing(interview, offer).await, ended);
    assert_eq!(scene.deliver().await, head, "nothing more");

    // Under way again, it keeps what is arranged since, however late the rejection is delivered.
    scene.tell::<Application>(scene.application, A::Unreject { reason: Pii::new(None) }).await;
    let (interview, offer) = (scene.interview(1).await, scene.offer().await);
    scene.deliver().await;
    let kept = (InterviewStatus::Scheduled, OfferStatus::Draft);
    assert_eq!(scene.standing(interview, offer).await, kept);
}

#[tokio::test]
async fn an_offer_ends_when_its_time_is_up_and_not_before() {
    let scene = Scene::begin().await;
    let offer = scene.offer().await;
    assert_eq!(expire_offers(&scene.dispatcher).await.unwrap(), 0, "it was not sent");
    scene.tell::<Offer>(offer, O::ApproveOffer { v: 1 }).await;
    let soon = Utc::now() + TimeDelta::milliseconds(300);
    scene.tell::<Offer>(offer, O::SendOffer { expires: soon }).await;
    // Asked again and again, as whoever looks for them does.
    let mut expired = expire_offers(&scene.dispatcher).await.unwrap();
    while expired == 0 {
        assert!(Utc::now() < soon + TimeDelta::seconds(30), "it is not found");
        expired = expire_offers(&scene.dispatcher).await.unwrap();
    }
    assert!(Utc::now() >= soon, "not before");
    assert_eq!(expired, 1);
    assert_eq!(expire_offers(&scene.dispatcher).await.unwrap(), 0);
    let (offer, _) = scene.dispatcher.load::<Offer>(offer.0).await.unwrap();
    assert_eq!(offer.status, OfferStatus::Expired);
}
