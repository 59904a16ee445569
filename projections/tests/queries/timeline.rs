//! Timelines: which events belong to an application, what members read and what the applicant is told.

use domain::application::{ApplicationCommand as A, Cards, Visibility};
use domain::candidate::Personal;
use domain::ids::EventId;
use domain::job::StageKind;
use domain::pii::Pii;
use projections::models::timeline;

use crate::engine::{Place, on_every_engine};
use crate::story::{Applicant, Story, gave, member, none, some, stage};

on_every_engine!(
    members_read_who_did_what,
    the_applicant_is_told_less,
    a_timeline_is_read_page_by_page_and_followed,
    what_was_corrected_before_the_first_resume_is_another_story,
);

/// An application with every kind of event, and what else its candidate does.
async fn whole(story: &Story) -> Applicant {
    let job = story.draft("Nurse", None).await;
    story.open(job, None).await;
    let who = story.applies(gave("Ada", "ada@example.org"), job).await;
    story.read(who.candidate, who.document, "Ada").await;
    story.scored(who, 35).await;
    // Not of this application.
    let other = story.hands_in(who.candidate, "other.pdf").await;
    story.read(who.candidate, other, "Ada").await;
    story.corrects(who.candidate, "name", "Ada King").await;
    let app = who.application;
    story.application(app, A::Shortlist { seen: None }).await;
    let to = stage("interview", StageKind::Interviewing);
    story
        .application(
            app,
            A::MoveToStage { to, reason: some("good talk"), seen: None, cards: Cards::default() },
        )
        .await;
    for (text, visibility) in [("call back", Visibility::Team), ("hm", Visibility::Private)] {
        let (note, text) = (EventId(story.log.ids.next()), Pii::new(text.to_owned()));
        story
            .application_by(
                app,
                A::AddNote { note, visibility, text, mentions: vec![] },
                member("mary"),
            )
            .await;
    }
    let (reason, category) = (Pii::new("no licence".into()), "requirements".into());
    story.application(app, A::Reject { reason, category, note: some("sorry"), seen: None }).await;
    story.application(app, A::Unreject { reason: none() }).await;
    story.application(app, A::Unshortlist {}).await;
    story.application(app, A::Withdraw { reason: none() }).await;
    who
}

async fn members_read_who_did_what(place: Place) {
    let story = Story::begin(&place).await;
    let who = whole(&story).await;
    let read = story.now().await;
    let pool = read.pool().await;
    let page = timeline::of_application(&pool, who.application, 0, 50).await.unwrap();
    assert_eq!((page.position, page.next), (story.head().await, None));
    let told: Vec<_> = page.items.iter().map(|r| (r.summary.as_str(), r.note.as_deref())).collect();
    assert_eq!(
        told,
        [
            ("Resume received", None),
            ("Applied, through careers_page", None),
            ("Resume read: 2 page(s), 100 characters", None),
            ("Hidden text on page 1 (tiny, 5 characters), kept from grading", None),
            ("Profile parsed by parser/1", None),
            ("Score asked of baseline@1 under default@1", None),
            ("Score 70.0 by baseline@1 under default@1", None),
            ("Corrected by a person: name", None),
            ("Put on the short list", None),
            ("Moved from Submitted to Interview", Some("good talk")),
            ("Note to the hiring team", Some("call back")),
            ("Private note", None),
            ("Rejected (requirements)", Some("no licence\nsorry")),
            ("Rejection reversed", None),
            ("Taken off the short list", None),
            ("Withdrawn", None),
        ]
    );
    let scored = &page.items[6];
    assert_eq!(scored.kind, "application.score_recorded.v1");
    assert_eq!((scored.actor.id.as_str(), &scored.data["total"]), ("baseline@1", &70.0.into()));
    let events = story.log.store.read_all(scored.position - 1, 1).await.unwrap();
    assert_eq!(scored.at, events[0].occurred_at);
    let note = |member: &'static str| {
        let pool = &pool;
        async move {
            let page = timeline::of_application_for(pool, who.application, member, 0, 50).await;
            page.unwrap().items.into_iter().find(|r| r.summary == "Private note").unwrap().note
        }
    };
    assert_eq!(note("mary").await.as_deref(), Some("hm"), "her own");
    assert_eq!(note("recruiter").await, None);
}

async fn the_applicant_is_told_less(place: Place) {
    let story = Story::begin(&place).await;
    let who = whole(&story).await;
    let read = story.now().await;
    let page = timeline::for_applicant(&read.pool().await, who.application, 0, 50).await.unwrap();
    let told: Vec<_> = page.items.iter().map(|r| r.summary.as_str()).collect();
    assert_eq!(
        told,
        [
            "You applied",
            "Your resume was read",
            "Scored by a machine: baseline@1",
            "Your application moved on to: interviews",
            "Your application was rejected",
            "The rejection was reversed; your application is looked at again",
            "Your application was withdrawn",
        ]
    );
}

async fn a_timeline_is_read_page_by_page_and_followed(place: Place) {
    let story = Story::begin(&place).await;
    let who = whole(&story).await;
    let read = story.now().await;
    let pool = read.pool().await;
    let all = timeline::of_application(&pool, who.application, 0, 50).await.unwrap().items;
    let (mut rows, mut after) = (vec![], 0);
    loop {
        let page = timeline::of_application(&pool, who.application, after, 3).await.unwrap();
        rows.extend(page.items);
        let Some(next) = page.next else { break };
        after = next.parse().unwrap();
    }
    assert_eq!(rows, all);
}

async fn what_was_corrected_before_the_first_resume_is_another_story(place: Place) {
    let story = Story::begin(&place).await;
    let job = story.draft("Nurse", None).await;
    story.open(job, None).await;
    let first = story.applies(Personal::default(), job).await;
    story.corrects(first.candidate, "phone", "+44 3").await;
    let stranger = story.applies(Personal::default(), job).await;
    let read = story.now().await;
    let corrected = |who: Applicant| {
        let read = &read;
        async move {
            let pool = read.pool().await;
            let page = timeline::of_application(&pool, who.application, 0, 50).await.unwrap();
            page.items.iter().filter(|r| r.kind == "candidate.profile_corrected.v1").count()
        }
    };
    assert_eq!((corrected(first).await, corrected(stranger).await), (1, 0));
}
