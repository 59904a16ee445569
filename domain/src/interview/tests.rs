//! Given/when/then for every rule and refusal of the interview.

use chrono::TimeDelta;
use uuid::Uuid;

use super::*;
use crate::actor::ActorKind;
use crate::ids::JobId;
use crate::spec::{given, now};

fn member(n: u128) -> MemberId {
    MemberId(Uuid::from_u128(n))
}

fn slot(minutes: i64, long: i64) -> Slot {
    // The first whole five minutes after now are 400 seconds later.
    let start = now() + TimeDelta::seconds(400) + TimeDelta::minutes(minutes);
    Slot { start, end: start + TimeDelta::minutes(long), time_zone: "Europe/Berlin".into() }
}

fn plan() -> Plan {
    Plan {
        interview: InterviewId(Uuid::from_u128(1)),
        application: ApplicationId(Uuid::from_u128(2)),
        candidate: CandidateId(Uuid::from_u128(3)),
        job: JobId(Uuid::from_u128(4)),
        stage: "interview".into(),
        kind: InterviewKind::Video,
        panel: vec![member(10), member(11)],
        slot: slot(0, 15),
        place: Pii::new(Some(Place::Link("https://meet.example.org/1".into()))),
        kit: Kit { skills: vec!["care".into(), "calm".into()], questions: vec![] },
    }
}

fn scheduled() -> Vec<InterviewEvent> {
    given::<Interview>([]).when(InterviewCommand::ScheduleInterview(plan())).history()
}

fn changed(change: impl FnOnce(&mut Plan)) -> InterviewCommand {
    let mut plan = plan();
    change(&mut plan);
    InterviewCommand::ScheduleInterview(plan)
}

fn scores() -> Scores {
    let rating = |skill: &str, level| Rating { skill: skill.into(), level };
    Scores { ratings: vec![rating("care", 4), rating("calm", 5)], overall: Verdict::Yes }
}

fn submit(who: MemberId, scores: Scores) -> InterviewCommand {
    InterviewCommand::SubmitScorecard { member: who, scores, notes: Pii::new(None) }
}

#[test]
fn scheduling_takes_the_time_of_everybody_and_needs_an_active_application() {
    let start = slot(0, 15).start;
    given::<Interview>([])
        .when(InterviewCommand::ScheduleInterview(plan()))
        .needs(&names::active_in_job(plan().job, plan().application), "NOT_ACTIVE")
        .needs(&names::busy_member(member(10), start), "INTERVIEWER_BUSY")
        .needs(&names::busy_member(member(11), start + TimeDelta::minutes(10)), "INTERVIEWER_BUSY")
        .needs(&names::busy_candidate(plan().candidate, start), "CANDIDATE_BUSY");
    given::<Interview>(scheduled()).when(changed(|_| {})).refused("WRONG_STATE");
}

#[test]
fn a_plan_that_cannot_stand_is_refused_field_by_field() {
    let refused = |change: fn(&mut Plan)| {
        let refusal = given::<Interview>([]).when(changed(change)).refused("VALIDATION");
        refusal.fields.into_iter().map(|field| field.field).collect::<Vec<_>>()
    };
    assert_eq!(refused(|p| p.panel.clear()), ["panel"]);
    assert_eq!(refused(|p| p.panel = vec![member(1), member(1)]), ["panel"]);
    assert_eq!(refused(|p| p.panel = (0..13).map(member).collect()), ["panel"]);
    assert_eq!(refused(|p| p.slot.start += TimeDelta::minutes(1)), ["start"]);
    assert_eq!(refused(|p| p.slot.end += TimeDelta::seconds(1)), ["end"]);
    assert_eq!(refused(|p| p.slot.end += TimeDelta::hours(8)), ["end"]);
    assert_eq!(refused(|p| p.slot.time_zone = "Berlin".into()), ["time_zone"]);
    assert_eq!(refused(|p| p.kit.skills.push("care".into())), ["kit.skills[2]"]);
    let link = |p: &mut Plan| p.place = Pii::new(Some(Place::Link("javascript:alert(1)".into())));
    assert_eq!(refused(link), ["link"]);
    assert_eq!(refused(|p| p.place = Pii::new(Some(Place::At(" ".into())))), ["place"]);
    let backwards = changed(|p| std::mem::swap(&mut p.slot.start, &mut p.slot.end));
    given::<Interview>([]).when(backwards).refused("END_BEFORE_START");
    given::<Interview>([]).when(changed(|p| p.slot = slot(-15, 30))).refused("IN_PAST");
    let machine = given::<Interview>([]).by(Actor::system("planner"));
    machine.when(changed(|_| {})).refused("HUMAN_REQUIRED");
}

#[test]
fn another_time_gives_the_old_one_back() {
    let to = slot(60, 30);
    let reason = Pii::new(Some("the train was late".to_owned()));
    let order = InterviewCommand::RescheduleInterview { slot: to.clone(), reason: reason.clone() };
    let moved = given::<Interview>(scheduled())
        .when(order.clone())
        .emits([InterviewEvent::InterviewRescheduled {
            application: plan().application,
            from: slot(0, 15),
            to: to.clone(),
            reason,
        }])
        .releases(&names::busy_member(member(10), slot(0, 15).start))
        .needs(&names::busy_member(member(10), to.start), "INTERVIEWER_BUSY")
        .history();
    given::<Interview>(moved).when(order.clone()).changes_nothing();
    let cancelled = given::<Interview>(scheduled())
        .when(InterviewCommand::CancelInterview { by: Side::Candidate, reason: Pii::new(None) })
        .releases(&names::busy_candidate(plan().candidate, slot(0, 15).start))
        .history();
    given::<Interview>(cancelled).when(order).refused("WRONG_STATE");
    let unknown = InterviewCommand::CompleteInterview {};
    given::<Interview>([]).when(unknown).refused("NOT_FOUND");
}

#[test]
fn the_panel_changes_but_for_those_who_handed_in() {
    let to = vec![member(11), member(12)];
    let order = InterviewCommand::ChangePanel { panel: to.clone() };
    given::<Interview>(scheduled())
        .when(order.clone())
        .emits([InterviewEvent::PanelChanged {
            application: plan().application,
            from: plan().panel,
            to,
        }])
        .releases(&names::busy_member(member(10), slot(0, 15).start))
        .needs(&names::busy_member(member(12), slot(0, 15).start), "INTERVIEWER_BUSY");
    let handed_in = given::<Interview>(scheduled())
        .at(slot(0, 15).start)
        .when(submit(member(10), scores()))
        .history();
    given::<Interview>(handed_in).when(order).refused("ALREADY_SUBMITTED");
}

#[test]
fn it_ends_once_and_not_before_it_begins() {
    let complete = InterviewCommand::CompleteInterview {};
    let missed = InterviewCommand::MarkNoShow { who: Side::Candidate };
    given::<Interview>(scheduled()).when(complete.clone()).refused("WRONG_STATE");
    given::<Interview>(scheduled()).when(missed.clone()).refused("WRONG_STATE");
    let begun = slot(0, 15).start;
    let completed = given::<Interview>(scheduled())
        .at(begun)
        .when(complete.clone())
        .releases(&names::busy_member(member(11), begun))
        .releases(&names::interview(plan().application, plan().interview))
        .history();
    given::<Interview>(completed.clone()).at(begun).when(complete.clone()).changes_nothing();
    given::<Interview>(completed).at(begun).when(missed.clone()).refused("WRONG_STATE");
    let missed = given::<Interview>(scheduled()).at(begun).when(missed).history();
    given::<Interview>(missed.clone()).at(begun).when(complete).refused("WRONG_STATE");
    given::<Interview>(missed).at(begun).when(submit(member(10), scores())).refused("WRONG_STATE");
}

#[test]
fn only_the_panel_judges_and_each_of_them_once() {
    let begun = slot(0, 15).start;
    let at = |history: &[InterviewEvent]| given::<Interview>(history.to_vec()).at(begun);
    let history = scheduled();
    at(&history).when(submit(member(12), scores())).refused("NOT_ON_PANEL");
    let model = Actor::new(ActorKind::Model, "gpt");
    at(&history).by(model).when(submit(member(10), scores())).refused("HUMAN_REQUIRED");
    let amend = InterviewCommand::AmendScorecard {
        member: member(10),
        scores: Scores { overall: Verdict::No, ..scores() },
        notes: Pii::new(Some("slept on it".into())),
    };
    at(&history).when(amend.clone()).refused("NOT_SUBMITTED");
    let card = names::scorecard(plan().application, "interview", plan().interview, member(10));
    let submitted =
        at(&history).when(submit(member(10), scores())).needs(&card, "ALREADY_SUBMITTED").history();
    at(&submitted).when(submit(member(10), scores())).refused("ALREADY_SUBMITTED");
    assert_eq!(at(&submitted).when(amend).history().len(), 3);
}

#[test]
fn scores_are_of_what_the_interview_rates() {
    let refused = |change: fn(&mut Scores)| {
        let mut scores = scores();
        change(&mut scores);
        let refusal = given::<Interview>(scheduled())
            .at(slot(0, 15).start)
            .when(submit(member(10), scores))
            .refused("VALIDATION");
        refusal.fields.into_iter().map(|field| field.field).collect::<Vec<_>>()
    };
    assert_eq!(refused(|s| s.ratings[0].level = 0), ["ratings[0].level"]);
    assert_eq!(refused(|s| s.ratings[1].level = 6), ["ratings[1].level"]);
    assert_eq!(refused(|s| s.ratings.truncate(1)), ["ratings"]);
    assert_eq!(refused(|s| s.ratings[1].skill = "magic".into()), ["ratings[1].skill", "ratings"]);
    assert_eq!(refused(|s| s.ratings[1].skill = "care".into()), ["ratings[1].skill", "ratings"]);
}
