//! Which events somebody should hear of, and what they are told.

use domain::application::{Application, ApplicationEvent};
use domain::candidate::{Candidate, CandidateEvent, DuplicateSignal};
use domain::ids::StreamKind;
use event_log::{LogError, Recorded};

/// What somebody is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Whom it is for.
    pub recipient: &'static str,
    /// What it says; ids, codes and numbers only.
    pub text: String,
}

/// Whoever runs the hiring, until people choose their own notices.
const RECRUITERS: &str = "recruiters";

/// Whether any rule is about events of this type.
pub(crate) fn concerns(kind: &str) -> bool {
    matches!(
        kind,
        "candidate.resume_extraction_failed.v1"
            | "candidate.manipulation_suspected.v1"
            | "candidate.duplicate_suspected.v1"
            | "application.score_failed.v1"
    )
}

/// The notice that an event leads to.
///
/// # Errors
/// `EVENT_UNDECODABLE`.
pub fn notice_of(event: &Recorded) -> Result<Option<Notice>, LogError> {
    let id = event.stream.id;
    let text = match event.stream.kind {
        StreamKind::Candidate => match event.decode::<Candidate>()? {
            CandidateEvent::ResumeExtractionFailed { reason, .. } => {
                format!("the resume of candidate {id} gave no text: {reason}")
            }
            CandidateEvent::ManipulationSuspected { flag, .. } => format!(
                "the resume of candidate {id} hides {} characters on page {} ({})",
                flag.chars, flag.page, flag.kind
            ),
            CandidateEvent::DuplicateSuspected { other, signals } => {
                let signals: Vec<&str> = signals.iter().map(|s| named(*s)).collect();
                format!("candidates {id} and {other} may be one person: {}", signals.join(", "))
            }
            _ => return Ok(None),
        },
        StreamKind::Application => match event.decode::<Application>()? {
            ApplicationEvent::ScoreFailed { run, reason, .. } => {
                format!("score run {run} of application {id} failed: {reason}")
            }
            _ => return Ok(None),
        },
        StreamKind::Job | StreamKind::Rubric | StreamKind::ModelRelease => return Ok(None),
    };
    Ok(Some(Notice { recipient: RECRUITERS, text }))
}

fn named(signal: DuplicateSignal) -> &'static str {
    match signal {
        DuplicateSignal::SameEmail => "same_email",
        DuplicateSignal::SameFile => "same_file",
    }
}
