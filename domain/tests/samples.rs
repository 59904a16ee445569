//! One sample of every event, as it stands on the wire, in `schemas/samples`: it must keep decoding for
//! ever. A new event gets its sample by running this test with `UPDATE_SAMPLES=1`; the sample of a
//! released event never changes.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use chrono::{NaiveTime, TimeZone as _, Utc};
use cqrs_es::DomainEvent;
use domain::application::{
    Application, ApplicationEvent as A, Explanation, RecordedCriterion, RunId, ScoreRequest, Seen,
    StageRef, Usage, Visibility,
};
use domain::candidate::{
    Basics, Candidate, CandidateEvent as C, DataRequestKind, DuplicateSignal, ExtractionFacts,
    Field, Flag, Personal, Profile,
};
use domain::decide::Decider;
use domain::ids::{
    ApplicationId, CandidateId, DocumentId, EventId, InterviewId, JobId, MemberId, ModelReleaseId,
    NotificationId, OfferId, RubricId, SubscriptionId,
};
use domain::interview::{
    Interview, InterviewEvent as I, InterviewKind, Kit, Place, Rating, Scores, Side, Slot, Verdict,
};
use domain::job::{
    Disposition, Job, JobEvent as J, Pay, Posting, Requirement, StageKind, default_pipeline,
};
use domain::member::{Contact, EmailWhen, Member, MemberEvent as M, Preferences, Quiet};
use domain::model_release::{ModelRelease, ModelReleaseEvent, Release};
use domain::notification::{Dispatch, Notification, NotificationEvent as N, Rule};
use domain::offer::{Offer, OfferEvent as O, Terms};
use domain::pii::Pii;
use domain::rubric::{Rubric, RubricEvent, RubricHistory};
use domain::score::{Level, Points};
use domain::subscription::{DisabledBecause, Filter, Subscription, SubscriptionEvent as S, Target};
use domain::text::Quote;
use serde_json::Value;
use uuid::Uuid;

fn id<T: From<Uuid>>(n: u128) -> T {
    Uuid::from_u128(0x018f_0000_0000_7000_8000_0000_0000_0000 + n).into()
}

fn jobs() -> Vec<J> {
    let posting = Posting {
        title: "Ward Nurse".into(),
        department: Some("Medicine".into()),
        location: Some("Leeds".into()),
        remote: false,
        employment_type: Some("full_time".into()),
        pay: Some(Pay { min: 31_000, max: 37_000, currency: "GBP".into(), per: "year".into() }),
        openings: 2,
        description: "Care for patients on an acute ward.".into(),
        requirements: vec![Requirement { text: "Registered nurse".into(), must_have: true }],
    };
    let pipeline = default_pipeline();
    let valid_through = "2027-01-31".parse().ok();
    let disposition = Some(Disposition::KeepForReview);
    vec![
        J::JobDrafted { job: id::<JobId>(1), posting: posting.clone(), pipeline: pipeline.clone() },
        J::JobEdited { changes: vec!["title".into()], posting },
        J::PipelineDefined { stages: pipeline },
        J::RubricBound { rubric: "default".into(), version: 1 },
        J::JobPublished { valid_through, ai_notice_version: 1 },
        J::JobPaused {},
        J::JobReopened {},
        J::ScoringStopped { reason: "the budget is under review".into() },
        J::ScoringResumed {},
        J::JobClosed { reason: "filled".into(), filled: true, disposition },
    ]
}

fn candidates() -> Vec<C> {
    let (candidate, document, text) = (id::<CandidateId>(2), id::<DocumentId>(3), id(4));
    let name = Field { value: "Ada Lovelace".into(), start: 0, end: 12, confidence: 0.9 };
    let basics = Basics { name: Some(name), ..Basics::default() };
    let facts = ExtractionFacts {
        sniffed_type: "application/pdf".into(),
        methods: vec!["text_layer".into()],
        engine: "hayro-interpret 0.9".into(),
        pages: 2,
        chars: 4_211,
        truncated: false,
        language: Some("eng".into()),
        sandbox_without: vec![],
    };
    let flag = Flag { kind: "low_contrast".into(), page: 1, chars: 176 };
    let (reason, sniffed_type) = ("EMPTY_TEXT".into(), "application/pdf".into());
    let profile = Pii::new(Profile { basics, ..Profile::default() });
    vec![
        C::CandidateRegistered {
            candidate,
            personal: Pii::new(Personal::default()),
            source: "screen".into(),
        },
        C::ResumeReceived {
            document,
            resume_digest: "9f86d081884c7d65".into(),
            bytes: 48_211,
            file: Pii::new("cv.pdf".into()),
        },
        C::ResumeTextExtracted { document, text, facts },
        C::ResumeExtractionFailed { document, reason, sniffed_type, sandbox_without: vec![] },
        C::ManipulationSuspected { document, flag },
        C::ResumeParsed { document, profile, parser: "hiresphere-profile/1".into() },
        C::ProfileCorrected {
            field: "name".into(),
            from: Pii::new(None),
            to: Pii::new("Ada King".into()),
        },
        C::DuplicateSuspected { other: id(5), signals: vec![DuplicateSignal::SameEmail] },
        C::DataRequestOpened { kind: DataRequestKind::Erasure },
        C::PersonalDataErased { keys_destroyed: 1, stores_swept: vec!["documents".into()] },
    ]
}

fn applications() -> Vec<A> {
    let run = RunId("0123456789abcdef0123456789abcdef".into());
    let seen = Some(Seen { position: 63, run: Some(run.clone()), rank: Some(1) });
    let request = ScoreRequest {
        document: id(3),
        resume_digest: "9f86d081884c7d65".into(),
        rubric: "default@1".into(),
        model_release: "gpt-4o@1".into(),
        prompt_version: "rubric-1".into(),
        job_version: 1,
        shadow: false,
        repeat: 0,
    };
    let criterion = RecordedCriterion {
        id: "skills".into(),
        level: Level::from_tenths(34).unwrap(),
        points: Points::from_tenths(272),
        max: 40,
        confidence: 0.8,
        void_quotes: 0,
    };
    let explanation = Explanation {
        id: "skills".into(),
        rationale: "3 of 4 required skills.".into(),
        evidence: vec![Quote { quote: "Led a ward".into(), start: 40, end: 50 }],
    };
    let usage =
        Usage { latency_ms: 3_120, tokens_in: 2_410, tokens_out: 388, cost_micro_usd: 9_905 };
    let none = || Pii::new(None);
    let to = StageRef { id: "interview".into(), kind: StageKind::Interviewing };
    vec![
        A::ApplicationSubmitted {
            application: id::<ApplicationId>(6),
            candidate: id(2),
            job: id(1),
            document: id(3),
            answers: Pii::new(vec![]),
            source: "screen".into(),
            ai_notice_version: 1,
            ai_opt_out: false,
            transferred_from: Some(id(13)),
        },
        A::ResumeReplaced { document: id(10) },
        A::ScoreRequested { run: run.clone(), request },
        A::ScoreRecorded {
            run: run.clone(),
            total: Points::from_tenths(272),
            criteria: vec![criterion],
            explanations: Pii::new(vec![explanation]),
            usage,
            exchanges: vec![id(11)],
            shadow: false,
        },
        A::ScoreFailed {
            run: run.clone(),
            reason: "QUOTE_NOT_FOUND".into(),
            retryable: true,
            usage,
            exchanges: vec![id(11), id(12)],
            shadow: false,
        },
        A::ScoreShown { run: run.clone() },
        A::ScoreOverridden {
            run: run.clone(),
            from: Points::from_tenths(612),
            to: Points::from_tenths(700),
            reason: Pii::new("two years as a volunteer".into()),
        },
        A::ScoreDisputed { run: Some(run), text: Pii::new("it is ten years, not one".into()) },
        A::StageChanged { from: "submitted".into(), to, reason: none(), seen: seen.clone() },
        A::ApplicationShortlisted { seen: seen.clone() },
        A::ApplicationUnshortlisted {},
        A::ApplicationRejected {
            reason: Pii::new("no licence".into()),
            category: "requirements".into(),
            note: none(),
            seen,
        },
        A::RejectionReversed { reason: none() },
        A::ApplicationHeld { reason: none(), until: "2026-12-01".parse().ok() },
        A::ApplicationResumed {},
        A::ApplicationTransferred { to: id(14), job: id(15), reason: none() },
        A::ApplicationHired { offer: Some(id(16)), start: "2027-02-01".parse().ok(), opening: 1 },
        A::HireReversed { reason: Pii::new("took another job".into()), opening: 1 },
        A::ApplicationWithdrawn { reason: none() },
        A::NoteAdded {
            note: id::<EventId>(7),
            visibility: Visibility::Team,
            text: Pii::new("call back".into()),
            mentions: vec![id(13)],
        },
    ]
}

fn interviews() -> Vec<I> {
    let slot = |hour: u32| {
        let at = |minute| Utc.with_ymd_and_hms(2027, 1, 14, hour, minute, 0).single().unwrap();
        Slot { start: at(0), end: at(45), time_zone: "Europe/London".into() }
    };
    let (ann, ben) = (id::<MemberId>(17), id::<MemberId>(18));
    let application = id::<ApplicationId>(6);
    let scores = Scores {
        ratings: vec![Rating { skill: "acute care".into(), level: 4 }],
        overall: Verdict::Yes,
    };
    let notes = || Pii::new(Some("asked good questions".to_owned()));
    let reason = || Pii::new(Some("the train was late".to_owned()));
    vec![
        I::InterviewScheduled {
            interview: id::<InterviewId>(19),
            application,
            candidate: id(2),
            job: id(1),
            stage: "interview".into(),
            kind: InterviewKind::Onsite,
            panel: vec![ann],
            slot: slot(9),
            place: Pii::new(Some(Place::At("Ward 7".into()))),
            kit: Kit {
                skills: vec!["acute care".into()],
                questions: vec!["What did you do in your worst night?".into()],
            },
        },
        I::InterviewRescheduled { application, from: slot(9), to: slot(14), reason: reason() },
        I::PanelChanged { application, from: vec![ann], to: vec![ann, ben] },
        I::InterviewCancelled { application, by: Side::Candidate, reason: reason() },
        I::InterviewCompleted { application },
        I::InterviewNoShow { application, who: Side::Candidate },
        I::ScorecardSubmitted { application, member: ann, scores: scores.clone(), notes: notes() },
        I::ScorecardAmended { application, member: ann, scores, notes: notes() },
    ]
}

fn offers() -> Vec<O> {
    let pay = Pay { min: 35_000, max: 35_000, currency: "GBP".into(), per: "year".into() };
    let terms = Terms { pay: Some(pay), ..Terms::default() };
    let application = id::<ApplicationId>(6);
    let expires = Utc.with_ymd_and_hms(2027, 1, 31, 17, 0, 0).single().unwrap();
    vec![
        O::OfferDrafted {
            offer: id::<OfferId>(16),
            application,
            candidate: id(2),
            job: id(1),
            v: 1,
            terms: Pii::new(terms),
        },
        O::OfferApproved { application, v: 1 },
        O::OfferSent { application, v: 1, expires },
        O::OfferAccepted { application, v: 1 },
        O::OfferDeclined { application, v: 1, reason: Pii::new(None) },
        O::OfferRescinded { application, v: 1, reason: Pii::new(None) },
        O::OfferExpired { application, v: 1 },
    ]
}

fn members() -> Vec<M> {
    let member = id::<MemberId>(13);
    let clock = |hour| NaiveTime::from_hms_opt(hour, 30, 0).unwrap();
    let contact =
        Contact { email: Some("ann@example.org".into()), slack: Some("U0123456789".into()) };
    let preferences = Preferences {
        follow: vec![Rule::NewApplication, Rule::Scored],
        jobs: vec![id(1)],
        min_score: Some(80),
        email: EmailWhen::Daily { at: clock(8) },
        quiet: Some(Quiet { from: clock(19), to: clock(7) }),
        time_zone: "Europe/London".into(),
    };
    vec![
        M::ContactChanged { member, contact: Pii::new(contact) },
        M::PreferencesChanged { member, preferences },
        M::InboxRead { member, up_to: 4_711 },
    ]
}

fn subscriptions() -> Vec<S> {
    let filter = Filter {
        events: vec!["application.hired.v1".into(), "offer.*".into()],
        job: Some(id(1)),
        ..Filter::default()
    };
    vec![
        S::SubscriptionCreated {
            subscription: id::<SubscriptionId>(17),
            name: "payroll".into(),
            target: Target::Webhook { url: "https://payroll.example.org/hires".into() },
            filter,
        },
        S::SubscriptionChanged {
            name: "payroll of the ward".into(),
            filter: Filter { rules: vec![Rule::Scored], min_score: Some(80), ..Filter::default() },
        },
        S::SubscriptionDisabled { reason: DisabledBecause::Failing },
        S::SubscriptionEnabled {},
        S::SecretRotated { generation: 2 },
        S::ReplayRequested { from: 1, to: 4_711 },
    ]
}

fn notifications() -> Vec<N> {
    let of = Dispatch {
        notification: id::<NotificationId>(18),
        event: id::<EventId>(19),
        position: 4_711,
        channel: "slack".into(),
        recipient: format!("subscription:{}", id::<SubscriptionId>(17)),
        rule: Some("scored".into()),
        application: Some(id(6)),
    };
    vec![
        N::NotificationSent { of: of.clone(), attempts: 2, repeated: true },
        N::NotificationFailed { of, attempts: 12, reason: "HTTP_503".into() },
        N::NotificationRequeued {},
    ]
}

fn rubrics() -> Vec<RubricEvent> {
    let (rubric, sha256) = (Rubric::default_v1(), "e3b0c44298fc1c14".into());
    vec![
        RubricEvent::RubricPublished { id: id::<RubricId>(8), rubric, sha256 },
        RubricEvent::RubricRetired { version: 1 },
    ]
}

fn releases() -> Vec<ModelReleaseEvent> {
    let release = Release {
        name: "baseline".into(),
        version: "1".into(),
        provider: "local".into(),
        model: "baseline".into(),
        params: BTreeMap::from([("language".into(), "en".into())]),
        prompt_sha256: None,
    };
    vec![ModelReleaseEvent::ModelReleased { id: id::<ModelReleaseId>(9), release }]
}

/// Holds an aggregate's events against their samples, written as the log writes them with a fixed word
/// in place of ciphertext. A personal field that `personal` forgets cannot be written, and fails here.
fn hold<Agg: Decider>(names: &[&str], events: Vec<Agg::Event>) {
    let folder: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas/samples");
    let mut covered = BTreeSet::new();
    for mut event in events {
        for field in Agg::personal(&mut event) {
            field.seal(&mut |_| Ok("c2VhbGVk".into())).unwrap();
        }
        let name = event.event_type();
        let written = serde_json::to_value(&event).unwrap();
        assert_eq!(written["type"], name, "serde's tag and the wire name");
        let file = folder.join(format!("{name}.json"));
        if std::env::var_os("UPDATE_SAMPLES").is_some() {
            fs::write(&file, serde_json::to_string_pretty(&written).unwrap() + "\n").unwrap();
        }
        let text = fs::read_to_string(&file).unwrap_or_else(|e| panic!("{name}: {e}"));
        let sample: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(sample, written, "{name} is written otherwise than its sample");
        let decoded: Agg::Event = serde_json::from_value(sample)
            .unwrap_or_else(|e| panic!("the sample of {name} no longer decodes: {e}"));
        assert_eq!(decoded, event, "{name}");
        covered.insert(name);
    }
    let names: BTreeSet<String> = names.iter().map(|n| (*n).to_owned()).collect();
    assert_eq!(covered, names, "one sample per event");
}

#[test]
fn every_event_has_a_sample_that_decodes_for_ever() {
    hold::<Job>(J::WIRE_NAMES, jobs());
    hold::<Candidate>(C::WIRE_NAMES, candidates());
    hold::<Application>(A::WIRE_NAMES, applications());
    hold::<RubricHistory>(RubricEvent::WIRE_NAMES, rubrics());
    hold::<ModelRelease>(ModelReleaseEvent::WIRE_NAMES, releases());
    hold::<Interview>(I::WIRE_NAMES, interviews());
    hold::<Offer>(O::WIRE_NAMES, offers());
    hold::<Member>(M::WIRE_NAMES, members());
    hold::<Subscription>(S::WIRE_NAMES, subscriptions());
    hold::<Notification>(N::WIRE_NAMES, notifications());
}
