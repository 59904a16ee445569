//! Given/when/then for every rule and refusal of the job.

use uuid::Uuid;

use super::*;
use crate::spec::given;

fn id() -> JobId {
    JobId(Uuid::from_u128(1))
}

fn posting() -> Posting {
    Posting {
        title: "Head Chef".into(),
        openings: 1,
        description: "Lead a kitchen.".into(),
        requirements: vec![Requirement { text: "Menu planning".into(), must_have: true }],
        ..Posting::default()
    }
}

fn drafted() -> Vec<JobEvent> {
    vec![JobEvent::JobDrafted { job: id(), posting: posting(), pipeline: default_pipeline() }]
}

fn bound() -> Vec<JobEvent> {
    let mut events = drafted();
    events.push(JobEvent::RubricBound { rubric: "default".into(), version: 1 });
    events
}

fn published() -> Vec<JobEvent> {
    let mut events = bound();
    events.push(JobEvent::JobPublished { valid_through: None, ai_notice_version: 1 });
    events
}

fn with(mut events: Vec<JobEvent>, event: JobEvent) -> Vec<JobEvent> {
    events.push(event);
    events
}

fn closed() -> Vec<JobEvent> {
    let event = JobEvent::JobClosed { reason: "filled".into(), filled: true, disposition: None };
    with(published(), event)
}

fn close(disposition: Option<Disposition>) -> JobCommand {
    JobCommand::CloseJob { reason: "filled".into(), filled: true, disposition }
}

#[test]
fn drafting_starts_a_job_with_the_default_pipeline() {
    given::<Job>([])
        .when(JobCommand::DraftJob { job: id(), posting: posting() })
        .emits(drafted())
        .needs(&names::stage(id(), "screening", "screening"), "WRONG_STATE");
}

#[test]
fn a_draft_that_makes_no_sense_is_refused_field_by_field() {
    let bad = Posting { title: " ".into(), ..posting() };
    let refusal = given::<Job>([])
        .when(JobCommand::DraftJob { job: id(), posting: bad })
        .refused("VALIDATION");
    assert_eq!(refusal.fields[0].field, "title");
    let pay = Pay { min: 2, max: 1, currency: "EUR".into(), per: "year".into() };
    let bad = Posting { pay: Some(pay), ..posting() };
    given::<Job>([]).when(JobCommand::DraftJob { job: id(), posting: bad }).refused("PAY_RANGE");
    let bad = Posting { openings: 0, ..posting() };
    given::<Job>([])
        .when(JobCommand::DraftJob { job: id(), posting: bad })
        .refused("OPENINGS_LT_1");
    let pay = Pay { min: 1, max: 2, currency: "euro".into(), per: "fortnight".into() };
    let bad = Posting { pay: Some(pay), ..posting() };
    let refusal = given::<Job>([])
        .when(JobCommand::DraftJob { job: id(), posting: bad })
        .refused("VALIDATION");
    assert_eq!(refusal.fields.len(), 2);
}

#[test]
fn a_job_is_drafted_once() {
    given::<Job>(drafted())
        .when(JobCommand::DraftJob { job: id(), posting: posting() })
        .refused("WRONG_STATE");
}

#[test]
fn every_command_needs_a_job() {
    for command in [
        JobCommand::EditJob { posting: posting() },
        JobCommand::DefinePipeline { stages: default_pipeline() },
        JobCommand::BindRubric { rubric: "default".into(), version: 1 },
        JobCommand::PublishJob { valid_through: None, ai_notice_version: 1 },
        JobCommand::PauseJob {},
        JobCommand::ReopenJob {},
        close(None),
    ] {
        given::<Job>([]).when(command).refused("NOT_FOUND");
    }
}

#[test]
fn editing_names_what_changed() {
    let posting = Posting { title: "Sous Chef".into(), openings: 2, ..posting() };
    given::<Job>(drafted())
        .when(JobCommand::EditJob { posting: posting.clone() })
        .emits([JobEvent::JobEdited { changes: vec!["title".into(), "openings".into()], posting }]);
}

#[test]
fn editing_to_what_it_says_changes_nothing() {
    given::<Job>(drafted()).when(JobCommand::EditJob { posting: posting() }).changes_nothing();
}

#[test]
fn a_closed_job_is_not_edited() {
    given::<Job>(closed()).when(JobCommand::EditJob { posting: posting() }).refused("JOB_CLOSED");
    given::<Job>(closed())
        .when(JobCommand::BindRubric { rubric: "other".into(), version: 1 })
        .refused("JOB_CLOSED");
    given::<Job>(closed())
        .when(JobCommand::DefinePipeline { stages: default_pipeline() })
        .refused("JOB_CLOSED");
}

#[test]
fn a_stage_leaves_the_pipeline_only_when_nobody_stands_in_it() {
    let stages: Vec<Stage> =
        default_pipeline().into_iter().filter(|s| s.id != "interview").collect();
    given::<Job>(drafted())
        .when(JobCommand::DefinePipeline { stages: stages.clone() })
        .emits([JobEvent::PipelineDefined { stages }])
        .needs(&names::in_stage_prefix(id(), "interview"), "STAGE_IN_USE")
        .releases(&names::stage(id(), "interview", "interviewing"));
}

#[test]
fn a_new_stage_becomes_a_valid_target() {
    let mut stages = default_pipeline();
    let phone = Stage { id: "phone".into(), name: "Phone".into(), ..stages[1].clone() };
    stages.insert(1, phone);
    given::<Job>(drafted())
        .when(JobCommand::DefinePipeline { stages })
        .needs(&names::stage(id(), "phone", "screening"), "WRONG_STATE");
    given::<Job>(drafted())
        .when(JobCommand::DefinePipeline { stages: default_pipeline() })
        .changes_nothing();
}

#[test]
fn a_pipeline_begins_with_submitted_and_ends_with_hired() {
    let mut open_ended = default_pipeline();
    open_ended.pop();
    given::<Job>(drafted())
        .when(JobCommand::DefinePipeline { stages: open_ended })
        .refused("NO_TERMINAL_STAGE");
    let mut headless = default_pipeline();
    headless.remove(0);
    given::<Job>(drafted())
        .when(JobCommand::DefinePipeline { stages: headless })
        .refused("VALIDATION");
    let mut doubled = default_pipeline();
    doubled[2].id = "screening".into();
    let refusal = given::<Job>(drafted())
        .when(JobCommand::DefinePipeline { stages: doubled })
        .refused("VALIDATION");
    assert_eq!(refusal.fields[0].field, "stages[2].id");
}

#[test]
fn only_a_published_rubric_is_bound() {
    given::<Job>(drafted())
        .when(JobCommand::BindRubric { rubric: "default".into(), version: 1 })
        .emits([JobEvent::RubricBound { rubric: "default".into(), version: 1 }])
        .needs("rubric:default@1", "RUBRIC_NOT_PUBLISHED");
    given::<Job>(bound())
        .when(JobCommand::BindRubric { rubric: "default".into(), version: 1 })
        .changes_nothing();
}

#[test]
fn a_job_without_a_rubric_is_not_published() {
    let publish = JobCommand::PublishJob { valid_through: None, ai_notice_version: 1 };
    given::<Job>(drafted()).when(publish.clone()).refused("RUBRIC_MISSING");
    given::<Job>(bound())
        .when(publish.clone())
        .emits([JobEvent::JobPublished { valid_through: None, ai_notice_version: 1 }])
        .needs(&names::open_job(id()), "WRONG_STATE");
    given::<Job>(published()).when(publish).refused("WRONG_STATE");
}

#[test]
fn pausing_and_reopening_close_and_open_the_door() {
    let paused = given::<Job>(published())
        .when(JobCommand::PauseJob {})
        .emits([JobEvent::JobPaused {}])
        .releases(&names::open_job(id()))
        .history();
    given::<Job>(paused.clone()).when(JobCommand::PauseJob {}).refused("WRONG_STATE");
    given::<Job>(paused)
        .when(JobCommand::ReopenJob {})
        .emits([JobEvent::JobReopened {}])
        .needs(&names::open_job(id()), "WRONG_STATE");
    given::<Job>(published()).when(JobCommand::ReopenJob {}).refused("WRONG_STATE");
    given::<Job>(closed()).when(JobCommand::ReopenJob {}).emits([JobEvent::JobReopened {}]);
}

#[test]
fn closing_needs_a_disposition_for_active_applications() {
    given::<Job>(published())
        .when(close(None))
        .releases(&names::open_job(id()))
        .needs(&names::active_in_job_prefix(id()), "ACTIVE_APPLICATIONS");
    given::<Job>(published()).when(close(Some(Disposition::KeepForReview))).emits([
        JobEvent::JobClosed {
            reason: "filled".into(),
            filled: true,
            disposition: Some(Disposition::KeepForReview),
        },
    ]);
    given::<Job>(published())
        .when(close(Some(Disposition::Rejected)))
        .needs(&names::active_in_job_prefix(id()), "ACTIVE_APPLICATIONS");
    given::<Job>(closed()).when(close(None)).refused("WRONG_STATE");
    given::<Job>(published())
        .when(JobCommand::CloseJob { reason: "".into(), filled: false, disposition: None })
        .refused("VALIDATION");
}

#[test]
fn scoring_is_stopped_and_resumed_once_each() {
    let stop = |reason: &str| JobCommand::StopScoring { reason: reason.into() };
    given::<Job>([]).when(stop("too dear")).refused("NOT_FOUND");
    given::<Job>(published()).when(stop(" ")).refused("VALIDATION");
    given::<Job>(published()).when(JobCommand::ResumeScoring {}).changes_nothing();
    let stopped = given::<Job>(published())
        .when(stop("too dear"))
        .emits([JobEvent::ScoringStopped { reason: "too dear".into() }])
        .history();
    given::<Job>(stopped.clone()).when(stop("again")).changes_nothing();
    given::<Job>(stopped).when(JobCommand::ResumeScoring {}).emits([JobEvent::ScoringResumed {}]);
}

#[test]
fn what_a_score_depends_on_has_a_version() {
    let mut job = Job::default();
    let edited = JobEvent::JobEdited { changes: vec![], posting: posting() };
    for event in with(drafted(), edited) {
        job.evolve(event);
    }
    assert_eq!(job.content_version, 2);
}

#[test]
fn a_job_is_had_as_it_was_when_a_score_was_asked_for() {
    let edited = |title: &str| {
        let posting = Posting { title: title.into(), ..posting() };
        JobEvent::JobEdited { changes: vec!["title".into()], posting }
    };
    let history =
        [drafted(), vec![edited("Two"), JobEvent::JobPaused {}, edited("Three")]].concat();
    for (version, title) in [(1, posting().title), (2, "Two".into()), (3, "Three".into())] {
        assert_eq!(Job::at_content(history.clone(), version).posting.title, title);
    }
}

#[test]
fn a_job_has_the_openings_that_it_says_and_those_that_are_filled() {
    let openings = |n| JobCommand::EditJob { posting: Posting { openings: n, ..posting() } };
    given::<Job>([])
        .when(JobCommand::DraftJob { job: id(), posting: posting() })
        .needs(&names::opening(id(), 1), "WRONG_STATE");
    let three = given::<Job>(drafted())
        .when(openings(3))
        .needs(&names::opening(id(), 3), "WRONG_STATE")
        .history();
    given::<Job>(three)
        .when(openings(1))
        .needs(&names::filled(id(), 3), "OPENING_FILLED")
        .needs(&names::filled(id(), 2), "OPENING_FILLED")
        .releases(&names::opening(id(), 3));
    given::<Job>(drafted()).when(openings(1_001)).refused("VALIDATION");
}

#[test]
fn a_stages_kit_is_checked_with_it() {
    let mut stages = default_pipeline();
    stages[2].kit.skills = vec!["care".into(), "care".into()];
    let refusal =
        given::<Job>(drafted()).when(JobCommand::DefinePipeline { stages }).refused("VALIDATION");
    assert_eq!(refusal.fields[0].field, "stages[2].kit.skills[1]");
}
