//! Given/when/then for every rule and refusal of the candidate.

use uuid::Uuid;

use super::*;
use crate::pii::Pii;
use crate::spec::given;

fn id() -> CandidateId {
    CandidateId(Uuid::from_u128(1))
}

fn document(n: u128) -> DocumentId {
    DocumentId(Uuid::from_u128(n))
}

fn registered() -> Vec<CandidateEvent> {
    vec![CandidateEvent::CandidateRegistered {
        candidate: id(),
        personal: Pii::new(Personal { name: Some("Ada".into()), ..Personal::default() }),
        source: "import".into(),
    }]
}

fn received() -> Vec<CandidateEvent> {
    let mut events = registered();
    events.push(CandidateEvent::ResumeReceived {
        document: document(10),
        resume_digest: "d1".into(),
        bytes: 3,
        file: Pii::new("ada.pdf".into()),
    });
    events
}

fn facts() -> ExtractionFacts {
    ExtractionFacts {
        sniffed_type: "application/pdf".into(),
        methods: vec!["text_layer".into()],
        engine: "reader".into(),
        pages: 1,
        chars: 100,
        truncated: false,
        language: None,
        sandbox_without: vec![],
    }
}

fn extracted() -> Vec<CandidateEvent> {
    let mut events = received();
    events.push(CandidateEvent::ResumeTextExtracted {
        document: document(10),
        text: document(11),
        facts: facts(),
    });
    events
}

fn attach(digest: &str, bytes: u64) -> CandidateCommand {
    CandidateCommand::AttachResume {
        document: document(12),
        resume_digest: digest.into(),
        bytes,
        file: Pii::new("ada.pdf".into()),
    }
}

fn profile(end: u32) -> Pii<Profile> {
    let name = Field { value: "Ada".into(), start: 0, end, confidence: 1.0 };
    Pii::new(Profile {
        basics: Basics { name: Some(name), ..Basics::default() },
        ..Profile::default()
    })
}

fn record_profile(end: u32) -> CandidateCommand {
    CandidateCommand::RecordProfile {
        document: document(10),
        profile: profile(end),
        parser: "p".into(),
        chars: 100,
    }
}

fn flag() -> Flag {
    Flag { kind: "low_contrast".into(), page: 1, chars: 40 }
}

#[test]
fn an_address_is_registered_once() {
    let register = CandidateCommand::RegisterCandidate {
        candidate: id(),
        personal: Pii::new(Personal { name: Some("Ada".into()), ..Personal::default() }),
        source: "import".into(),
        email_index: Some("blind".into()),
    };
    given::<Candidate>([])
        .when(register.clone())
        .emits(registered())
        .needs("email:blind", "CANDIDATE_EXISTS");
    let refusal = given::<Candidate>(registered()).when(register).refused("CANDIDATE_EXISTS");
    assert_eq!(refusal.existing, Some(id().to_string()));
}

#[test]
fn a_resume_is_received_and_the_same_bytes_again_change_nothing() {
    given::<Candidate>(registered()).when(attach("d1", 3)).emits([
        CandidateEvent::ResumeReceived {
            document: document(12),
            resume_digest: "d1".into(),
            bytes: 3,
            file: Pii::new("ada.pdf".into()),
        },
    ]);
    given::<Candidate>(received()).when(attach("d1", 3)).changes_nothing();
    given::<Candidate>(registered()).when(attach("d1", MAX_RESUME_BYTES + 1)).refused("TOO_LARGE");
    given::<Candidate>([]).when(attach("d1", 3)).refused("NOT_FOUND");
}

#[test]
fn extraction_is_recorded_once_with_its_flags() {
    let record = CandidateCommand::RecordExtraction {
        document: document(10),
        text: document(11),
        facts: facts(),
        flags: vec![flag()],
    };
    let history = given::<Candidate>(received())
        .when(record.clone())
        .emits([
            CandidateEvent::ResumeTextExtracted {
                document: document(10),
                text: document(11),
                facts: facts(),
            },
            CandidateEvent::ManipulationSuspected { document: document(10), flag: flag() },
        ])
        .needs(&names::readable(document(10)), "WRONG_STATE")
        .history();
    given::<Candidate>(history).when(record.clone()).changes_nothing();
    given::<Candidate>(registered()).when(record).refused("NOT_FOUND");
}

#[test]
fn a_resume_without_text_says_why_and_keeps_its_flags() {
    let record = CandidateCommand::RecordExtractionFailure {
        document: document(10),
        reason: "EMPTY_TEXT".into(),
        sniffed_type: "application/pdf".into(),
        sandbox_without: vec!["landlock".into()],
        flags: vec![flag()],
    };
    let history = given::<Candidate>(received())
        .when(record.clone())
        .emits([
            CandidateEvent::ResumeExtractionFailed {
                document: document(10),
                reason: "EMPTY_TEXT".into(),
                sniffed_type: "application/pdf".into(),
                sandbox_without: vec!["landlock".into()],
            },
            CandidateEvent::ManipulationSuspected { document: document(10), flag: flag() },
        ])
        .history();
    given::<Candidate>(history.clone()).when(record.clone()).changes_nothing();
    given::<Candidate>(history).when(record_profile(3)).refused("WRONG_STATE");
    given::<Candidate>(registered()).when(record).refused("NOT_FOUND");
}

#[test]
fn a_profile_lies_within_the_text_it_was_read_from() {
    let parsed = CandidateEvent::ResumeParsed {
        document: document(10),
        profile: profile(3),
        parser: "p".into(),
    };
    let history = given::<Candidate>(extracted()).when(record_profile(3)).emits([parsed]).history();
    given::<Candidate>(history).when(record_profile(3)).changes_nothing();
    given::<Candidate>(extracted()).when(record_profile(101)).refused("SPAN_NOT_IN_DOCUMENT");
    given::<Candidate>(received()).when(record_profile(3)).refused("WRONG_STATE");
}

#[test]
fn known_fields_are_corrected() {
    let correct = |field: &str| CandidateCommand::CorrectField {
        field: field.into(),
        from: Pii::new(None),
        to: Pii::new("Ada Lovelace".into()),
    };
    given::<Candidate>(registered()).when(correct("name")).emits([
        CandidateEvent::ProfileCorrected {
            field: "name".into(),
            from: Pii::new(None),
            to: Pii::new("Ada Lovelace".into()),
        },
    ]);
    given::<Candidate>(registered()).when(correct("total")).refused("VALIDATION");
    given::<Candidate>([]).when(correct("name")).refused("NOT_FOUND");
}

#[test]
fn duplicates_are_flagged_once_and_never_with_oneself() {
    let other = CandidateId(Uuid::from_u128(2));
    let signals = vec![DuplicateSignal::SameEmail];
    let flag = |other| CandidateCommand::FlagDuplicate { other, signals: signals.clone() };
    let history = given::<Candidate>(registered())
        .when(flag(other))
        .emits([CandidateEvent::DuplicateSuspected { other, signals: signals.clone() }])
        .history();
    given::<Candidate>(history.clone()).when(flag(other)).changes_nothing();
    given::<Candidate>(registered()).when(flag(id())).changes_nothing();
    let more = vec![DuplicateSignal::SameEmail, DuplicateSignal::SameFile];
    given::<Candidate>(history)
        .when(CandidateCommand::FlagDuplicate { other, signals: more })
        .emits([CandidateEvent::DuplicateSuspected {
            other,
            signals: vec![DuplicateSignal::SameFile],
        }]);
}

#[test]
fn erasure_is_asked_for_then_done_and_then_nothing_more_is_taken() {
    let asked = given::<Candidate>(received())
        .when(CandidateCommand::OpenErasure {})
        .emits([CandidateEvent::DataRequestOpened { kind: DataRequestKind::Erasure }])
        .needs(&names::active_of_prefix(id()), "ACTIVE_APPLICATIONS")
        .needs(&names::erasing(id()), "WRONG_STATE")
        .history();
    given::<Candidate>(asked.clone()).when(CandidateCommand::OpenErasure {}).changes_nothing();
    let complete = CandidateCommand::CompleteErasure { stores_swept: vec!["documents".into()] };
    given::<Candidate>(received()).when(complete.clone()).refused("WRONG_STATE");
    let erased = given::<Candidate>(asked)
        .when(complete.clone())
        .emits([CandidateEvent::PersonalDataErased {
            keys_destroyed: 1,
            stores_swept: vec!["documents".into()],
        }])
        .history();
    given::<Candidate>(erased.clone()).when(complete).changes_nothing();
    given::<Candidate>(erased).when(attach("d2", 3)).refused("ERASED");
}

#[test]
fn each_resume_keeps_its_own_reading_and_its_bytes_find_it_again() {
    let mut candidate = Candidate::default();
    let second = CandidateEvent::ResumeReceived {
        document: document(20),
        resume_digest: "d2".into(),
        bytes: 4,
        file: Pii::new("new.pdf".into()),
    };
    let history: Vec<_> = extracted().into_iter().chain([second]).collect();
    for digest in ["d1", "d2"] {
        given::<Candidate>(history.clone()).when(attach(digest, 3)).changes_nothing();
    }
    history.into_iter().for_each(|event| candidate.evolve(event));
    assert_eq!(candidate.resume_with("d1").map(|r| r.document), Some(document(10)));
    assert_eq!(candidate.resume_with("d3"), None);
    assert_eq!(candidate.resume_with("d2").map(|r| r.document), Some(document(20)));
    let first = candidate.resume(document(10)).map(|r| r.reading.clone());
    assert_eq!(first, Some(Reading::Extracted(document(11))));
}
