//! Given/when/then for every rule and refusal of the application.

use uuid::Uuid;

use super::*;
use crate::actor::ActorKind;
use crate::ids::{DocumentId, EventId, MemberId};
use crate::pii::Pii;
use crate::rubric::Rubric;
use crate::score::{Grade, Points};
use crate::spec::given;
use crate::text::{Span, VisibleText};

fn ids() -> (ApplicationId, CandidateId, JobId) {
    (ApplicationId(Uuid::from_u128(1)), CandidateId(Uuid::from_u128(2)), JobId(Uuid::from_u128(3)))
}

fn submission(ai_opt_out: bool) -> Submission {
    let (application, candidate, job) = ids();
    Submission {
        application,
        candidate,
        job,
        document: DocumentId(Uuid::from_u128(4)),
        answers: Pii::new(vec![]),
        source: "import".into(),
        ai_notice_version: 1,
        ai_opt_out,
        transferred_from: None,
    }
}

fn submitted_with(ai_opt_out: bool) -> Vec<ApplicationEvent> {
    given::<Application>([])
        .when(ApplicationCommand::SubmitApplication(submission(ai_opt_out)))
        .history()
}

fn submitted() -> Vec<ApplicationEvent> {
    submitted_with(false)
}

fn request() -> ScoreRequest {
    ScoreRequest {
        document: DocumentId(Uuid::from_u128(4)),
        resume_digest: "d1".into(),
        rubric: "default@1".into(),
        model_release: "baseline@1".into(),
        prompt_version: "none".into(),
        job_version: 1,
        shadow: false,
        repeat: 0,
    }
}

fn run() -> RunId {
    request().run_id(ids().0)
}

fn ask() -> ApplicationCommand {
    ApplicationCommand::RequestScore { request: request(), again: false }
}

fn requested() -> Vec<ApplicationEvent> {
    given::<Application>(submitted()).when(ask()).history()
}

fn result(tenths: u8) -> ScoreResult {
    let rubric = Rubric::default_v1();
    let text = VisibleText::new("Led a kitchen of 12".into());
    let grades = rubric
        .criteria
        .iter()
        .map(|c| Grade {
            criterion: c.id.clone(),
            level: crate::score::Level::from_tenths(tenths).unwrap(),
            rationale: "shown".into(),
            evidence: text.quote(Span { start: 0, end: 3 }).into_iter().collect(),
            confidence: 1.0,
        })
        .collect();
    ScoreResult { run: run(), rubric, grades, text, usage: Usage::default(), exchanges: vec![] }
}

fn record() -> ApplicationCommand {
    ApplicationCommand::RecordScore(result(25))
}

fn scorer() -> Actor {
    Actor::new(ActorKind::Model, "baseline@1")
}

fn reject() -> ApplicationCommand {
    ApplicationCommand::Reject {
        reason: Pii::new("no licence".into()),
        category: "requirements".into(),
        note: Pii::new(None),
        seen: None,
    }
}

fn rejected() -> Vec<ApplicationEvent> {
    given::<Application>(submitted()).when(reject()).history()
}

fn withdraw() -> ApplicationCommand {
    ApplicationCommand::Withdraw { reason: Pii::new(None) }
}

fn withdrawn() -> Vec<ApplicationEvent> {
    given::<Application>(submitted()).when(withdraw()).history()
}

fn moved(to: StageRef, cards: Cards) -> ApplicationCommand {
    ApplicationCommand::MoveToStage { to, reason: Pii::new(None), seen: None, cards }
}

fn move_to(id: &str, kind: StageKind) -> ApplicationCommand {
    let to = StageRef { id: id.into(), kind };
    moved(to, Cards::default())
}

fn status(history: Vec<ApplicationEvent>) -> ApplicationStatus {
    let mut application = Application::default();
    history.into_iter().for_each(|event| application.evolve(event));
    application.standing.status
}

#[test]
fn one_application_per_candidate_and_open_job() {
    let (id, candidate, job) = ids();
    let submit = ApplicationCommand::SubmitApplication(submission(false));
    given::<Application>([])
        .when(submit.clone())
        .needs(&names::applied(candidate, job), "ALREADY_APPLIED")
        .needs(&names::open_job(job), "JOB_NOT_OPEN")
        .needs(&names::active_in_job(job, id), "WRONG_STATE")
        .needs(&names::in_stage(job, "submitted", id), "WRONG_STATE");
    let refusal = given::<Application>(submitted()).when(submit).refused("ALREADY_APPLIED");
    assert_eq!(refusal.existing, Some(id.to_string()));
    let nowhere = Submission { source: " ".into(), ..submission(false) };
    given::<Application>([])
        .when(ApplicationCommand::SubmitApplication(nowhere))
        .refused("VALIDATION");
}

#[test]
fn every_command_needs_an_application() {
    for command in [ask(), move_to("screening", StageKind::Screening), reject(), withdraw()] {
        given::<Application>([]).when(command).refused("NOT_FOUND");
    }
    given::<Application>([]).by(scorer()).when(record()).refused("NOT_FOUND");
    for command in [
        ApplicationCommand::Shortlist { seen: None },
        ApplicationCommand::Unshortlist {},
        ApplicationCommand::Unreject { reason: Pii::new(None) },
    ] {
        given::<Application>([]).when(command).refused("NOT_FOUND");
    }
}

#[test]
fn a_score_is_asked_for_once_per_run() {
    given::<Application>(submitted())
        .when(ask())
        .emits([ApplicationEvent::ScoreRequested { run: run(), request: request() }])
        .needs(&names::readable(request().document), "UNSCORABLE");
    let refusal = given::<Application>(requested()).when(ask()).refused("DUPLICATE_RUN");
    assert_eq!(refusal.existing, Some(run().0));
    given::<Application>(withdrawn()).when(ask()).refused("NOT_ACTIVE");
    given::<Application>(submitted_with(true)).when(ask()).refused("AI_OPT_OUT");
}

#[test]
fn an_application_stands_on_its_own_resume() {
    let other = DocumentId(Uuid::from_u128(5));
    let replace = |document| ApplicationCommand::ReplaceResume { document };
    given::<Application>([]).when(replace(other)).refused("NOT_FOUND");
    given::<Application>(submitted()).when(replace(request().document)).changes_nothing();
    let history = given::<Application>(submitted())
        .when(replace(other))
        .emits([ApplicationEvent::ResumeReplaced { document: other }])
        .history();
    given::<Application>(history.clone()).when(replace(other)).changes_nothing();
    given::<Application>(history.clone())
        .when(replace(request().document))
        .emits([ApplicationEvent::ResumeReplaced { document: request().document }]);
    given::<Application>(rejected()).when(replace(other)).refused("NOT_ACTIVE");
    given::<Application>(withdrawn()).when(replace(other)).refused("NOT_ACTIVE");
    // What it does not stand on, it is not scored on.
    given::<Application>(history.clone()).when(ask()).refused("ANOTHER_RESUME");
    let newer = ScoreRequest { document: other, resume_digest: "d2".into(), ..request() };
    let run = newer.run_id(ids().0);
    given::<Application>(history)
        .when(ApplicationCommand::RequestScore { request: newer.clone(), again: false })
        .emits([ApplicationEvent::ScoreRequested { run, request: newer }]);
}

#[test]
fn another_version_of_anything_is_another_run() {
    let base = run();
    let (id, ..) = ids();
    let others = [
        ScoreRequest { resume_digest: "d2".into(), ..request() },
        ScoreRequest { rubric: "default@2".into(), ..request() },
        ScoreRequest { model_release: "baseline@2".into(), ..request() },
        ScoreRequest { prompt_version: "2".into(), ..request() },
        ScoreRequest { job_version: 2, ..request() },
        ScoreRequest { repeat: 1, ..request() },
        ScoreRequest { repeat: 2, ..request() },
    ];
    for other in &others {
        assert_ne!(other.run_id(id), base);
    }
    // Who is shown it is not what it is made of.
    assert_eq!(ScoreRequest { shadow: true, ..request() }.run_id(id), base);
    assert_ne!(request().run_id(ApplicationId(Uuid::from_u128(99))), base);
    assert_eq!(base.0.len(), 32);
}

#[test]
fn a_score_is_recorded_once_and_only_by_a_scorer() {
    given::<Application>(requested()).when(record()).refused("FORBIDDEN");
    let then = given::<Application>(requested()).by(scorer()).when(record());
    let history = then.history();
    let Some(ApplicationEvent::ScoreRecorded { total, criteria, .. }) = history.last() else {
        panic!("no score in {history:?}");
    };
    assert_eq!(*total, Points::from_tenths(500));
    assert_eq!(criteria.iter().map(|c| c.points).sum::<Points>(), *total);
    given::<Application>(history).by(scorer()).when(record()).changes_nothing();
    given::<Application>(submitted()).by(scorer()).when(record()).refused("NOT_FOUND");
}

#[test]
fn an_answer_outside_its_bounds_is_no_score() {
    let mut bad = result(25);
    bad.grades.pop();
    given::<Application>(requested())
        .by(scorer())
        .when(ApplicationCommand::RecordScore(bad))
        .refused("OUT_OF_RANGE");
}

#[test]
fn a_failed_run_may_be_tried_again_only_when_it_says_so() {
    let fail = |retryable| ApplicationCommand::FailScore {
        run: run(),
        reason: "TIMED_OUT".into(),
        retryable,
        usage: Usage::default(),
        exchanges: vec![],
    };
    given::<Application>(requested()).when(fail(true)).refused("FORBIDDEN");
    let again = ApplicationCommand::RequestScore { request: request(), again: true };
    let failed = given::<Application>(requested()).by(scorer()).when(fail(true)).history();
    given::<Application>(failed.clone()).when(ask()).refused("DUPLICATE_RUN");
    given::<Application>(failed.clone())
        .when(again.clone())
        .emits([ApplicationEvent::ScoreRequested { run: run(), request: request() }]);
    given::<Application>(failed).by(scorer()).when(fail(true)).changes_nothing();
    let dead = given::<Application>(requested()).by(scorer()).when(fail(false)).history();
    given::<Application>(dead).when(again).refused("DUPLICATE_RUN");
}

#[test]
fn a_shadow_is_shown_only_when_a_person_says_so() {
    let beside = ScoreRequest { shadow: true, model_release: "baseline@2".into(), ..request() };
    let shadow = beside.run_id(ids().0);
    let asked = given::<Application>(requested())
        .when(ApplicationCommand::RequestScore { request: beside, again: false })
        .history();
    let show = || ApplicationCommand::ShowScore { run: shadow.clone() };
    given::<Application>(asked.clone()).when(show()).refused("WRONG_STATE");
    given::<Application>(requested()).when(show()).refused("NOT_FOUND");
    let mut answer = result(25);
    answer.run = shadow.clone();
    let recorded = given::<Application>(asked)
        .by(scorer())
        .when(ApplicationCommand::RecordScore(answer))
        .history();
    assert!(matches!(recorded.last(), Some(ApplicationEvent::ScoreRecorded { shadow: true, .. })));
    given::<Application>(recorded.clone()).by(scorer()).when(show()).refused("HUMAN_REQUIRED");
    let shown = given::<Application>(recorded)
        .when(show())
        .emits([ApplicationEvent::ScoreShown { run: shadow.clone() }])
        .history();
    given::<Application>(shown).when(show()).changes_nothing();
}

#[test]
fn no_machine_rejects_anybody() {
    for kind in [ActorKind::Model, ActorKind::System] {
        for history in [submitted(), rejected(), vec![]] {
            given::<Application>(history)
                .by(Actor::new(kind, "m"))
                .when(reject())
                .refused("HUMAN_REQUIRED");
        }
    }
    given::<Application>(submitted())
        .by(scorer())
        .when(ApplicationCommand::Shortlist { seen: None })
        .refused("HUMAN_REQUIRED");
    given::<Application>(rejected())
        .by(scorer())
        .when(ApplicationCommand::Unreject { reason: Pii::new(None) })
        .refused("HUMAN_REQUIRED");
    // Whatever else would end an application or take it out of sight, too.
    for command in [withdraw(), move_to("interview", StageKind::Interviewing)] {
        given::<Application>(submitted()).by(scorer()).when(command).refused("HUMAN_REQUIRED");
    }
    let listed = ApplicationCommand::Shortlist { seen: None };
    let listed = given::<Application>(submitted()).when(listed).history();
    given::<Application>(listed)
        .by(scorer())
        .when(ApplicationCommand::Unshortlist {})
        .refused("HUMAN_REQUIRED");
}

#[test]
fn a_rejection_has_a_reason_and_can_be_taken_back() {
    let (id, candidate, job) = ids();
    let bare = ApplicationCommand::Reject {
        reason: Pii::new("".into()),
        category: "x".into(),
        note: Pii::new(None),
        seen: None,
    };
    given::<Application>(submitted()).when(bare).refused("REASON_REQUIRED");
    given::<Application>(submitted())
        .when(reject())
        .releases(&names::active_in_job(job, id))
        .releases(&names::active_of(candidate, id))
        .releases(&names::in_stage(job, "submitted", id));
    given::<Application>(rejected()).when(reject()).refused("TERMINAL");
    let back = ApplicationCommand::Unreject { reason: Pii::new(None) };
    given::<Application>(submitted()).when(back.clone()).refused("NOT_REJECTED");
    let history = given::<Application>(rejected())
        .when(back)
        .needs(&names::open_job(job), "JOB_NOT_OPEN")
        .needs(&names::active_in_job(job, id), "WRONG_STATE")
        .history();
    assert_eq!(status(history), ApplicationStatus::Submitted);
}

#[test]
fn withdrawing_ends_it_and_frees_the_candidate_to_apply_again() {
    let (_, candidate, job) = ids();
    given::<Application>(submitted()).when(withdraw()).releases(&names::applied(candidate, job));
    given::<Application>(withdrawn()).when(withdraw()).refused("TERMINAL");
    given::<Application>(withdrawn()).when(reject()).refused("TERMINAL");
}

#[test]
fn the_short_list_is_one_click_each_way() {
    let seen = Some(Seen { position: 9, run: Some(run()), rank: Some(1) });
    let on = ApplicationCommand::Shortlist { seen: seen.clone() };
    let history = given::<Application>(submitted())
        .when(on.clone())
        .emits([ApplicationEvent::ApplicationShortlisted { seen }])
        .history();
    assert_eq!(status(history.clone()), ApplicationStatus::Shortlisted);
    given::<Application>(history.clone()).when(on.clone()).changes_nothing();
    let off = given::<Application>(history).when(ApplicationCommand::Unshortlist {}).history();
    assert_eq!(status(off.clone()), ApplicationStatus::Submitted);
    given::<Application>(off).when(ApplicationCommand::Unshortlist {}).changes_nothing();
    given::<Application>(rejected()).when(on).refused("NOT_ACTIVE");
    given::<Application>(rejected()).when(ApplicationCommand::Unshortlist {}).refused("NOT_ACTIVE");
}

#[test]
fn moves_go_to_stages_of_the_pipeline() {
    let (id, _, job) = ids();
    let history = given::<Application>(submitted())
        .when(move_to("interview", StageKind::Interviewing))
        .needs(&names::stage(job, "interview", "interviewing"), "STAGE_NOT_IN_PIPELINE")
        .needs(&names::in_stage(job, "interview", id), "WRONG_STATE")
        .releases(&names::in_stage(job, "submitted", id))
        .history();
    assert_eq!(status(history.clone()), ApplicationStatus::Interviewing);
    given::<Application>(history)
        .when(move_to("interview", StageKind::Interviewing))
        .changes_nothing();
    given::<Application>(submitted())
        .when(move_to("hired", StageKind::Hired))
        .refused("STAGE_NOT_IN_PIPELINE");
    given::<Application>(withdrawn())
        .when(move_to("screening", StageKind::Screening))
        .refused("NOT_ACTIVE");
}

#[test]
fn notes_say_something() {
    let note = |text: &str| ApplicationCommand::AddNote {
        note: EventId(Uuid::from_u128(8)),
        visibility: Visibility::Team,
        text: Pii::new(text.into()),
        mentions: vec![],
    };
    given::<Application>(submitted()).when(note("call back")).emits([
        ApplicationEvent::NoteAdded {
            note: EventId(Uuid::from_u128(8)),
            visibility: Visibility::Team,
            text: Pii::new("call back".into()),
            mentions: vec![],
        },
    ]);
    given::<Application>(submitted()).when(note(" ")).refused("VALIDATION");
    let to = |visibility, who: &[u128]| ApplicationCommand::AddNote {
        note: EventId(Uuid::from_u128(8)),
        visibility,
        text: Pii::new("have a look".into()),
        mentions: who.iter().map(|n| MemberId(Uuid::from_u128(*n))).collect(),
    };
    let history =
        given::<Application>(submitted()).when(to(Visibility::Team, &[9, 8, 9])).history();
    let Some(ApplicationEvent::NoteAdded { mentions, .. }) = history.last() else { panic!() };
    assert_eq!(mentions.len(), 2, "each once");
    given::<Application>(submitted()).when(to(Visibility::Private, &[9])).refused("VALIDATION");
    let many: Vec<u128> = (0..51).collect();
    given::<Application>(submitted()).when(to(Visibility::Team, &many)).refused("VALIDATION");
    given::<Application>([]).when(note("x")).refused("NOT_FOUND");
}

fn opening() -> ApplicationCommand {
    ApplicationCommand::Hire { offer: None, offer_needed: false, start: None, opening: 1 }
}

fn unhire(reason: &str) -> ApplicationCommand {
    ApplicationCommand::Unhire { reason: Pii::new(reason.into()) }
}

#[test]
fn a_hire_fills_an_opening_and_gives_up_what_an_active_application_holds() {
    let (application, candidate, job) = ids();
    let hired = given::<Application>(submitted())
        .when(opening())
        .needs(&names::opening(job, 1), "NO_OPENING")
        .needs(&names::filled(job, 1), "NO_OPENING")
        .needs(&names::open_offer(application), "OFFER_OUTSTANDING")
        .releases(&names::active_in_job(job, application))
        .releases(&names::active_of(candidate, application))
        .history();
    let state = hired.iter().cloned().fold(Application::default(), |mut state, event| {
        state.evolve(event);
        state
    });
    assert_eq!((state.standing.status, state.opening), (ApplicationStatus::Hired, Some(1)));
    given::<Application>(hired.clone()).when(opening()).refused("NOT_ACTIVE");
    let withdraw = ApplicationCommand::Withdraw { reason: Pii::new(None) };
    given::<Application>(hired.clone()).when(withdraw).refused("TERMINAL");
    let system = given::<Application>(submitted()).by(Actor::system("filler"));
    system.when(opening()).refused("HUMAN_REQUIRED");

    given::<Application>(submitted()).when(unhire("no show")).refused("NOT_HIRED");
    given::<Application>(hired.clone()).when(unhire(" ")).refused("REASON_REQUIRED");
    let back = given::<Application>(hired)
        .when(unhire("they took another job"))
        .releases(&names::filled(job, 1))
        .needs(&names::active_in_job(job, application), "WRONG_STATE")
        .history();
    given::<Application>(back.clone()).when(unhire("again")).refused("NOT_HIRED");
    given::<Application>(back).when(opening()).history();
}

#[test]
fn where_an_offer_is_asked_for_it_must_have_been_accepted() {
    let (application, ..) = ids();
    let offer = OfferId(Uuid::from_u128(9));
    let needed =
        |offer| ApplicationCommand::Hire { offer, offer_needed: true, start: None, opening: 1 };
    given::<Application>(submitted()).when(needed(None)).refused("OFFER_NOT_ACCEPTED");
    let hired = given::<Application>(submitted())
        .when(needed(Some(offer)))
        .needs(&names::accepted_offer(application, offer), "OFFER_NOT_ACCEPTED")
        .needs(&names::hired_on(offer), "WRONG_STATE")
        .history();
    given::<Application>(hired).when(unhire("a mistake")).releases(&names::hired_on(offer));
}

#[test]
fn nothing_happens_with_what_is_on_hold() {
    let hold = |reason: &str| ApplicationCommand::Hold {
        reason: Pii::new(Some(reason.into())),
        until: "2026-12-01".parse().ok(),
    };
    let resume = ApplicationCommand::Resume {};
    let go = move_to("screening", StageKind::Screening);
    given::<Application>(submitted()).when(resume.clone()).changes_nothing();
    let held = given::<Application>(submitted()).when(hold("the budget")).history();
    given::<Application>(held.clone()).when(go.clone()).refused("ON_HOLD");
    given::<Application>(held.clone()).when(opening()).refused("ON_HOLD");
    assert_eq!(given::<Application>(held.clone()).when(hold("still")).history().len(), 3);
    let resumed = given::<Application>(held.clone()).when(resume.clone()).history();
    given::<Application>(resumed).when(go).history();
    // A person may still decide against it, and then it is not on hold any more.
    let rejected = given::<Application>(held).when(reject()).history();
    let unreject = ApplicationCommand::Unreject { reason: Pii::new(None) };
    let back = given::<Application>(rejected.clone()).when(unreject).history();
    given::<Application>(back).when(resume).changes_nothing();
    given::<Application>(rejected).when(hold("late")).refused("NOT_ACTIVE");
}

#[test]
fn a_transfer_ends_the_application_that_another_takes_the_place_of() {
    let (application, _, job) = ids();
    let order = ApplicationCommand::Transfer {
        to: ApplicationId(Uuid::from_u128(20)),
        job: JobId(Uuid::from_u128(21)),
        reason: Pii::new(None),
    };
    let gone = given::<Application>(submitted())
        .when(order.clone())
        .releases(&names::active_in_job(job, application))
        .history();
    given::<Application>(gone).when(order.clone()).refused("TERMINAL");
    let system = given::<Application>(submitted()).by(Actor::system("s"));
    system.when(order).refused("HUMAN_REQUIRED");
}

#[test]
fn scorecards_that_a_stage_asks_for_come_before_it_is_left() {
    let to = StageRef { id: "offer".into(), kind: StageKind::Offer };
    let go = |there| moved(to.clone(), Cards { there, needed: 2 });
    given::<Application>(submitted()).when(go(1)).refused("SCORECARDS_MISSING");
    given::<Application>(submitted()).when(go(2)).history();
}

#[test]
fn a_person_may_put_a_number_in_the_place_of_a_machines_and_says_why() {
    let over = |run: RunId, tenths, reason: &str| ApplicationCommand::OverrideScore {
        run,
        to: Points::from_tenths(tenths),
        reason: Pii::new(reason.into()),
    };
    given::<Application>(requested()).when(over(run(), 900, "why")).refused("WRONG_STATE");
    let other = RunId("other".into());
    given::<Application>(submitted()).when(over(other, 900, "why")).refused("NOT_FOUND");
    let recorded = given::<Application>(requested()).by(scorer()).when(record()).history();
    given::<Application>(recorded.clone()).when(over(run(), 1_001, "why")).refused("OUT_OF_RANGE");
    given::<Application>(recorded.clone()).when(over(run(), 900, " ")).refused("REASON_REQUIRED");
    let machine = given::<Application>(recorded.clone()).by(scorer());
    machine.when(over(run(), 900, "why")).refused("HUMAN_REQUIRED");
    let total = recorded.iter().find_map(|event| match event {
        ApplicationEvent::ScoreRecorded { total, .. } => Some(*total),
        _ => None,
    });
    let overridden = given::<Application>(recorded).when(over(run(), 900, "a patent")).history();
    let Some(ApplicationEvent::ScoreOverridden { from, to, .. }) = overridden.last() else {
        panic!("{overridden:?}")
    };
    assert_eq!((Some(*from), to.tenths()), (total, 900));
    given::<Application>(overridden).when(over(run(), 900, "a patent")).changes_nothing();
}

#[test]
fn an_applicant_may_dispute_and_says_what_is_wrong() {
    let dispute = |text: &str| ApplicationCommand::DisputeScore { text: Pii::new(text.to_owned()) };
    given::<Application>(submitted()).when(dispute("")).refused("REASON_REQUIRED");
    let history = given::<Application>(requested()).when(dispute("ten years, not one")).history();
    let Some(ApplicationEvent::ScoreDisputed { run: of, .. }) = history.last() else {
        panic!("{history:?}")
    };
    assert_eq!(*of, Some(run()));
}
