//! What members are told in the program, and what they are reminded of.

use chrono::TimeDelta;
use domain::application::{Application, ApplicationCommand, Cards, StageRef};
use domain::ids::{ApplicationId, InterviewId, MemberId};
use domain::interview::{Interview, InterviewCommand, InterviewKind, Kit, Plan, Side, Slot};
use domain::job::StageKind;
use domain::member::{Member, MemberCommand, Preferences};
use domain::notification::Rule;
use domain::pii::Pii;
use notifier::Settings;
use uuid::Uuid;

use crate::{Scene, Tables, on_both};

on_both!(
    members_follow_what_they_like,
    an_interview_is_told_again_a_day_before,
    what_waits_too_long_is_told
);

fn ann() -> MemberId {
    MemberId(Uuid::from_u128(7))
}

fn ben() -> MemberId {
    MemberId(Uuid::from_u128(8))
}

async fn rules(scene: &Scene, member: MemberId) -> Vec<Rule> {
    let mut told = scene.store.inbox(member, None, false, 100).await.unwrap();
    told.reverse();
    told.into_iter().map(|row| row.rule).collect()
}

async fn members_follow_what_they_like(tables: Tables) {
    let mut scene = Scene::begin(tables, Settings::default()).await;
    let all = Preferences { follow: vec![Rule::NewApplication], ..Preferences::default() };
    scene.prefer(ann(), "ann@example.org", all.clone()).await;
    let nothing_here = Preferences { jobs: vec![domain::ids::JobId(Uuid::nil())], ..all };
    scene.prefer(ben(), "ben@example.org", nothing_here).await;
    let ada = scene.apply("Ada Lovelace", None).await;
    scene.apply("Grace Hopper", None).await;
    scene.withdraw(ada).await;
    let note = ApplicationCommand::AddNote {
        note: domain::ids::EventId(Uuid::from_u128(1)),
        visibility: domain::application::Visibility::Team,
        text: Pii::new("Ada knows engines.".into()),
        mentions: vec![ben()],
    };
    scene.tell::<Application>(ada, note).await;
    scene.go_on().await;
    assert_eq!(rules(&scene, ann()).await, [Rule::NewApplication, Rule::NewApplication]);
    assert_eq!(rules(&scene, ben()).await, [Rule::Mentioned], "whatever he follows");
    let page = scene.store.inbox(ann(), None, true, 1).await.unwrap();
    let first = &page[0];
    assert!(!first.read && first.said.job == Some(scene.job));
    let before = Some((first.position, first.rule.as_str().to_owned()));
    let next = scene.store.inbox(ann(), before, true, 10).await.unwrap();
    assert_eq!(next.len(), 1, "the page behind it");
    let read = MemberCommand::ReadInbox { member: ann(), up_to: next[0].position };
    scene.tell::<Member>(ann(), read).await;
    scene.go_on().await;
    assert_eq!(scene.store.unread(ann()).await.unwrap(), 1);
    assert_eq!(scene.store.inbox(ann(), None, true, 10).await.unwrap().len(), 1);
    assert_eq!(scene.store.inbox(ann(), None, false, 10).await.unwrap().len(), 2);
}

async fn interview(scene: &Scene, application: ApplicationId, in_hours: i64) -> InterviewId {
    let interview = InterviewId(scene.dispatcher.log().ids.next());
    let plan = Plan {
        interview,
        application,
        candidate: scene.candidate_of(application).await,
        job: scene.job,
        stage: "submitted".into(),
        kind: InterviewKind::Phone,
        panel: vec![ann()],
        slot: slot(scene, in_hours),
        place: Pii::new(None),
        kit: Kit::default(),
    };
    scene.tell::<Interview>(interview, InterviewCommand::ScheduleInterview(plan)).await;
    interview
}

fn slot(scene: &Scene, in_hours: i64) -> Slot {
    let start = scene.now() + TimeDelta::hours(in_hours);
    Slot { start, end: start + TimeDelta::minutes(45), time_zone: "UTC".into() }
}

async fn an_interview_is_told_again_a_day_before(tables: Tables) {
    let mut scene = Scene::begin(tables, Settings::default()).await;
    let ada = scene.apply("Ada Lovelace", None).await;
    interview(&scene, ada, 72).await;
    let moved = interview(&scene, ada, 74).await;
    let cancelled = interview(&scene, ada, 76).await;
    interview(&scene, ada, 3).await;
    scene.go_on().await;
    let later =
        InterviewCommand::RescheduleInterview { slot: slot(&scene, 120), reason: Pii::new(None) };
    scene.tell::<Interview>(moved, later).await;
    let cancel = InterviewCommand::CancelInterview { by: Side::Candidate, reason: Pii::new(None) };
    scene.tell::<Interview>(cancelled, cancel).await;
    scene.go_on().await;
    let tomorrow = async |scene: &Scene| {
        let told = rules(scene, ann()).await;
        told.into_iter().filter(|rule| *rule == Rule::InterviewTomorrow).count()
    };
    scene.pass(TimeDelta::hours(47));
    scene.go_on().await;
    assert_eq!(tomorrow(&scene).await, 0);
    scene.pass(TimeDelta::hours(8));
    scene.go_on().await;
    scene.go_on().await;
    assert_eq!(tomorrow(&scene).await, 1, "the one that stands");
    scene.pass(TimeDelta::hours(42));
    scene.go_on().await;
    assert_eq!(tomorrow(&scene).await, 2, "and the one that was moved, by its new time");
}

async fn what_waits_too_long_is_told(tables: Tables) {
    let mut scene = Scene::begin(tables, Settings::default()).await;
    scene.allow_days(2).await;
    let follow = vec![Rule::SlaBreached];
    let preferences = Preferences { follow, ..Preferences::default() };
    scene.prefer(ann(), "ann@example.org", preferences).await;
    let waits = scene.apply("Ada Lovelace", None).await;
    let moves = scene.apply("Grace Hopper", None).await;
    let withdraws = scene.apply("Joan Clarke", None).await;
    scene.go_on().await;
    scene.pass(TimeDelta::days(1));
    let to = StageRef { id: "screening".into(), kind: StageKind::Screening };
    let order = ApplicationCommand::MoveToStage {
        to,
        reason: Pii::new(None),
        cards: Cards { there: 0, needed: 0 },
        seen: None,
    };
    scene.tell::<Application>(moves, order).await;
    scene.withdraw(withdraws).await;
    scene.go_on().await;
    scene.pass(TimeDelta::days(1));
    scene.go_on().await;
    scene.pass(TimeDelta::days(9));
    scene.go_on().await;
    let told = scene.store.inbox(ann(), None, false, 10).await.unwrap();
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!((told[0].rule, told[0].said.application), (Rule::SlaBreached, Some(waits)));
}
