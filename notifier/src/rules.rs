//! Which events somebody should hear of, and what they are told.

use chrono::SecondsFormat;
use domain::application::{Application, ApplicationEvent};
use domain::candidate::{Candidate, CandidateEvent, DuplicateSignal};
use domain::ids::StreamKind;
use event_log::{LogError, Recorded};
use serde::Serialize;

/// What somebody is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Notice {
    /// The event's position in the log.
    pub position: u64,
    /// When the event happened (RFC 3339).
    pub at: String,
    /// Whom it is for: `recruiters`, or `applicant:ID` of an application.
    pub recipient: String,
    /// The rule that led to it.
    pub rule: &'static str,
    /// What it says; ids, codes and numbers only.
    pub text: String,
}

/// Whoever runs the hiring, until people choose their own notices.
const RECRUITERS: &str = "recruiters";

/// A total from which recruiters are told at once.
const OUTSTANDING: f64 = 80.0;

/// Types of events that any rule is about.
const CONCERNS: &[&str] = &[
    "candidate.resume_extraction_failed.v1",
    "candidate.manipulation_suspected.v1",
    "candidate.duplicate_suspected.v1",
    "application.submitted.v1",
    "application.score_recorded.v1",
    "application.score_failed.v1",
    "application.stage_changed.v1",
    "application.rejected.v1",
    "application.rejection_reversed.v1",
    "application.withdrawn.v1",
];

/// Whether any rule is about events of this type.
pub(crate) fn concerns(kind: &str) -> bool {
    CONCERNS.contains(&kind)
}

/// The notices that an event leads to, each for one recipient.
///
/// # Errors
/// `EVENT_UNDECODABLE`.
pub fn notices_of(event: &Recorded) -> Result<Vec<Notice>, LogError> {
    let told = match event.stream.kind {
        StreamKind::Candidate => of_candidate(event)?,
        StreamKind::Application => of_application(event)?,
        StreamKind::Job | StreamKind::Rubric | StreamKind::ModelRelease => vec![],
    };
    let at = event.occurred_at.to_rfc3339_opts(SecondsFormat::Millis, true);
    let notice = |(recipient, rule, text): Told| Notice {
        position: event.position,
        at: at.clone(),
        recipient,
        rule,
        text,
    };
    Ok(told.into_iter().map(notice).collect())
}

/// Recipient, rule and text.
type Told = (String, &'static str, String);

fn recruiters(rule: &'static str, text: String) -> Told {
    (RECRUITERS.to_owned(), rule, text)
}

fn of_candidate(event: &Recorded) -> Result<Vec<Told>, LogError> {
    let id = event.stream.id;
    Ok(match event.decode::<Candidate>()? {
        CandidateEvent::ResumeExtractionFailed { reason, .. } => vec![recruiters(
            "resume_unreadable",
            format!("the resume of candidate {id} gave no text: {reason}"),
        )],
        CandidateEvent::ManipulationSuspected { flag, .. } => vec![recruiters(
            "hidden_text",
            format!(
                "the resume of candidate {id} hides {} characters on page {} ({})",
                flag.chars, flag.page, flag.kind
            ),
        )],
        CandidateEvent::DuplicateSuspected { other, signals } => {
            let signals: Vec<&str> = signals.iter().map(|s| named(*s)).collect();
            let signals = signals.join(", ");
            let text = format!("candidates {id} and {other} may be one person: {signals}");
            vec![recruiters("possible_duplicate", text)]
        }
        _ => vec![],
    })
}

fn of_application(event: &Recorded) -> Result<Vec<Told>, LogError> {
    use ApplicationEvent as E;
    let id = event.stream.id;
    let applicant =
        |rule, text: &str| (format!("applicant:{id}"), rule, format!("application {id}: {text}"));
    Ok(match event.decode::<Application>()? {
        E::ApplicationSubmitted { job, .. } => vec![
            recruiters("new_application", format!("application {id} to job {job}")),
            applicant("received", "we have received it"),
        ],
        // What nobody is shown is nobody's news.
        E::ScoreRecorded { shadow: true, .. } | E::ScoreFailed { shadow: true, .. } => vec![],
        E::ScoreRecorded { total, .. } if total.value() >= OUTSTANDING => {
            let text = format!("application {id} scored {total}");
            vec![recruiters("outstanding_score", text)]
        }
        E::ScoreFailed { run, reason, .. } => {
            let text = format!("score run {run} of application {id} failed: {reason}");
            vec![recruiters("score_failed", text)]
        }
        E::StageChanged { to, .. } => {
            let text = format!("it moved on to {}", to.kind.as_str());
            vec![applicant("moved", &text)]
        }
        E::ApplicationRejected { .. } => vec![applicant("rejected", "it was rejected")],
        E::RejectionReversed { .. } => {
            vec![applicant("rejection_reversed", "the rejection was taken back")]
        }
        E::ApplicationWithdrawn { .. } => {
            vec![recruiters("withdrawn", format!("application {id} was withdrawn"))]
        }
        _ => vec![],
    })
}

fn named(signal: DuplicateSignal) -> &'static str {
    match signal {
        DuplicateSignal::SameEmail => "same_email",
        DuplicateSignal::SameFile => "same_file",
    }
}
